import type { Refusal } from "@rosetta/protocol";
import { css, html, nothing, type TemplateResult } from "lit";
import { copyText } from "../../shared/clipboard.ts";
import { askServer, type ServerAnswer } from "../../shared/desk-orders.ts";
import { failuresUrl } from "../../shared/dev-run.ts";
import type { ServerEntry } from "../../shared/servers.ts";
import { theme } from "../../shared/theme.css.ts";
import { type Fact, fieldValue, Panel, region } from "../base.ts";
import { askDoor, curlOf, type DoorCase, doorCases, headersOf, type Knock } from "./model.ts";

/** A request that a person makes up, and what the server's door answers. */
export class DoorPanel extends Panel {
  static override properties = {
    server: { attribute: false },
    servers: { attribute: false },
    chosen: { state: true },
    knock: { state: true },
    copied: { state: true },
    real: { state: true },
  };
  declare server: ServerEntry;
  /** All servers of this run: the pages of all of them may connect. */
  declare servers: ServerEntry[];
  declare chosen: number;
  declare knock: Knock;
  declare copied: string;
  /** What the server itself said: nothing until it is asked, and `"none"` if it did not answer. */
  declare real: ServerAnswer | "none" | undefined;
  #cases: DoorCase[] = [];

  readonly #act = this.declares({
    choose: (index: number) => this.#choose(index),
    edit: (change: Partial<Knock>) => this.#knock({ ...this.knock, ...change }),
    // In a terminal it is the reader who asks.
    ask: (where: "here" | "terminal") => (where === "here" ? this.#ask() : undefined),
  });

  protected override attach(): void {
    this.#cases = doorCases(this.server);
    this.#choose(0);
  }

  #choose(index: number): void {
    const found = this.#cases[index];
    if (!found) return;
    this.chosen = index;
    this.#knock(found.knock);
  }

  #knock(knock: Knock): void {
    this.knock = knock;
    this.copied = "";
    this.real = undefined;
  }

  async #ask(): Promise<void> {
    const { knock } = this;
    const answer = await askServer(this.server.id, knock.path, headersOf(knock)).catch(() => "none" as const);
    // Another request was made up meanwhile.
    if (knock === this.knock) this.real = answer;
  }

  #edit(event: Event): void {
    const { name, value, checked } = event.target as HTMLInputElement;
    this.#act("edit", { [name]: name === "webSocket" ? checked : value });
  }

  async #copy(): Promise<void> {
    this.#act("ask", "terminal");
    const isCopied = await copyText(curlOf(this.knock, this.server));
    this.copied = isCopied ? "Copied." : "The browser does not let this page copy. Select the text instead.";
  }

  protected override facts(): Fact[] {
    const refusal = this.#refusal();
    const answer = { name: "Answer", value: refusal ? `${refusal.status} ${refusal.reason}` : "let in" };
    return this.real ? [answer, { name: "The real server", value: realText(this.real) }] : [answer];
  }

  #refusal(): Refusal | undefined {
    return askDoor(this.knock, this.server, this.servers);
  }

  protected override render(): TemplateResult {
    return region("Origin check", intro, [
      this.#choice(),
      this.#answer(),
      failuresUrl() === undefined ? nothing : this.#question(),
      this.#headers(),
      this.#command(),
    ]);
  }

  #choice(): TemplateResult {
    return html`
      <p class="field">
        <label for="case">Who asks</label>
        <select id="case" @change=${(event: Event) => this.#act("choose", Number(fieldValue(event)))}>
          ${this.#cases.map(({ name }, index) => html`<option value=${index} .selected=${index === this.chosen}>${name}</option>`)}
        </select>
      </p>
    `;
  }

  #headers(): TemplateResult {
    return html`
      <div class="headers" @input=${this.#edit} @change=${this.#edit}>
        ${this.#text("host", "Host", this.knock.host)} ${this.#text("origin", "Origin", this.knock.origin)}
        ${this.#text("site", "Sec-Fetch-Site", this.knock.site)} ${this.#text("path", "Path", this.knock.path)}
        ${this.#text("protocol", "Subprotocols offered", this.knock.protocol)}
        <label class="choice">
          <input type="checkbox" id="webSocket" name="webSocket" .checked=${this.knock.webSocket} />Asks for a WebSocket
        </label>
      </div>
    `;
  }

  #text(name: string, label: string, value: string): TemplateResult {
    return html`
      <p class="field">
        <label for=${name}>${label}</label>
        <input id=${name} name=${name} .value=${value} placeholder="not sent" autocomplete="off" spellcheck="false" />
      </p>
    `;
  }

  #answer(): TemplateResult {
    const refusal = this.#refusal();
    return html`
      <div class="answer">
        <p role="status" aria-label="The server’s answer" class=${refusal ? "bad" : "good"}>
          ${refusal ? html`<b>${refusal.status}</b> ${refusal.reason}` : html`<b>Let in.</b> ${next(this.knock)}`}
        </p>
        ${refusal ? html`<p class="hint">${why(refusal.status)} ${headersText(refusal)}</p>` : nothing}
      </div>
    `;
  }

  // No page may choose these headers, but `pnpm dev` sends them for it.
  #question(): TemplateResult {
    return html`
      <div class="question">
        <button class="main" @click=${() => this.#act("ask", "here")}>Ask the real server</button>
        <p role="status" aria-label="The real server" class=${this.real === "none" ? "bad" : "hint"}>
          ${this.real ? realText(this.real) : "Sends exactly this request."}
        </p>
      </div>
    `;
  }

  #command(): TemplateResult {
    return html`
      <div>
        <div class="apart">
          <h3 id="command">The same in a terminal</h3>
          <button class="small" @click=${this.#copy}>Copy</button>
        </div>
        <pre role="group" aria-labelledby="command">${curlOf(this.knock, this.server)}</pre>
        <p class="hint" role="status" aria-label="Copied">${this.copied}</p>
      </div>
    `;
  }

  static override styles = [
    theme,
    css`
      .headers {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr));
        gap: 0.75rem;
        align-items: end;
      }

      .headers input {
        font-family: var(--mono);
        font-size: 0.8125rem;
      }

      .answer {
        display: grid;
        gap: 0.25rem;
        align-content: start;
        min-block-size: 5.25rem;
        padding-inline-start: 0.75rem;
        border-inline-start: 3px solid var(--line);
      }

      .question {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem 0.75rem;
        align-items: center;
      }

      pre {
        margin: 0.375rem 0 0.25rem;
        padding: 0.75rem;
        border: 1px solid var(--line);
        border-radius: 3px;
        background: var(--field);
        font-size: 0.75rem;
        line-height: 1.6;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }

      [aria-label="Copied"] {
        min-block-size: 1.3125rem;
      }
    `,
  ];
}

const intro = html`Make up a handshake. What answers here is the function that the servers themselves run.`;

const reasons = new Map<number, string>([
  [400, "This endpoint cannot answer such a request."],
  [403, "The Origin is not on the server’s list."],
  [404, "There is nothing at this path."],
  [405, "Only GET is answered."],
  [
    421,
    "The request used a host name that is not ours. Anybody can point a name at any address (DNS rebinding).",
  ],
  [426, "This endpoint speaks WebSocket only, so the request has to ask for one."],
]);

function why(status: number): string {
  return reasons.get(status) ?? "";
}

function next({ webSocket }: Knock): string {
  return webSocket
    ? "The server answers 101, and the connection becomes a WebSocket."
    : "The server answers by plain HTTP.";
}

function headersText({ headers }: Refusal): string {
  const names = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return names.length === 0 ? "" : `The answer has the header ${names.join(", ")}.`;
}

function realText(answer: ServerAnswer | "none"): string {
  if (answer === "none") return "The server did not answer.";
  const { status, text } = answer;
  return status < 400 ? `It let this in: ${status}.` : `It refused this: ${status} ${text}.`;
}

customElements.define("rosetta-door", DoorPanel);
