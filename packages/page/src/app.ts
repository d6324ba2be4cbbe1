import type { SocketState } from "@rosetta/client";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { Connections, type Pair } from "./connections.ts";
import "./panels/chat.ts";
import "./panels/connection.ts";
import "./panels/echo.ts";
import "./panels/feed.ts";
import "./panels/job.ts";
import "./panels/server-log.ts";
import "./panels/wire-log.ts";
import "./server-switch.ts";
import type { ServerChosen } from "./server-switch.ts";
import { readServers, type ServerEntry, socketUrl } from "./servers.ts";
import { theme } from "./theme.css.ts";

/** The page: a head with the choice of server, the panels, and the wire log beside them. */
export class App extends LitElement {
  static override properties = {
    servers: { state: true },
    pair: { state: true },
    messageBytes: { state: true },
    script: { type: Number, reflect: true },
  };
  declare servers: ServerEntry[];
  /** Nothing until the servers are known. */
  declare pair: Pair | undefined;
  declare messageBytes: number | undefined;
  /** Which of the three typefaces and colours is in use: the place of the chosen server, 1 to 3. */
  declare script: number;
  #connections = new Connections();

  constructor() {
    super();
    this.servers = [];
    this.script = 1;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#connections.close();
  }

  async #begin(): Promise<void> {
    this.servers = await readServers(location.origin);
    const self = this.servers.find((server) => server.self);
    if (self) this.#choose(self);
  }

  #choose(server: ServerEntry): void {
    const pair = this.#connections.choose(server);
    pair.client.on("state", (state) => this.#learn(pair, state));
    this.pair = pair;
    this.messageBytes = undefined;
    this.script = (this.servers.indexOf(server) % 3) + 1;
    document.title = `WebSocket Rosetta: ${server.title}`;
  }

  #learn(pair: Pair, state: SocketState): void {
    if (state.name === "open") this.messageBytes = pair.client.welcome?.limits.messageBytes;
  }

  /** The page's own address must stay a lesson's name, so the skip links move the focus themselves. */
  #skipTo(event: Event, id: string): void {
    event.preventDefault();
    this.renderRoot.querySelector<HTMLElement>(`#${id}`)?.focus();
  }

  protected override render(): TemplateResult {
    return html`
      <header>
        <nav aria-label="Skip">
          <a class="skip" href="#panels" @click=${(event: Event) => this.#skipTo(event, "panels")}>Skip to the panels</a>
          <a class="skip" href="#wire" @click=${(event: Event) => this.#skipTo(event, "wire")}>Skip to the wire log</a>
        </nav>
        <div class="name">
          <h1>WebSocket Rosetta</h1>
          <p>One application, written for several servers. Change the server: the text stays, the script changes.</p>
        </div>
        <rosetta-server-switch
          .servers=${this.servers}
          .chosen=${this.pair?.server}
          @server-chosen=${(event: ServerChosen) => this.#choose(event.detail)}
        ></rosetta-server-switch>
      </header>
      <main id="panels" tabindex="-1">${this.pair ? this.#panels(this.pair) : nothing}</main>
      <aside id="wire" tabindex="-1" aria-label="Wire">
        <rosetta-wire-log .wire=${this.#connections.wire}></rosetta-wire-log>
      </aside>
    `;
  }

  #panels({ client, echo, server }: Pair): TemplateResult {
    return html`
      <div class="column">
        <rosetta-connection .client=${client} address=${socketUrl(server, "application")}></rosetta-connection>
        <rosetta-echo .echo=${echo} .messageBytes=${this.messageBytes}></rosetta-echo>
        <rosetta-chat .client=${client}></rosetta-chat>
      </div>
      <div class="column">
        <rosetta-feed .client=${client}></rosetta-feed>
        <rosetta-job .client=${client}></rosetta-job>
        <rosetta-server-log .client=${client}></rosetta-server-log>
      </div>
    `;
  }

  static override styles = [
    theme,
    css`
      :host {
        --accent: var(--lapis);
        --stone-accent: #8cb4f5;
        --display: var(--serif);
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        min-block-size: 100dvh;
      }

      :host([script="2"]) {
        --accent: var(--ochre);
        --stone-accent: #eaa877;
        --display: var(--sans);
      }

      :host([script="3"]) {
        --accent: var(--malachite);
        --stone-accent: #74cfa6;
        --display: var(--mono);
      }

      header,
      main {
        padding-inline: 1.25rem;
      }

      header {
        position: relative;
        display: grid;
        gap: 1.5rem 3rem;
        padding-block: 1.75rem 1.5rem;
      }

      h1 {
        margin: 0;
        font: 600 1.875rem / 1.2 var(--display);
        letter-spacing: -0.015em;
      }

      .name p {
        margin-block-start: 0.375rem;
        color: var(--muted);
        max-inline-size: 44ch;
      }

      nav {
        position: absolute;
      }

      .skip {
        position: absolute;
        inset-block-start: -1.25rem;
        z-index: 1;
        white-space: nowrap;
        padding: 0.5rem 0.875rem;
        border-radius: 3px;
        background: var(--accent);
        color: var(--on-accent);
      }

      .skip:not(:focus) {
        clip-path: inset(50%);
      }

      main {
        display: grid;
        gap: 3rem;
        padding-block: 1.5rem 3.5rem;
      }

      main:focus,
      aside:focus {
        outline: none;
      }

      .column {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 3rem;
        align-content: start;
      }

      aside {
        container: wire / inline-size;
        background: var(--stone);
      }

      rosetta-wire-log {
        block-size: 50rem;
        padding: 1.75rem 1.25rem;
      }

      @media (46rem <= width < 60rem), (width >= 82rem) {
        main {
          grid-template-columns: repeat(2, minmax(0, 1fr));
          gap: 3.5rem;
        }
      }

      @media (width >= 60rem) {
        :host {
          grid-template: "head wire" auto "panels wire" 1fr / minmax(0, 1fr) minmax(24rem, 40%);
        }

        header {
          grid-area: head;
        }

        main {
          grid-area: panels;
        }

        header,
        main {
          padding-inline: 2.5rem;
        }

        aside {
          grid-area: wire;
        }

        rosetta-wire-log {
          position: sticky;
          inset-block-start: 0;
          block-size: 100dvh;
          min-block-size: 38rem;
          padding: 1.75rem 2rem 1.25rem;
        }
      }

      @media (width >= 82rem) {
        :host {
          grid-template-columns: minmax(0, 1fr) minmax(33rem, 37%);
        }

        header {
          grid-template-columns: repeat(2, minmax(0, 1fr));
          gap: 3.5rem;
        }
      }
    `,
  ];
}

customElements.define("rosetta-app", App);
