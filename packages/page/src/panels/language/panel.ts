import { endpoints, parseClient, parseServer, subprotocol } from "@rosetta/protocol";
import { css, html, nothing, type TemplateResult } from "lit";
import { afterFrame } from "../../shared/after-frame.ts";
import { closeText, codeTitle } from "../../shared/closing.ts";
import { formatDuration } from "../../shared/format.ts";
import { randomHex } from "../../shared/random-hex.ts";
import { socketUrl } from "../../shared/servers.ts";
import { theme } from "../../shared/theme.css.ts";
import { Probe } from "../../wire/probe.ts";
import { type Fact, fieldValue, onSubmit, region, ServerPanel } from "../base.ts";
import { examplesFor, linesOf, type Phrase, Phrasebook } from "./model.ts";

/** Messages sent at once. More is a flood, which is another lesson. */
const mostLines = 20;

/** An editor for messages, on a connection of its own, and which reply belongs to which. */
export class LanguagePanel extends ServerPanel {
  static override properties = {
    example: { state: true },
    text: { state: true },
    book: { state: true, hasChanged: () => true },
    connection: { state: true },
    problem: { state: true },
  };
  /** The label of the example that was chosen last. */
  declare example: string;
  declare text: string;
  declare book: Phrasebook;
  declare connection: string;
  declare problem: string;
  readonly #examples = examplesFor(randomHex(16));
  #probe: Probe | undefined;
  /** Phrases of the newest click. */
  #newest = 0;

  readonly #act = this.declares({
    choose: (label: string) => this.#choose(label),
    type: (text: string) => this.#type(text),
    send: () => afterFrame(() => this.#send()),
  });

  constructor() {
    super();
    const [first] = this.#examples;
    this.example = first?.label ?? "";
    this.text = first?.text ?? "";
  }

  protected override attach(): void {
    this.book = new Phrasebook();
    this.connection = "not connected yet";
    this.problem = "";
    this.until(() => this.#leave());
  }

  protected override facts(): Fact[] {
    const phrases = this.book.phrases.slice(0, this.#newest + 1);
    const asked = phrases.filter(({ sent }) => sent !== undefined).slice(0, this.#newest);
    const replies = phrases.flatMap(({ reply }) => reply ?? []).slice(0, Math.max(1, this.#newest));
    const [newest] = replies;
    if (!newest) return [];
    const byPlace = asked.toSorted((a, b) => (a.reply?.place ?? 0) - (b.reply?.place ?? 0));
    const { error, type, roundTripMs } = newest;
    return [
      { name: "Newest reply", value: error ? `error ${error.code}: ${error.message}` : type },
      ...(asked.length > 1
        ? // Whether they arrive together is chance, so a difference is no finding.
          [
            {
              name: "Order of the replies",
              value: byPlace.map(({ id }) => id).join(", "),
              measured: true as const,
            },
          ]
        : []),
      { name: "Round trip", value: roundTripMs ? formatDuration(roundTripMs) : "–", measured: true },
      { name: "Connection", value: this.connection },
    ];
  }

  #leave(): void {
    this.#probe?.leave();
    this.#probe = undefined;
  }

  #send(): void {
    const lines = linesOf(this.text);
    this.problem = "";
    if (lines.length === 0) this.problem = "Write a message first.";
    if (lines.length > mostLines) this.problem = `At most ${mostLines} messages at once.`;
    if (this.problem) return;
    if (this.#probe?.isOpen) this.#transmit(this.#probe, lines);
    else this.#connect(lines);
  }

  #connect(lines: string[]): void {
    this.#leave();
    this.connection = "connecting";
    const probe = new Probe(socketUrl(this.server), [subprotocol], {
      frame: this.recorder(endpoints.application),
      open: () => {
        this.connection = "open";
        this.#transmit(probe, lines);
      },
      message: (data) => this.#answer(data),
      end: ({ code }) => {
        this.book.ended(code);
        this.connection = `ended with ${codeTitle(code)}`;
        this.requestUpdate("book");
      },
    });
    this.#probe = probe;
  }

  #transmit(probe: Probe, lines: string[]): void {
    this.#newest = lines.length;
    for (const line of lines) {
      this.book.sent(line, performance.now());
      probe.send(line);
    }
    this.requestUpdate("book");
  }

  #answer(data: string | Uint8Array): void {
    if (typeof data !== "string") return;
    const { message } = parseServer(data);
    if (!message) return;
    this.book.received(data, message, performance.now());
    this.requestUpdate("book");
  }

  // Each panel's examples name a client of its own.
  #choose(label: string): void {
    this.example = label;
    this.text = this.#examples.find((example) => example.label === label)?.text ?? this.text;
  }

  #type(text: string): void {
    this.text = text;
  }

  protected override render(): TemplateResult {
    return region("Conversation", intro, [
      html`
        <form @submit=${onSubmit(() => this.#act("send"))}>
          <p class="field whole">
            <label for="example">Example</label>
            <select id="example" @change=${(event: Event) => this.#act("choose", fieldValue(event))}>
              ${this.#examples.map(({ label }) => html`<option .selected=${label === this.example}>${label}</option>`)}
            </select>
          </p>
          <p class="field whole">
            <label for="text">Messages to send, one per line</label>
            <textarea
              id="text"
              rows="3"
              spellcheck="false"
              aria-describedby="check"
              .value=${this.text}
              @input=${(event: Event) => this.#act("type", fieldValue(event))}
            ></textarea>
          </p>
          <div class="whole check" id="check" role="status" aria-label="Check before sending">
            ${linesOf(this.text).slice(0, mostLines).map(checkOf)}
          </div>
          <button class="main">Send as it is</button>
          <p class="hint">Connection: <span role="status" aria-label="Conversation state">${this.connection}</span></p>
        </form>
        <p class="bad" role="alert" ?hidden=${!this.problem}>${this.problem}</p>
      `,
      html`
        <div>
          <h3 id="phrases">Requests and replies, newest first</h3>
          <div class="lines" role="log" tabindex="0" aria-labelledby="phrases">
            ${this.book.phrases.length === 0 ? html`<p class="empty">Nothing sent yet.</p>` : nothing}
            <ol>
              ${this.book.phrases.map(lineOf)}
            </ol>
          </div>
        </div>
      `,
    ]);
  }

  static override styles = [
    theme,
    css`
      textarea {
        inline-size: 100%;
        padding: 0.5rem 0.625rem;
        border: 1px solid var(--edge);
        border-radius: 3px;
        background-color: var(--field);
        color: inherit;
        font: 0.8125rem / 1.5 var(--mono);
        overflow-wrap: anywhere;
        resize: vertical;
      }

      /* Room for two lines, so that the button keeps its place. */
      .check {
        min-block-size: 2.9rem;
        font-size: 0.875rem;
      }

      .lines {
        block-size: 20rem;
      }

      .lines li {
        display: grid;
        gap: 0.125rem;
      }

      .reply {
        padding-inline-start: 0.875rem;
        border-inline-start: 3px solid var(--line);
      }
    `,
  ];
}

const intro = html`Sends raw messages to <code>/ws</code> on a separate connection. Edit them as you like.`;

function checkOf(line: string): TemplateResult {
  const { message, problem } = parseClient(line);
  if (message) return html`<p class="good">Valid: ${message.type}</p>`;
  return html`<p class="warn">Not valid, ${problem.code}: ${problem.reason}</p>`;
}

function lineOf({ sent, id, reply, lostBy }: Phrase): TemplateResult {
  return html`
    <li>
      ${sent === undefined ? html`<p class="muted">It names no request: it has no re</p>` : html`<code class="break">${sent}</code>`}
      ${
        reply
          ? html`<div class="reply">
            <p class="number">
              <b class=${reply.error ? "bad" : "good"}>${reply.error ? `error ${reply.error.code}` : reply.type}</b>
              ${reply.error ? html`<span class="break">${reply.error.message}</span>` : nothing}
              ${
                sent === undefined
                  ? nothing
                  : html`<span class="muted">re ${id}, after ${formatDuration(reply.roundTripMs)}</span>`
              }
            </p>
            <code class="break muted">${reply.text}</code>
          </div>`
          : html`<p class="reply muted">${
              lostBy === undefined
                ? "no reply yet"
                : `never answered: the connection ended with ${closeText(lostBy)}`
            }</p>`
      }
    </li>
  `;
}

customElements.define("rosetta-language", LanguagePanel);
