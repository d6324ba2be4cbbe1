import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { askHealth, type Health, type ServerEntry, scriptIn } from "../shared/servers.ts";
import { theme } from "../shared/theme.css.ts";
import { nameOf } from "./server-name.ts";

/** Event of the switch: another server was chosen, or all of them at once. */
export type ServersChosen = CustomEvent<ServerEntry | "every">;

/** The servers of this run, one of them chosen. Each has the colour that is its own everywhere on the page. */
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
    const chosen = this.servers.find(({ id }) => id === this.chosen?.id) ?? this.servers[0];
    return html`
      <button class="open" popovertarget="servers" data-script=${this.every ? 0 : scriptIn(this.servers, chosen)}>
        <i class="dot ${this.every ? "all" : ""}" aria-hidden="true"></i>
        <span class="hidden">Server: </span><span class="short">${this.every ? "All" : shortName(this.chosen?.title)}</span>
      </button>
      <div id="servers" popover>
        <fieldset>
          <legend class="hidden">Server</legend>
          <div class="servers">
            ${this.servers.map((server, place) => this.#server(server, place))}
            ${this.servers.length > 1 ? this.#all() : nothing}
          </div>
        </fieldset>
        <button class="small ask" type="button" title="Which are running?" @click=${this.#askAll}>
          <span aria-hidden="true">?</span><span class="words">Which are running?</span>
        </button>
      </div>
      <p class="advice" role="status" aria-label="Server advice">${this.#advice()}</p>
    `;
  }

  #server(server: ServerEntry, index: number): TemplateResult {
    const id = `server-${index}`;
    const state = this.#stateOf(server);
    return html`
      <div class="server" data-script=${scriptIn(this.servers, server)} data-state=${state} title="${server.title}: ${this.#healthOf(server)}">
        <input
          type="radio"
          name="server"
          id=${id}
          aria-describedby="${id}-health"
          .checked=${server.id === this.chosen?.id}
          @change=${() => this.#choose(server)}
        />
        <i class="dot" aria-hidden="true"></i>
        <label for=${id}>${nameOf(server.title)}</label>
        <span class="health" id="${id}-health">${this.#healthOf(server)}</span>
      </div>
    `;
  }

  #all(): TemplateResult {
    return html`
      <div class="server" data-script="0">
        <input
          type="radio"
          name="server"
          id="every"
          aria-describedby="every-hint"
          .checked=${this.every}
          @change=${() => this.#choose("every")}
        />
        <i class="dot all" aria-hidden="true"></i>
        <label for="every">All at once</label>
        <span class="health" id="every-hint">side by side</span>
      </div>
    `;
  }

  /** Returns how a server's dot is drawn: filled while a connection to it is open, crossed out if it does not run. */
  #stateOf(server: ServerEntry): "connected" | "absent" | "unknown" {
    if (this.connected.has(server.id)) return "connected";
    return this.#known(server) === "not running" ? "absent" : "unknown";
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
        display: flex;
        align-items: center;
        min-inline-size: 0;
      }

      .open {
        display: none;
        gap: 0.5rem;
        align-items: center;
        max-inline-size: 9rem;
        padding-inline: 0.75rem;
        font-size: var(--text-2);
      }

      .short {
        overflow: hidden;
        text-overflow: ellipsis;
      }

      #servers {
        position: static;
        display: flex;
        gap: 0.25rem;
        align-items: center;
        min-inline-size: 0;
        margin: 0;
        padding: 0;
        border: 0;
        background: none;
        color: inherit;
        overflow: visible;
      }

      .servers {
        display: flex;
        gap: 0.125rem;
      }

      .server {
        position: relative;
        display: grid;
        grid-template-columns: 0.625rem minmax(0, 1fr);
        gap: 0.5rem;
        align-items: center;
        min-block-size: 2.75rem;
        padding-inline: 0.625rem;
        border: 1px solid transparent;
        border-radius: var(--round);
      }

      .server label {
        overflow: hidden;
        font-size: var(--text-2);
        font-weight: 500;
        line-height: 1.25;
        text-overflow: ellipsis;
        white-space: nowrap;
      }

      label .partner {
        display: block;
        max-inline-size: 8.5rem;
        overflow: hidden;
        color: var(--muted);
        font-size: var(--text-1);
        font-weight: 400;
        text-overflow: ellipsis;
      }

      .dot {
        inline-size: 0.625rem;
        block-size: 0.625rem;
        border: 2px solid var(--accent);
        border-radius: 50%;
        forced-color-adjust: none;
      }

      [data-state="connected"] .dot,
      .open .dot {
        background: var(--accent);
      }

      [data-state="absent"] .dot {
        border-style: dotted;
        border-color: var(--bad);
      }

      .dot.dot.all {
        border: 0;
        background: conic-gradient(var(--lapis) 25%, var(--ochre) 0 50%, var(--malachite) 0 75%, var(--porphyry) 0);
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

      .server:hover {
        border-color: var(--line);
      }

      .server:has(:checked) {
        border-color: var(--accent);
        background: var(--field);
      }

      .server:has(:checked) label {
        color: var(--accent);
        font-weight: 650;
      }

      .server:has(:focus-visible) {
        outline: 3px solid var(--accent);
        outline-offset: 2px;
      }

      .health {
        position: absolute;
        inline-size: 1px;
        block-size: 1px;
        overflow: hidden;
        clip-path: inset(50%);
        white-space: nowrap;
      }

      .ask {
        min-block-size: 2rem;
        padding-inline: 0.625rem;
        border-color: transparent;
        color: var(--muted);
      }

      .words {
        position: absolute;
        inline-size: 1px;
        block-size: 1px;
        overflow: hidden;
        clip-path: inset(50%);
        white-space: nowrap;
      }

      .advice {
        position: absolute;
        inset: 100% 0 auto;
        padding: 0.5rem 1.25rem;
        border-block-end: 1px solid var(--line);
        background: var(--field);
        color: var(--warn);
        font-size: var(--text-2);
      }

      .advice:empty {
        padding: 0;
        border: 0;
      }

      .command {
        white-space: nowrap;
      }

      @media (60rem <= width < 68rem) {
        .server {
          gap: 0.375rem;
          padding-inline: 0.375rem;
        }

        label .partner {
          max-inline-size: 4.5rem;
        }
      }

      @media (width < 60rem) {
        :host {
          flex: none;
        }

        .open {
          display: flex;
        }

        #servers:not(:popover-open) {
          display: none;
        }

        #servers {
          position: fixed;
          inset: calc(var(--head) + 0.25rem) 0.75rem auto auto;
          display: grid;
          justify-items: start;
          padding: 0.75rem;
          border: 1px solid var(--line);
          border-radius: calc(2 * var(--round));
          background: var(--raised);
          box-shadow: 0 1rem 3rem var(--shadow);
        }

        .servers {
          display: grid;
        }

        .server {
          padding-inline-end: 1.5rem;
        }

        .words {
          position: static;
          inline-size: auto;
          block-size: auto;
          clip-path: none;
        }

        .ask span:first-child {
          display: none;
        }
      }
    `,
  ];
}

function shortName(title = ""): string {
  return title.split(" + ")[0] ?? "";
}

customElements.define("rosetta-server-switch", ServerSwitch);
