import { type CloseFrame, type FrameEvent, ReconnectingSocket } from "@rosetta/client";
import { endpoints } from "@rosetta/protocol";
import { html, nothing, type TemplateResult } from "lit";
import { afterFrame } from "../../shared/after-frame.ts";
import { closeText } from "../../shared/closing.ts";
import { EchoBook, stopText } from "../../shared/echo-book.ts";
import { echoLines, echoLinesStyle, outcomeText } from "../../shared/echo-lines.ts";
import { bytesOf, formatDuration } from "../../shared/format.ts";
import { socketUrl } from "../../shared/servers.ts";
import { theme } from "../../shared/theme.css.ts";
import {
  type DrawnCharacter,
  drawCharacters,
  drawFrame,
  type MessageKind,
  parseHex,
} from "../../wire/frame.ts";
import { frameBoxes, frameBoxesStyle, frameTotal } from "../../wire/frame-boxes.ts";
import { type Fact, fieldValue, onSubmit, region, ServerPanel } from "../base.ts";
import { style } from "./style.ts";

/** Characters that are drawn; of a longer text only these. */
const drawnCharacters = 12;

/** Lengths at which the header of a frame grows: the last of a class and the first of the next. */
const edges = [125, 126, 65_535, 65_536];

/** The longest message that is made here, however much the server takes. */
const longest = 1024 * 1024;

interface Message {
  kind: MessageKind;
  label: string;
  data: string | Uint8Array<ArrayBuffer>;
}

/** A message as it travels: its characters, its bytes, and the frames around it in both directions. */
export class FramesPanel extends ServerPanel {
  static override properties = {
    messageBytes: { type: Number },
    source: { state: true },
    text: { state: true },
    hex: { state: true },
    letters: { state: true },
    key: { state: true },
    book: { state: true, hasChanged: () => true },
    close: { state: true },
  };
  /** The largest message the server takes, once it is known. */
  declare messageBytes: number | undefined;
  /** What the message is made of. */
  declare source: "text" | "hex" | "letters";
  declare text: string;
  declare hex: string;
  declare letters: number;
  declare key: Uint8Array;
  declare book: EchoBook;
  /** How the connection ended last. */
  declare close: CloseFrame | undefined;
  #socket: ReconnectingSocket | undefined;

  readonly #act = this.declares({
    chooseSource: (source: FramesPanel["source"]) => this.#set({ source }),
    typeText: (text: string) => this.#set({ text }),
    typeHex: (hex: string) => this.#set({ hex }),
    chooseLetters: (letters: number) => this.#set({ letters }),
    changeKey: () => this.#changeKey(),
    send: () => afterFrame(() => this.#send()),
  });

  constructor() {
    super();
    this.source = "text";
    this.text = "hello";
    this.hex = "00 ff 0a";
    this.letters = 126;
    this.key = newKey();
  }

  protected override attach(): void {
    this.book = new EchoBook();
    this.close = undefined;
    // Its own, opened when something is sent: no other panel sees these answers.
    const socket = new ReconnectingSocket(socketUrl(this.server, endpoints.echo));
    this.#socket = socket;
    this.until(() => socket.close());
    this.until(socket.on("frame", this.recorder(endpoints.echo)));
    this.until(socket.on("frame", (frame) => this.#frame(frame)));
  }

  #frame(frame: FrameEvent): void {
    if ("data" in frame && frame.direction === "out") this.book.left(frame.at);
    if ("data" in frame && frame.direction === "in") this.book.answer(frame.data, frame.at);
    if (frame.kind === "close") {
      this.book.closed(frame.code);
      this.close = frame;
    }
    this.requestUpdate("book");
  }

  protected override facts(): Fact[] {
    const [newest] = this.book.lines;
    if (!newest) return [];
    const { close } = this;
    return [
      { name: "Message", value: `${newest.kind}, ${newest.size.toLocaleString("en")} B` },
      { name: "What came back", value: outcomeText(newest) },
      ...(newest.roundTripMs === undefined
        ? []
        : [{ name: "Round trip", value: formatDuration(newest.roundTripMs), measured: true as const }]),
      ...(close?.code === undefined ? [] : [{ name: "Closed with", value: closeText(close.code) }]),
      ...(close ? [{ name: "Reason of the close", value: close.reason || "none" }] : []),
    ];
  }

  /** Returns the message that the fields stand for, or nothing where they cannot be read. */
  #message(): Message | undefined {
    const { source, text, hex, letters } = this;
    if (source === "text") return { kind: "text", label: text, data: text };
    if (source === "letters") {
      return { kind: "text", label: `${letters} letters`, data: "a".repeat(letters) };
    }
    const data = parseHex(hex);
    return data && { kind: "binary", label: hex, data };
  }

  #send(): void {
    const message = this.#message();
    const socket = this.#socket;
    if (!message || !socket) return;
    const { name } = socket.state;
    if (name === "idle" || name === "stopped") {
      this.close = undefined;
      socket.open();
    }
    this.book.add(message.label || "nothing", message.data);
    if (socket.send(message.data) === "rejected") this.book.rejected();
    // The one text that is answered by closing: that end is agreed on.
    if (message.data === stopText) socket.advise({ final: true });
    this.requestUpdate("book");
  }

  protected override render(): TemplateResult {
    const message = this.#message();
    return region("Frames", intro, [
      this.#form(message !== undefined),
      html`<div>
        ${echoLines(this.book)}
        <p class="end hint" role="status" aria-label="End of the connection">${this.close ? endOf(this.close) : nothing}</p>
      </div>`,
      message ? this.#drawing(message) : nothing,
    ]);
  }

  #form(readable: boolean): TemplateResult {
    return html`
      <form @submit=${onSubmit(() => this.#act("send"))}>
        <p class="field">
          <label for="source">Kind of message</label>
          <select id="source" .value=${this.source} @change=${(event: Event) => this.#act("chooseSource", fieldValue(event) as FramesPanel["source"])}>
            <option value="text">text</option>
            <option value="hex">bytes</option>
            <option value="letters">many letters</option>
          </select>
        </p>
        ${this.#fields(readable)}
        <button class="main" aria-disabled=${!readable}>Send message</button>
      </form>
    `;
  }

  #fields(readable: boolean): TemplateResult {
    if (this.source === "text") {
      return html`<p class="field grow">
        <label for="text">Text</label>
        <input id="text" autocomplete="off" maxlength="400" .value=${this.text} @input=${(event: Event) => this.#act("typeText", fieldValue(event))} />
      </p>`;
    }
    if (this.source === "letters") return this.#lettersField();
    return html`<p class="field grow">
      <label for="hex">Bytes in hex</label>
      <input id="hex" class="mono" autocomplete="off" spellcheck="false" maxlength="400" aria-describedby="hex-hint"
        aria-invalid=${!readable} .value=${this.hex} @input=${(event: Event) => this.#act("typeHex", fieldValue(event))} />
      <span id="hex-hint" class=${readable ? "hint" : "bad"}>Two digits for each byte, as in 00 ff 0a.</span>
    </p>`;
  }

  #lettersField(): TemplateResult {
    const over = Math.min((this.messageBytes ?? 65_536) + 1, longest);
    const lengths = [...new Set([...edges, over])];
    return html`<p class="field grow">
      <label for="letters">How many letters</label>
      <select id="letters" @change=${(event: Event) => this.#act("chooseLetters", Number(fieldValue(event)))}>
        ${lengths.map(
          (length) =>
            html`<option value=${length} .selected=${length === this.letters}
              >${length.toLocaleString("en")}${length === over ? ", one over the limit" : nothing}</option
            >`,
        )}
      </select>
    </p>`;
  }

  #set(fields: Partial<Pick<FramesPanel, "source" | "text" | "hex" | "letters">>): void {
    Object.assign(this, fields);
  }

  #drawing({ kind, data }: Message): TemplateResult {
    const bytes = bytesOf(data);
    const up = drawFrame(kind, bytes, this.key);
    // Too big or the one word that ends it: then the server closes, and the message does not come back.
    const isReturned = bytes.length <= (this.messageBytes ?? longest) && data !== stopText;
    const down = isReturned ? drawFrame(kind, bytes) : undefined;
    return html`
      <div class="frame">
        <h3 id="up">Frame to the server</h3>
        ${frameBoxes("up", up)}
        <div><button class="small" @click=${() => this.#act("changeKey")}>Another key</button></div>
        <p class="hint">The browser draws a new key for each frame and shows it to nobody. This one is an example.</p>
      </div>
      ${typeof data === "string" ? charactersOf(data, bytes.length) : nothing}
      <div class="frame">
        <h3 id="down">Frame back from the server</h3>
        ${down ? frameBoxes("down", down) : html`<p class="hint">There is none: the server closes instead.</p>`}
      </div>
      <dl class="facts" aria-label="Bytes on the wire">
        <dt>To the server</dt>
        <dd class="number">${frameTotal(up)}</dd>
        <dt>Back</dt>
        <dd class="number">${down ? frameTotal(down) : "a close frame"}</dd>
      </dl>
    `;
  }

  #changeKey(): void {
    this.key = newKey();
  }

  static override styles = [theme, echoLinesStyle, frameBoxesStyle, style];
}

const intro = html`Drawn as you type, because no page can see a real frame.`;

function endOf({ direction, code, reason }: CloseFrame): string {
  if (direction === "out") return "Closed by this page.";
  const why = reason ? `Its reason: “${reason}”.` : "It gave no reason.";
  return `Closed by the server with ${code === undefined ? "no code" : closeText(code)}. ${why} The next message opens a new connection.`;
}

function charactersOf(text: string, size: number): TemplateResult {
  const drawn = drawCharacters(text, drawnCharacters);
  const bytes = size.toLocaleString("en");
  const isCut = drawn.reduce((length, { character }) => length + character.length, 0) < text.length;
  return html`
    <div class="text">
      <h3 id="characters">Characters and their bytes</h3>
      <ol class="boxes characters" aria-labelledby="characters">
        ${drawn.map(characterOf)}
      </ol>
      <p class="hint">UTF-8 takes 1 to 4 bytes for each, here ${bytes} in all${isCut ? "; only the first are drawn" : nothing}.</p>
    </div>
  `;
}

function characterOf({ character, codePoint, bytes }: DrawnCharacter): TemplateResult {
  return html`<li><b>${character.trim() === "" ? "␣" : character}</b> <span class="muted">${codePoint}</span> <code>${bytes}</code></li>`;
}

function newKey(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(4));
}

customElements.define("rosetta-frames", FramesPanel);
