import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { askHealth, type Health, type ServerEntry, scriptOf } from "../shared/servers.ts";
import { theme } from "../shared/theme.css.ts";

/** Event of the switch: another server was chosen, or all of them at once. */
export type ServersChosen = CustomEvent<ServerEntry | "every">;

/** The servers of this run, one of them chosen; each in the script and the colour that are its own. */
export class ServerSwitch extends LitElement {
  static override properties = {
    servers: { attribute: false },
    chosen: { attribute: false },
    every: { type: Boolean },
    connected: { attribute: false },
    health: { state: true },
  };
  declare servers: ServerEntry[];
  declare chosen: ServerEntry | undefined;
  declare every: boolean;
  /** Ids of the servers to which the page has an open connection: they are known to run. */
  declare connected: ReadonlySet<string>;
  declare health: Map<string, Health>;

  constructor() {
    super();
    this.servers = [];
    this.every = false;
    this.connected = new Set();
    this.health = new Map();
  }

  #choose(server: ServerEntry | "every"): void {
    this.dispatchEvent(new CustomEvent("servers-chosen", { detail: server }));
    if (server === "every") return this.#askAll();
    // The page came from its own server; the others may or may not run.
    if (!server.self) void this.#ask(server);
  }

  #askAll(): void {
    for (const server of this.servers) void this.#ask(server);
  }

  async #ask(server: ServerEntry): Promise<void> {
    this.#note(server, "asking");
    this.#note(server, await askHealth(server));
  }

  #note(server: ServerEntry, health: Health): void {
    this.health = new Map(this.health).set(server.id, health);
  }

  protected override render(): TemplateResult {
    return html`
      <fieldset>
        <legend class="hidden">Server</legend>
        <div class="servers">
          ${this.servers.map((server, index) => this.#server(server, index))}
          ${this.servers.length > 1 ? this.#all() : nothing}
        </div>
      </fieldset>
      <button class="small" type="button" @click=${this.#askAll}>Which are running?</button>
      <p class="hint" role="status" aria-label="Server advice">${this.#advice()}</p>
    `;
  }

  #server(server: ServerEntry, index: number): TemplateResult {
    const id = `server-${index}`;
    return html`
      <div class="server" data-script=${scriptOf(index)}>
        <input
          type="radio"
          name="server"
          id=${id}
          aria-describedby="${id}-health"
          .checked=${server.id === this.chosen?.id}
          @change=${() => this.#choose(server)}
        />
        <label for=${id}>${breakable(server.title)}</label>
        <span class="health" id="${id}-health">${this.#healthOf(server)}</span>
      </div>
    `;
  }

  #all(): TemplateResult {
    return html`
      <div class="server">
        <input
          type="radio"
          name="server"
          id="every"
          aria-describedby="every-hint"
          .checked=${this.every}
          @change=${() => this.#choose("every")}
        />
        <label for="every">All at once</label>
        <span class="health" id="every-hint">side by side</span>
      </div>
    `;
  }

  #healthOf(server: ServerEntry): string {
    const health = this.#known(server);
    if (health !== "unknown") return health === "asking" ? "asking …" : health;
    return server.self ? "sent this page" : `port ${new URL(server.url).port}`;
  }

  // A server that did not answer may have started since: an open connection proves that it runs.
  #known({ id }: ServerEntry): Health {
    const health = this.health.get(id) ?? "unknown";
    return health === "not running" && this.connected.has(id) ? "running" : health;
  }

  #advice(): TemplateResult | typeof nothing {
    const used = this.every ? this.servers : this.servers.filter(({ id }) => id === this.chosen?.id);
    const missing = used.find((server) => this.#known(server) === "not running");
    if (!missing) return nothing;
    return html`${missing.title} does not answer. Start it with
      <code class="command">pnpm dev --filter ${missing.id}</code>; the page connects as soon as it runs.`;
  }

  static override styles = [
    theme,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr) max-content;
        gap: 0.5rem 1.25rem;
        align-items: center;
      }

      .hint {
        grid-column: 1 / -1;
      }

      .servers {
        display: flex;
        flex-wrap: wrap;
        border-block-end: 1px solid var(--line);
      }

      /* As wide as its name needs: a long one stays on one line as long as there is room. */
      .servers > * {
        flex: 1 1 auto;
        max-inline-size: 100%;
      }

      @media (width < 46rem) or (60rem <= width < 82rem) {
        :host {
          grid-template-columns: minmax(0, 1fr);
          justify-items: start;
        }

        fieldset {
          inline-size: 100%;
        }
      }

      .server {
        position: relative;
        display: grid;
        align-content: start;
        padding: 0.375rem 0.5rem 0.5rem 0.75rem;
        box-shadow: inset 1px 1px var(--line);
      }

      .server:not([data-script]) {
        --accent: var(--ink);
        --display: var(--sans);
      }

      .server label {
        font: 600 0.9375rem / 1.4 var(--display);
        letter-spacing: -0.01em;
        overflow-wrap: anywhere;
      }

      [data-script="3"] label {
        font-size: 0.875rem;
        line-height: 1.5;
      }

      /* The whole cell is the target. */
      .server input {
        position: absolute;
        inset: 0;
        inline-size: 100%;
        block-size: 100%;
        opacity: 0;
        cursor: pointer;
      }

      .server:hover label {
        color: var(--accent);
      }

      .server:has(:checked) {
        box-shadow: inset 1px 1px var(--line), inset 0 -4px var(--accent);
      }

      .server:has(:checked) label {
        color: var(--accent);
      }

      .server:has(:focus-visible) {
        outline: 3px solid var(--accent);
        outline-offset: 2px;
      }

      .health {
        color: var(--muted);
        font-size: 0.8125rem;
      }

      .command {
        white-space: nowrap;
      }
    `,
  ];
}

// A scoped package may break after its scope, rather than anywhere.
function breakable(title: string): unknown[] {
  return title.split("/").flatMap((part, index) => (index === 0 ? [part] : ["/", html`<wbr />`, part]));
}

customElements.define("rosetta-server-switch", ServerSwitch);
