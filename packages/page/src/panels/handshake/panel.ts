import { endpoints, subprotocol } from "@rosetta/protocol";
import { css, html, nothing, type TemplateResult } from "lit";
import { ask } from "../../shared/http.ts";
import { type ServerEntry, socketUrl } from "../../shared/servers.ts";
import { theme } from "../../shared/theme.css.ts";
import { Probe } from "../../wire/probe.ts";
import { type Fact, region, ServerPanel } from "../base.ts";
import { acceptOf, answerLines, type Line, randomKey, requestLines } from "./model.ts";

/** Something to ask of the server: by WebSocket with these subprotocols, or by plain HTTP. */
interface Attempt {
  name: string;
  path: string;
  protocols?: string[];
}

const attempts: Attempt[] = [
  {
    name: `WebSocket at /ws, offering ${subprotocol}`,
    path: endpoints.application,
    protocols: [subprotocol],
  },
  {
    name: "WebSocket at /ws, offering another language",
    path: endpoints.application,
    protocols: ["other.v9"],
  },
  { name: "WebSocket at /ws, offering nothing", path: endpoints.application, protocols: [] },
  { name: "WebSocket at /echo", path: endpoints.echo, protocols: [] },
  { name: "WebSocket at /nowhere", path: "/nowhere", protocols: [] },
  { name: "Plain GET of /ws", path: endpoints.application },
  { name: "Plain GET of /greet", path: "/greet" },
  { name: "Plain GET of /nowhere", path: "/nowhere" },
];

/** The opening handshake: as it is written, and as it turns out. */
export class HandshakePanel extends ServerPanel {
  static override properties = {
    key: { state: true },
    accept: { state: true },
    outcomes: { state: true },
    running: { state: true },
  };
  declare key: string;
  /** Nothing where the browser computes no digests: outside of secure contexts. */
  declare accept: string;
  /** By the attempt's name. */
  declare outcomes: Map<string, string>;
  declare running: boolean;
  #probes = new Set<Probe>();

  readonly #act = this.declares({
    newKey: () => this.#newKey(),
    runAll: () => this.#runAll(),
  });

  protected override attach(): void {
    this.outcomes = new Map();
    this.running = false;
    this.#newKey();
    this.until(() => {
      for (const probe of this.#probes) probe.leave();
      this.#probes.clear();
    });
  }

  #newKey(): void {
    this.key = randomKey();
    this.accept = "";
    void acceptOf(this.key).then(
      (accept) => {
        this.accept = accept;
      },
      () => {
        this.accept = "(browsers compute it on secure pages only)";
      },
    );
  }

  async #runAll(): Promise<void> {
    if (this.running) return;
    this.running = true;
    const { server } = this;
    for (const attempt of attempts) {
      this.#note(attempt, "asking …");
      const outcome = attempt.protocols ? await this.#open(attempt) : await askPlainly(server, attempt.path);
      // Another server was chosen meanwhile.
      if (server !== this.server) return;
      this.#note(attempt, outcome);
    }
    this.running = false;
  }

  #note({ name }: Attempt, outcome: string): void {
    this.outcomes = new Map(this.outcomes).set(name, outcome);
  }

  #open({ path, protocols = [] }: Attempt): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const probe = new Probe(socketUrl(this.server, path), protocols, {
      frame: this.recorder(path),
      open: (protocol) => {
        resolve(`open, ${protocol === "" ? "no subprotocol" : `subprotocol ${protocol}`}`);
        probe.close(1000);
      },
      end: ({ code }) => {
        this.#probes.delete(probe);
        resolve(`failed: ${code}, and the page learns nothing else`);
      },
    });
    this.#probes.add(probe);
    return promise;
  }

  protected override facts(): Fact[] {
    return [...this.outcomes].map(([name, value]) => ({ name, value }));
  }

  protected override render(): TemplateResult {
    const url = socketUrl(this.server);
    return region("Handshake", intro, [
      this.#block(
        "The browser’s request",
        requestLines(url, location.origin, this.key, subprotocol),
        html`<button class="small" @click=${() => this.#act("newKey")}>Another key</button>`,
      ),
      this.#block("The server’s response", answerLines(this.accept, subprotocol)),
      html`<p class="hint">A page cannot read the key that the browser really used, so this one is an example.</p>`,
      this.#attempts(),
    ]);
  }

  #block(title: string, lines: Line[], button: unknown = nothing): TemplateResult {
    return html`
      <div>
        <div class="apart"><h3>${title}</h3>${button}</div>
        <dl class="lines-of-http">
          ${lines.map(
            ([line, meaning]) => html`
              <div>
                <dt class="mono break">${line}</dt>
                <dd class="muted">${meaning}</dd>
              </div>
            `,
          )}
        </dl>
      </div>
    `;
  }

  #attempts(): TemplateResult {
    return html`
      <div role="group" aria-labelledby="attempts">
        <div class="apart">
          <h3 id="attempts">Attempts</h3>
          <button class="main" aria-disabled=${this.running} @click=${() => this.#act("runAll")}>Run all</button>
        </div>
        <dl class="attempts">
          ${attempts.map(
            ({ name }) => html`
              <div>
                <dt>${name}</dt>
                <dd class="break">${this.outcomes.get(name) ?? nothing}</dd>
              </div>
            `,
          )}
        </dl>
      </div>
    `;
  }

  static override styles = [
    theme,
    css`
      :host {
        container-type: inline-size;
      }

      .lines-of-http {
        display: grid;
        margin-block-start: 0.375rem;
        padding: 0.5rem 0.75rem;
        border: 1px solid var(--line);
        border-radius: var(--round);
        background: var(--paper);
        font-size: var(--text-1);
        line-height: 1.45;
      }

      .lines-of-http :is(dt, dd) {
        display: inline;
      }

      .lines-of-http dd {
        padding-inline-start: 1ch;
        font-style: italic;
      }

      @container (inline-size > 34rem) {
        .lines-of-http {
          gap: 0.125rem;
          font-size: 0.8125rem;
        }

        .lines-of-http div {
          display: grid;
          grid-template-columns: minmax(0, 3fr) minmax(0, 2fr);
          gap: 1rem;
        }

        .lines-of-http dd {
          padding: 0;
        }
      }

      .attempts {
        margin-block-start: 0.5rem;
        font-size: 0.9375rem;
      }

      .attempts > div {
        padding-block: 0.3125rem;
        border-block-start: 1px solid var(--line);
      }

      .attempts dt {
        color: var(--muted);
      }

      /* Room for the outcome: nothing moves when it comes. */
      .attempts dd {
        min-block-size: 1.5em;
        font-family: var(--mono);
        font-size: 0.8125rem;
      }
    `,
  ];
}

const intro = html`The request and response that open a WebSocket, and eight attempts to try for real.`;

async function askPlainly(server: ServerEntry, path: string): Promise<string> {
  const answer = await ask(server.url + path).catch(() => undefined);
  return answer ? `${answer.status} ${answer.text.trim().slice(0, 80)}` : "no answer";
}

customElements.define("rosetta-handshake", HandshakePanel);
