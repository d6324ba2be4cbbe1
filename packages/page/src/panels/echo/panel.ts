import type { CloseFrame, FrameEvent, ReconnectingSocket, SocketState } from "@rosetta/client";
import { css, html, nothing, type TemplateResult } from "lit";
import { afterFrame } from "../../shared/after-frame.ts";
import { closeText, isSendableCode } from "../../shared/closing.ts";
import { EchoBook, stopText } from "../../shared/echo-book.ts";
import { echoLines, echoLinesStyle, outcomeText } from "../../shared/echo-lines.ts";
import { formatBytes, formatDuration } from "../../shared/format.ts";
import { theme } from "../../shared/theme.css.ts";
import { type Fact, fieldValue, onSubmit, Panel, region, textOf } from "../base.ts";

type MessageFrame = Extract<FrameEvent, { data: unknown }>;

/** Bytes of the largest file that is read: enough to go over the server's limit, and harmless. */
const fileBytes = 1024 * 1024;

/** Messages to `/echo`, what came back, and ways to end it. */
export class EchoPanel extends Panel {
  static override properties = {
    echo: { attribute: false },
    messageBytes: { type: Number },
    parts: {},
    state: { state: true },
    book: { state: true, hasChanged: () => true },
    ending: { state: true },
    choice: { state: true },
    problem: { state: true },
  };
  declare echo: ReconnectingSocket;
  /** The largest message the server takes, once it is known. */
  declare messageBytes: number | undefined;
  /** `text`: the message box alone. Otherwise everything. */
  declare parts: string;
  declare state: SocketState;
  declare book: EchoBook;
  declare ending: string;
  declare choice: string;
  declare problem: string;

  /** The end that comes is our own, without a code. */
  #bare = false;

  readonly #act = this.declares({
    sendText: (text: string) => afterFrame(() => this.#send(text, text)),
    sendFile: (file: File) => this.#sendFile(file),
    chooseCode: (choice: string) => this.#choose(choice),
    // These wait their turn, so that a message sent just before leaves first.
    close: (code: string) => afterFrame(() => this.#close(code)),
    open: () => afterFrame(() => this.#open()),
  });

  constructor() {
    super();
    this.choice = "none";
    this.parts = "";
  }

  protected override attach(): void {
    this.book = new EchoBook();
    this.ending = "";
    this.problem = "";
    this.#show(this.echo.state);
    this.until(this.echo.on("state", (state) => this.#show(state)));
    this.until(this.echo.on("frame", (event) => this.#frame(event)));
  }

  #show(state: SocketState): void {
    this.state = state;
    if (state.name === "open") this.ending = "";
  }

  protected override facts(): Fact[] {
    const [newest] = this.book.lines;
    if (!newest) return [];
    const { size, kind, roundTripMs } = newest;
    const close = this.ending ? [{ name: "End", value: this.ending }] : [];
    return [
      { name: "Newest message", value: `${kind}, ${formatBytes(size)}, ${outcomeText(newest)}` },
      {
        name: "Round trip",
        value: roundTripMs === undefined ? "–" : formatDuration(roundTripMs),
        measured: true,
      },
      ...close,
    ];
  }

  #frame(event: FrameEvent): void {
    if ("data" in event) return this.#message(event);
    if (event.kind !== "close") return;
    this.book.closed(event.code);
    this.ending = this.#bare ? bareEnding : endingText(event);
    this.#bare = false;
  }

  #message({ direction, data, at }: MessageFrame): void {
    if (direction === "out") this.book.left(at);
    else this.book.answer(data, at);
    this.requestUpdate("book");
  }

  #send(label: string, data: string | Uint8Array<ArrayBuffer>): void {
    this.problem = "";
    // Where no button opens it again, the next message does.
    if (this.parts === "text" && this.state.name === "stopped") this.echo.open();
    this.book.add(label, data);
    const result = this.echo.send(data);
    // A lone 1000 is no promise, since proxies send it too. As the answer to `stop`, it is agreed on.
    if (data === stopText && result === "sent") this.echo.advise({ final: true });
    if (result === "rejected") this.book.rejected();
    this.requestUpdate("book");
  }

  #sendText(form: FormData): void {
    // Not trimmed: what comes back must be equal to what was typed.
    const text = form.get("text");
    if (typeof text === "string" && text !== "") this.#act("sendText", text);
  }

  async #sendFile(file: File): Promise<void> {
    if (file.name === "") return this.#complain("Choose a file first.");
    if (file.size > fileBytes)
      return this.#complain(`This page sends files of up to ${formatBytes(fileBytes)}.`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    afterFrame(() => this.#send(file.name, bytes));
  }

  #complain(problem: string): void {
    this.problem = problem;
  }

  #close(own: string): void {
    this.problem = "";
    if (this.choice === "none") return this.#closeBare();
    const code = this.choice === "own" ? Number(own) : Number(this.choice);
    if (!isSendableCode(code)) return this.#complain("A page may send only 1000 and 3000 to 4999.");
    this.echo.close(code);
  }

  #closeBare(): void {
    this.#bare = true;
    this.echo.close();
  }

  #open(): void {
    if (this.state.name !== "open" && this.state.name !== "connecting") this.echo.open();
  }

  protected override render(): TemplateResult {
    const short = this.parts === "text";
    return region("Echo", intro, [
      this.#textForm(),
      short ? nothing : this.#fileForm(),
      html`<p class="bad" role="alert" ?hidden=${!this.problem}>${this.problem}</p>`,
      echoLines(this.book),
      short ? nothing : this.#end(),
    ]);
  }

  #textForm(): TemplateResult {
    return html`
      <form @submit=${onSubmit((form) => this.#sendText(form))}>
        <p class="field grow">
          <label for="text">Message to echo</label>
          <input id="text" name="text" autocomplete="off" value="hello" />
        </p>
        <button class="main">Send text</button>
      </form>
    `;
  }

  #fileForm(): TemplateResult {
    const limit = this.messageBytes;
    return html`
      <form @submit=${onSubmit((form) => this.#act("sendFile", form.get("file") as File))}>
        <p class="field grow">
          <label for="file">File to echo</label>
          <input id="file" name="file" type="file" aria-describedby="file-hint" />
        </p>
        <button>Send file</button>
        <p class="hint whole" id="file-hint">
        A file travels as a binary message: bytes instead of characters.
        ${limit ? `The server takes up to ${formatBytes(limit)}, and closes with 1009 if it is larger.` : nothing}
      </p>
      </form>
    `;
  }

  #end(): TemplateResult {
    const open = this.state.name === "open" || this.state.name === "connecting";
    return html`
      <div class="end">
        <h3>Ending it</h3>
        <p class="hint">
          Either side may close, with a code that says why. The text <code>stop</code> asks the server to close.
          The fields below close from this page.
        </p>
        <form @submit=${onSubmit((form) => this.#act("close", textOf(form, "code")))}>
          <p class="field choose">
            <label for="choice">Close code</label>
            <select id="choice" .value=${this.choice} @change=${(event: Event) => this.#act("chooseCode", fieldValue(event))}>
              <option value="none">none</option>
              <option value="1000">1000, normal</option>
              <option value="own">my own</option>
            </select>
          </p>
          ${this.choice === "own" ? ownCode : nothing}
          <button>Close echo</button>
        </form>
        <div class="fields">
          <button @click=${() => this.#act("sendText", stopText)}>Ask for stop</button>
          <button aria-disabled=${open} @click=${() => this.#act("open")}>Open echo</button>
        </div>
        <p class="now">
          <span role="status" aria-label="Echo state" data-state=${this.state.name}
            ><span class="label">State of /echo:</span> ${this.state.name}</span
          >
          <span class="muted">${this.ending}</span>
        </p>
      </div>
    `;
  }

  #choose(choice: string): void {
    this.choice = choice;
  }

  static override styles = [
    theme,
    echoLinesStyle,
    css`
      .end {
        display: grid;
        gap: 0.75rem;
      }

      .choose {
        flex: 1 1 7rem;
      }

      .own {
        inline-size: 6rem;
      }

      .now {
        font-size: 0.9375rem;
      }

      .now [role="status"] {
        margin-inline-end: 0.625rem;
        font: 600 1em var(--mono);
      }

      .now .label {
        font: 600 0.875rem var(--sans);
      }
    `,
  ];
}

const intro = html`<code>/echo</code> sends each message back unchanged. The time is the round trip: there and back.`;

const ownCode = html`
  <p class="field own">
    <label for="code">Own code</label>
    <input id="code" name="code" type="number" min="3000" max="4999" value="4000" required />
  </p>
`;

const bareEnding =
  "Closed by this page without a code. Both sides report 1005, which means that there was none.";

function endingText(event: CloseFrame): string {
  if (event.direction === "out") return `Closed by this page, ${codeText(event.code)}.`;
  const clean = event.wasClean ? "both sides sent a close frame" : "one side sent no close frame";
  return `Ended by the server or somewhere on the way, ${codeText(event.code)}; ${clean}.`;
}

function codeText(code: number | undefined): string {
  return code === undefined ? "without a code" : `with ${closeText(code)}`;
}

customElements.define("rosetta-echo", EchoPanel);
