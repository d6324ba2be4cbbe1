import { Client } from "@rosetta/client";
import { endpoints } from "@rosetta/protocol";
import { html, nothing, type TemplateResult } from "lit";
import { randomHex } from "../../shared/random-hex.ts";
import { socketUrl } from "../../shared/servers.ts";
import { theme } from "../../shared/theme.css.ts";
import { type Fact, reasonOf, region, ServerPanel } from "../base.ts";
import { Device } from "./device.ts";
import { answer } from "./model.ts";
import { style } from "./style.ts";
import { write } from "./writer.ts";

/** Milliseconds from one word to the next: slow enough to break something in the middle. */
const pauseMs = 400;
/** Milliseconds for which a device that was cut cannot come back. */
const cutMs = 3_000;

/** The beginning of the answer, to show before there is one. */
const example = `${answer.slice(0, 11).join(" ")} …`;

const names = { this: "This device", other: "Another device" } as const;
type DeviceName = keyof typeof names;

/** An answer that comes word by word, and two devices that read it. */
export class TokensPanel extends ServerPanel {
  static override properties = {
    begin: {},
    topic: { state: true },
    devices: { state: true },
    problem: { state: true },
  };
  /** The topic in the page's address. Its answer is read at once. */
  declare begin: string;
  declare topic: string;
  declare devices: Partial<Record<DeviceName, Device>>;
  declare problem: string;
  #writer: Client | undefined;
  #end = new AbortController();

  readonly #act = this.declares({
    ask: (name: string) => this.#ask(name),
    reload: (name: DeviceName) => this.#join(name),
    cut: (name: DeviceName) => this.devices[name]?.cut(cutMs),
    cancel: (name: DeviceName) => this.#cancel(name),
  });

  constructor() {
    super();
    this.begin = "";
  }

  protected override attach(): void {
    this.topic = "";
    this.devices = {};
    this.problem = "";
    if (this.begin.startsWith("room/answer-")) this.#read(this.begin);
    this.until(() => this.#leave());
  }

  protected override facts(): Fact[] {
    const { this: first, other } = this.devices;
    const texts = [first?.text, other?.text].flatMap((text) => text ?? []);
    if (texts.length === 0) return [];
    const facts = [{ name: "Missing", value: String(texts.reduce((sum, { missing }) => sum + missing, 0)) }];
    if (texts.some(({ isCancelled }) => isCancelled))
      return [...facts, { name: "Answer", value: "cancelled" }];
    const isSame = texts.every(({ isComplete, text }) => isComplete && text === texts[0]?.text);
    return isSame ? [...facts, { name: "Answer", value: "complete" }] : facts;
  }

  get #isWriting(): boolean {
    return this.#writer !== undefined && !this.#end.signal.aborted;
  }

  #ask(name: string): void {
    if (this.#isWriting) return;
    this.#leave();
    const topic = `room/answer-${name}`;
    this.chose(topic);
    this.#read(topic);
    void this.#write(topic);
  }

  async #write(topic: string): Promise<void> {
    const end = new AbortController();
    const writer = new Client(socketUrl(this.server));
    writer.on("frame", this.recorder(endpoints.application, "model"));
    writer.open();
    [this.#writer, this.#end] = [writer, end];
    await write(writer, { topic, words: answer, pauseMs }, end);
    end.abort();
    writer.close();
    this.requestUpdate();
  }

  #read(topic: string): void {
    this.topic = topic;
    this.problem = "";
    for (const name of ["this", "other"] as const) this.#join(name);
  }

  /** Starts over with an empty memory, like a page that is loaded again. */
  #join(name: DeviceName): void {
    if (!this.topic) return;
    this.devices[name]?.leave();
    const tap = this.recorder(endpoints.application, name === "this" ? "this" : "another");
    const device = new Device(socketUrl(this.server), this.topic, tap, () => this.requestUpdate());
    this.devices = { ...this.devices, [name]: device };
  }

  async #cancel(name: DeviceName): Promise<void> {
    try {
      await this.devices[name]?.cancel();
    } catch (error) {
      this.problem = `Not cancelled: ${reasonOf(error)}`;
    }
  }

  #leave(): void {
    this.#end.abort();
    this.#writer?.close();
    this.#writer = undefined;
    for (const device of Object.values(this.devices)) device.leave();
  }

  protected override render(): TemplateResult {
    return region("Streams of tokens", intro, [
      html`
        <div class="fields ask">
          <p class="grow prompt">“What is a token?”</p>
          <button class="main" aria-disabled=${this.#isWriting} @click=${() => this.#act("ask", randomHex(2))}>Ask</button>
        </div>
        <p class="bad" role="alert" ?hidden=${!this.problem}>${this.problem}</p>
        <div class="devices">${this.#device("this")} ${this.#device("other")}</div>
        <p class="hint">${
          this.topic
            ? "The address of this page now names the answer. Open it in another browser, or on your phone."
            : "No answer yet. Ask, and the words come one by one."
        }</p>
      `,
    ]);
  }

  #device(name: DeviceName): TemplateResult {
    const device = this.devices[name];
    const label = names[name];
    return html`
      <article aria-label=${label}>
        <header>
          <h3>${label}</h3>
          <span class=${device ? "muted" : "example"} role="status" aria-label="State of ${label.toLowerCase()}">${stateOf(device)}</span>
        </header>
        <p class=${device ? "answer" : "answer muted"} role="log" aria-label="Answer on ${label.toLowerCase()}">${device ? device.text.text : example}</p>
        <p class="number muted counts">${device ? countsOf(device) : nothing}</p>
        <div class="fields">
          ${this.#button("Reload", !device, () => this.#act("reload", name), label)}
          ${this.#button("Cut for 3 s", device?.state.name !== "open", () => this.#act("cut", name), label)}
          ${this.#button("Cancel", !device || device.text.isComplete || device.text.isCancelled, () => this.#act("cancel", name), label)}
        </div>
      </article>
    `;
  }

  #button(word: string, isOff: boolean, act: () => void, device: string): TemplateResult {
    return html`<button class="small" aria-disabled=${isOff} aria-label="${word}: ${device}" @click=${() => !isOff && act()}>${word}</button>`;
  }

  static override styles = [theme, style];
}

const intro = html`A model answers word by word, and publishes each word in a topic. Every device that follows the topic reads along.`;

function stateOf(device: Device | undefined): string {
  if (!device) return "an example";
  const { text, state } = device;
  if (text.isComplete) return "complete";
  if (text.isCancelled) return "cancelled";
  return state.name === "open" ? "reading" : state.name;
}

function countsOf({ text: { words, of, missing, again } }: Device): string {
  return `${words.size} of ${of || "?"}, ${missing} missing${again > 0 ? `, ${again} again` : ""}`;
}

customElements.define("rosetta-tokens", TokensPanel);
