import { Client, type ClientFrame, defaultHost, type SocketState } from "@rosetta/client";
import { type EventData, endpoints, type ServerMessage } from "@rosetta/protocol";
import { html, nothing, type TemplateResult } from "lit";
import { formatClock } from "../../shared/format.ts";
import { randomHex } from "../../shared/random-hex.ts";
import { socketUrl } from "../../shared/servers.ts";
import { theme } from "../../shared/theme.css.ts";
import { Cable } from "../../wire/cable.ts";
import { type Fact, fieldValue, reasonOf, region, ServerPanel } from "../base.ts";
import {
  type ArrivalKind,
  exampleBook,
  GapBook,
  newestCells,
  type OffsetCell,
  tellComeback,
} from "./model.ts";
import { style } from "./style.ts";

/** Milliseconds between two publications. */
const publishMs = 500;
/** Milliseconds between two steps of the countdown. */
const tickMs = 250;
/** More than a ring of the server holds (256), so that a gap of so many cannot be filled. */
const tooMany = 300;
/** Publications at once, and the milliseconds to the next ones: below what the server takes of one connection. */
const batch = 25;
const batchMs = 300;
/** Places of the row of offsets: four lines of 24. */
const places = 96;

/** Own sockets: one client follows a topic and loses its connection, another goes on publishing. */
export class GapPanel extends ServerPanel {
  static override properties = {
    begin: {},
    topic: { state: true },
    state: { state: true },
    book: { state: true, hasChanged: () => true },
    cutUntil: { state: true },
    problem: { state: true },
  };
  /** The topic to begin with, if the address names one. */
  declare begin: string;
  declare topic: string;
  declare state: SocketState;
  declare book: GapBook;
  /** When the cable is mended, by `performance.now()`; infinite if it is not a matter of time; 0 if it is whole. */
  declare cutUntil: number;
  declare problem: string;
  readonly #ownRoom = `room/gap-${randomHex(4)}`;
  #clients: Client[] = [];
  #reader: Client | undefined;
  #writer: Client | undefined;
  #cable = new Cable(defaultHost.WebSocket);
  #timers: number[] = [];
  #count = 0;

  readonly #act = this.declares({
    choose: (topic: string) => this.#choose(topic),
    follow: () => this.#begin(),
    stop: () => this.#stop(),
    cut: (milliseconds: number) => this.#cutFor(milliseconds),
    cutForTooMany: () => this.#cutForTooMany(),
  });

  constructor() {
    super();
    this.begin = "";
    this.topic = own;
  }

  protected override attach(): void {
    if (this.#topics().includes(this.begin)) this.topic = this.begin;
    this.#forget();
    this.until(() => this.#leave());
  }

  protected override facts(): Fact[] {
    const { comeback, lost, missed, twice, replayed } = this.book;
    if (!comeback || !this.book.isCaughtUp) return [];
    return [
      { name: "Recovered", value: comeback.recovered ? "yes" : "no" },
      { name: "Missed unnoticed", value: String(missed) },
      { name: "Came twice", value: String(twice) },
      { name: "Replayed", value: String(replayed), measured: true },
      { name: "Lost", value: lost ? String(lost.to - lost.from + 1) : "0", measured: true },
    ];
  }

  /**
   * Returns the topics to choose from. The address may name a room. `latest` topics have no gaps: only their newest
   * event counts.
   */
  #topics(): string[] {
    return [own, "scores", ...(this.begin.startsWith("room/") ? [this.begin] : [])];
  }

  #forget(): void {
    this.state = { name: "idle" };
    this.book = new GapBook();
    this.cutUntil = 0;
    this.problem = "";
  }

  #leave(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    for (const client of this.#clients.splice(0)) client.close();
    this.#reader = this.#writer = undefined;
  }

  #begin(): void {
    if (!this.#reader) this.#follow();
  }

  #stop(): void {
    this.#leave();
    this.state = { name: "idle" };
    this.cutUntil = 0;
  }

  #choose(topic: string): void {
    this.topic = topic;
    this.chose(this.topic === own ? "" : this.topic);
    if (!this.#reader) return this.#forget();
    this.#leave();
    this.#follow();
  }

  #follow(): void {
    this.#forget();
    const name = this.topic === own ? this.#ownRoom : this.topic;
    this.#cable = new Cable(defaultHost.WebSocket);
    const reader = this.#client("reader", this.#cable);
    this.#reader = reader;
    reader.on("state", (state) => this.#show(reader, state));
    reader.on("frame", (frame) => this.#confirmed(reader, frame));
    reader.subscribe(name, (event) => this.#event(reader, event));
    reader.open();
    this.#every(tickMs, () => this.#tick());
    if (!name.startsWith("room/")) return;
    const writer = this.#client("writer", new Cable(defaultHost.WebSocket));
    this.#writer = writer;
    writer.open();
    // Its number of too many is exact only if nothing else is published meanwhile.
    this.#every(publishMs, () => Number.isFinite(this.cutUntil) && void this.#publish(writer, name));
  }

  #client(name: string, { WebSocket }: Cable): Client {
    const client = new Client(socketUrl(this.server), { host: { ...defaultHost, WebSocket } });
    client.on("frame", this.recorder(endpoints.application, name));
    client.on("problem", ({ reason }) => {
      if (this.#clients.includes(client)) this.problem = reason;
    });
    this.#clients.push(client);
    return client;
  }

  #every(milliseconds: number, run: () => void): void {
    this.#timers.push(window.setInterval(run, milliseconds));
  }

  #show(reader: Client, state: SocketState): void {
    if (this.#reader === reader) this.state = state;
  }

  // Only the frame tells the head; up to it, what comes is a replay.
  #confirmed(reader: Client, frame: ClientFrame): void {
    if (this.#reader !== reader || frame.kind !== "text" || frame.message?.type !== "subscribed") return;
    this.book.subscribed(frame.message);
    this.requestUpdate("book");
  }

  #event(reader: Client, event: ServerMessage<"event">): void {
    if (this.#reader !== reader) return;
    this.book.event(event, event.at, textOf(event.data));
    this.requestUpdate("book");
  }

  async #publish(writer: Client, topic: string): Promise<void> {
    this.#count += 1;
    try {
      const ack = await writer.publish(topic, `message ${this.#count}`);
      if (this.#writer !== writer) return;
      this.book.published(ack);
      this.requestUpdate("book");
    } catch (error) {
      if (this.#writer === writer) this.problem = `Not published: ${reasonOf(error)}`;
    }
  }

  #cutFor(milliseconds: number): void {
    if (!this.#canCut()) return;
    this.cutUntil = performance.now() + milliseconds;
    this.#cable.cut();
  }

  async #cutForTooMany(): Promise<void> {
    const writer = this.#writer;
    if (!writer || !this.#canCut()) return;
    this.cutUntil = Number.POSITIVE_INFINITY;
    this.#cable.cut();
    const name = this.topic === own ? this.#ownRoom : this.topic;
    for (let done = 0; done < tooMany && this.#writer === writer; done += batch) {
      await Promise.all([
        ...Array.from({ length: batch }, () => this.#publish(writer, name)),
        new Promise((resolve) => setTimeout(resolve, batchMs)),
      ]);
    }
    if (this.#writer === writer) this.#mend();
  }

  #tick(): void {
    if (this.cutUntil === 0) return;
    if (performance.now() >= this.cutUntil) this.#mend();
    this.requestUpdate();
  }

  #mend(): void {
    this.cutUntil = 0;
    this.#cable.mend();
    // At once, instead of at the end of a wait drawn at random.
    this.#reader?.open();
  }

  #canCut(): boolean {
    return this.state.name === "open" && this.cutUntil === 0 && this.book.offset > 0;
  }

  protected override render(): TemplateResult {
    return region("Missed messages", intro, [
      this.#topicForm(),
      this.#cutButtons(),
      html`<p class="bad" role="alert" ?hidden=${!this.problem}>${this.problem}</p>`,
      this.#now(),
      this.#row(),
      this.#place(),
      this.#lines(),
    ]);
  }

  #topicForm(): TemplateResult {
    return html`
      <div class="fields">
        <p class="field grow">
          <label for="topic">Topic to follow</label>
          <select id="topic" .value=${this.topic} @change=${(event: Event) => this.#act("choose", fieldValue(event))}>
            ${this.#topics().map((name) => html`<option value=${name}>${name}</option>`)}
          </select>
        </p>
        <button class=${this.#reader ? "" : "main"} @click=${() => this.#act(this.#reader ? "stop" : "follow")}
          >${this.#reader ? "Stop" : "Follow"}</button
        >
      </div>
    `;
  }

  #cutButtons(): TemplateResult {
    const tone = this.#reader ? "main" : "";
    return html`
      <div class="fields" role="group" aria-label="Cut the connection">
        <button class=${tone} aria-disabled=${!this.#canCut()} @click=${() => this.#act("cut", 10_000)}
          >Cut for 10 s</button
        >
        <button aria-disabled=${!this.#canCut()} @click=${() => this.#act("cut", 3_000)}>Cut for 3 s</button>
        <button aria-disabled=${!this.#canCut() || !this.#writer} @click=${() => this.#act("cutForTooMany")}
          >Cut for ${tooMany} events</button
        >
      </div>
    `;
  }

  #now(): TemplateResult {
    const isCut = this.cutUntil > 0;
    return html`
      <div class="now" data-cut=${isCut}>
        <p class="told" role="status" aria-label="What happens">${this.#sentence()}</p>
        <p class="number muted">
          ${
            isCut
              ? html`<span role="timer" aria-label="Time left">${timeLeft(this.cutUntil)}</span>
                ${this.#writer ? html`<span>${this.book.away} published meanwhile</span>` : nothing}`
              : nothing
          }
        </p>
      </div>
    `;
  }

  #sentence(): string {
    if (!this.#reader) return "Press Follow to begin.";
    if (this.cutUntil > 0) return `Cut after #${this.book.offset}. The server goes on publishing.`;
    if (this.state.name !== "open") return "Connecting.";
    if (!this.book.isCaughtUp) return "Back. The replay is arriving.";
    return tellComeback(this.book) || "Connected. Each event arrives as it happens.";
  }

  #row(): TemplateResult {
    // Between an event and the acknowledgement of its publication are milliseconds: that is no gap.
    const away = this.cutUntil > 0 ? this.book.away : 0;
    const hollow = Math.min(away, mostHollow);
    const cells = newestCells(this.#shown.cells, places - hollow);
    return html`
      <div>
        <h3 id="row">Offsets ${this.#shown === this.book ? nothing : html`<span class="example">an example, recorded: a cut</span>`}</h3>
        <div class="cells" role="img" aria-label=${tellCells(cells, away)}>
          ${cells.map((cell) => html`<span data-kind=${cell.kind}>${cellText(cell)}</span>`)}
          ${Array.from({ length: hollow }, () => html`<span data-kind="away"></span>`)}
        </div>
        <ul class="legend hint" aria-hidden="true">
          ${(["live", "replayed", "away", "lost"] as const).map(
            (kind) => html`<li><span data-kind=${kind}></span> ${words[kind]}</li>`,
          )}
        </ul>
      </div>
    `;
  }

  /** The book to show: an example before the first topic is followed. */
  get #shown(): GapBook {
    return this.#reader || this.book.offset > 0 ? this.book : exampleBook;
  }

  #place(): TemplateResult {
    const { epoch, offset, comeback, replayed, lost, missed } = this.#shown;
    const facts: [string, unknown][] = [
      ["Connection", this.#shown === this.book ? this.state.name : "open"],
      ["Epoch", html`<code>${epoch ?? "asking"}</code>`],
      ["Offset", offset],
      ["Recovered", comeback ? (comeback.recovered ? "yes" : "no") : "not cut yet"],
      ["Replayed", replayed],
      ["Lost", lost ? `#${lost.from} to #${lost.to}` : "nothing"],
      ["Missed unnoticed", missed],
    ];
    return html`
      <dl class="facts number">
        ${facts.map(([name, value]) => html`<dt>${name}</dt><dd class="break">${value}</dd>`)}
      </dl>
    `;
  }

  #lines(): TemplateResult {
    const { lines } = this.book;
    return html`
      <div>
        <h3 id="came">What arrived, newest first</h3>
        <div class="lines" role="log" aria-live="off" tabindex="0" aria-labelledby="came">
          ${lines.length === 0 ? html`<p class="empty">Nothing yet. Events of the topic will arrive here.</p>` : nothing}
          <ol>
            ${lines.map(
              ({ offset, at, text, arrival }) => html`
                <li data-kind=${arrival}>
                  <span class="number">#${offset}</span>
                  <time class="number muted">${formatClock(at)}</time>
                  <span class="break">${text}</span>
                  <b>${arrival}</b>
                </li>
              `,
            )}
          </ol>
        </div>
      </div>
    `;
  }

  static override styles = [theme, style];
}

const own = "a room of your own";

const intro = html`A separate client follows a topic. Cut its connection, and see what it misses and gets back.`;

const words: Record<ArrivalKind | "away" | "lost", string> = {
  live: "live",
  replayed: "replayed",
  earlier: "earlier",
  away: "published, not received",
  lost: "lost",
};

/** Hollow cells drawn at most, so that the row still shows where the cut was. */
const mostHollow = 48;

function tellCells(cells: OffsetCell[], away: number): string {
  const kinds = (["earlier", "live", "replayed", "lost"] as const).map((kind) => {
    const found = cells.filter((cell) => cell.kind === kind);
    return [kind, found.reduce((sum, cell) => sum + countOf(cell), 0)] as const;
  });
  const told = [...kinds, ["away" as const, away] as const].filter(([, count]) => count > 0);
  if (told.length === 0) return "No offsets yet";
  return `Newest offsets: ${told.map(([kind, count]) => `${count} ${words[kind]}`).join(", ")}`;
}

function countOf(cell: OffsetCell): number {
  return cell.kind === "lost" ? cell.to - cell.from + 1 : 1;
}

function cellText(cell: OffsetCell): string | typeof nothing {
  return cell.kind === "lost" ? `${countOf(cell)} lost` : nothing;
}

function timeLeft(until: number): string {
  if (!Number.isFinite(until)) return `until ${tooMany} events are published`;
  return `${Math.max(0, Math.ceil((until - performance.now()) / 1000))} s left`;
}

function textOf(data: EventData): string {
  if (data.kind === "chat") return data.text;
  if (data.kind === "score") return `${data.home} : ${data.away}, ${data.what}`;
  return data.kind;
}

customElements.define("rosetta-gap", GapPanel);
