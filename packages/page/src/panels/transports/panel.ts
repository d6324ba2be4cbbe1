import type { Client } from "@rosetta/client";
import { defaultHost } from "@rosetta/client";
import type { EventData, ServerMessage } from "@rosetta/protocol";
import { html, nothing, svg, type TemplateResult } from "lit";
import { chart, chartStyle, type Point, polyline } from "../../shared/chart.ts";
import { formatBytes, formatDuration } from "../../shared/format.ts";
import { theme } from "../../shared/theme.css.ts";
import { type Fact, fieldValue, region, ServerPanel } from "../base.ts";
import { agreementOf, newestPlaces, WayTally } from "./model.ts";
import { recorded } from "./recorded.ts";
import { style } from "./style.ts";
import { byPoll, bySocket, byStream, headBytes, type Transport, type TransportListener } from "./ways.ts";

/** The topics to ask for here. The last one does not exist: a refusal is worth seeing, too. */
const topics = [
  "weather/berlin",
  "weather/lagos",
  "weather/quito",
  "weather/tokyo",
  "scores",
  "weather/atlantis",
];

/** Events listed, and values drawn. */
const listed = 5;
const drawn = 24;
/** How often the server's clock is asked for. */
const pings = 5;

interface TransportWay {
  name: string;
  begin: Transport;
  tally: WayTally;
  stop: (() => void) | undefined;
}

/** The same topic by WebSocket, by Server-Sent Events and by long polling, and what each of them costs. */
export class TransportsPanel extends ServerPanel {
  static override properties = {
    client: { attribute: false },
    begin: {},
    topic: { state: true },
  };
  /** The page's own connection: it is asked for the server's clock. */
  declare client: Client;
  /** The topic to begin with, if the address names one. */
  declare begin: string;
  declare topic: string;
  #ways: TransportWay[] = [
    { name: "WebSocket", begin: bySocket, tally: new WayTally(), stop: undefined },
    { name: "Server-Sent Events", begin: byStream, tally: new WayTally(), stop: undefined },
    { name: "Long polling", begin: byPoll, tally: new WayTally(), stop: undefined },
  ];
  /** Milliseconds that the server's clock is ahead of this page's. */
  #ahead = 0;

  readonly #act = this.declares({
    choose: (topic: string) => this.#choose(topic),
    start: (names: string[]) => this.#startAll(names),
    stop: (names: string[]) => this.#stopAll(names),
  });

  constructor() {
    super();
    this.begin = "";
    this.topic = "weather/berlin";
  }

  protected override attach(): void {
    if (this.begin) this.topic = this.begin;
    for (const way of this.#ways) this.#reset(way);
    this.until(() => this.#stopAll());
    this.until(this.client.on("state", ({ name }) => name === "open" && void this.#askClock()));
    void this.#askClock();
  }

  protected override facts(): Fact[] {
    const tallies = this.#ways.map(({ tally }) => tally);
    if (tallies.every(({ events, refusal }) => events === 0 && !refusal)) return [];
    const agreement = agreementOf(tallies);
    return [
      { name: "Events of all ways", value: agreement ? (agreement.same ? "the same" : "different") : "–" },
      { name: "Mode", value: tallies.find(({ mode }) => mode)?.mode ?? "–" },
      ...this.#ways.flatMap(({ name, tally }) => factsOf(name, tally)),
    ];
  }

  get #names(): string[] {
    return this.#ways.map(({ name }) => name);
  }

  #startAll(names: string[]): void {
    for (const way of this.#ways) if (names.includes(way.name) && !way.tally.isRunning) this.#start(way);
  }

  #start(way: TransportWay): void {
    this.#reset(way);
    const { server, topic, wire } = this;
    way.stop = way.begin({ server, topic, wire, listener: this.#listenerOf(way) });
    this.requestUpdate();
  }

  #stop(way: TransportWay): void {
    way.stop?.();
    way.stop = undefined;
    way.tally.state = "stopped";
    this.requestUpdate();
  }

  #stopAll(names = this.#names): void {
    for (const way of this.#ways) if (names.includes(way.name)) this.#stop(way);
  }

  #reset(way: TransportWay): void {
    this.#stop(way);
    way.tally = new WayTally();
  }

  // Of several answers the fastest: the less time it took, the less is left to guess.
  async #askClock(): Promise<void> {
    const { client } = this;
    let best = Number.POSITIVE_INFINITY;
    for (let count = 0; count < pings; count++) {
      const answer = await client.ping().catch(() => undefined);
      if (!answer || client !== this.client) return;
      if (answer.rttMs >= best) continue;
      best = answer.rttMs;
      this.#ahead = answer.clockOffsetMs;
    }
  }

  // Of one life of a way: what an earlier one still says is counted for that.
  #listenerOf(way: TransportWay): TransportListener {
    const { tally } = way;
    const startedAt = this.#serverTime();
    const change = (make: () => void): void => {
      make();
      this.requestUpdate();
    };
    return {
      requested: () => change(() => (tally.requests += 1)),
      begun: (bytes) => change(() => (tally.begin += bytes)),
      around: (bytes) => change(() => (tally.around += bytes)),
      mode: (mode) => change(() => (tally.mode = mode)),
      state: (state) => change(() => (tally.state = tally.isOver ? "refused" : state)),
      event: (event, bytes) =>
        change(() => tally.add({ event, delayMs: this.#delayOf(event, startedAt) }, bytes)),
      answered: () => change(() => (tally.refusal = "")),
      putOff: (reason) =>
        change(() => {
          [tally.refusal, tally.state] = [reason, "asks again soon"];
        }),
      refused: (reason) =>
        change(() => {
          [tally.refusal, tally.state, tally.isOver] = [reason, "refused", true];
          // Not before the way has answered how to stop it.
          queueMicrotask(() => way.tally === tally && way.stop?.());
        }),
    };
  }

  #serverTime(): number {
    return defaultHost.now() + this.#ahead;
  }

  #delayOf({ at }: ServerMessage<"event">, startedAt: number): number | undefined {
    return at < startedAt ? undefined : Math.max(0, this.#serverTime() - at);
  }

  #choose(topic: string): void {
    this.topic = topic;
    this.chose(this.topic);
    for (const way of this.#ways) {
      const again = way.stop !== undefined;
      this.#reset(way);
      if (again) this.#start(way);
    }
  }

  protected override render(): TemplateResult {
    return region("Three ways to the same events", intro, [
      this.#form(),
      this.#table(),
      this.#chart(),
      html`<p class="hint" role="status" aria-label="Agreement">${this.#agreement()}</p>`,
      html`<p class="hint">${headWords}</p>`,
    ]);
  }

  #form(): TemplateResult {
    const choices = topics.includes(this.topic) ? topics : [this.topic, ...topics];
    const running = this.#ways.some(({ tally }) => tally.isRunning);
    return html`
      <div class="fields">
        <p class="field grow">
          <label for="topic">Topic of all three</label>
          <select id="topic" .value=${this.topic} @change=${(event: Event) => this.#act("choose", fieldValue(event))}>
            ${choices.map(
              (topic) =>
                html`<option value=${topic} ?selected=${topic === this.topic}>${topic}${notThere(topic)}</option>`,
            )}
          </select>
        </p>
        <button class="main" @click=${() => this.#act(running ? "stop" : "start", this.#names)}>${running ? "Stop all" : "Start all three"}</button>
      </div>
    `;
  }

  #table(): TemplateResult {
    const tallies = this.#ways.map(({ tally }) => tally);
    const places = newestPlaces(tallies, listed);
    if (!this.#hasBegun) return this.#example();
    return html`
      <table aria-label="What each way brought">
        <thead>
          <tr>
            <td></td>
            ${this.#ways.map(({ name }) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${this.#row("State", ({ tally }) => html`<span class=${tally.refusal ? "bad" : nothing}>${tally.state}</span>`)}
          ${this.#row("Newest offset", ({ tally }) => (tally.newest ? `#${tally.newest.event.offset}` : "–"))}
          ${this.#row("Events", ({ tally }) => tally.events)}
          ${this.#row("Requests", ({ tally }) => tally.requests)}
          ${this.#row("To begin", ({ tally }) => (tally.begin ? formatBytes(tally.begin) : "–"))}
          ${this.#row("Each event", ({ tally }) => eachOf(tally.content, tally.events))}
          ${this.#row("Around each", ({ tally }) => eachOf(tally.around, tally.events))}
          ${this.#row("Page learns", ({ tally }) => tally.refusal || "–", "told break")}
          ${this.#row("", (way) => this.#button(way))}
        </tbody>
        <tbody class="events">
          <tr>
            <th scope="rowgroup" colspan="4">Delay of the newest events</th>
          </tr>
          ${Array.from({ length: listed }, (_, index) => this.#event(places[index]))}
        </tbody>
      </table>
    `;
  }

  get #hasBegun(): boolean {
    return this.#ways.some(({ tally }) => tally.isRunning || tally.requests > 0 || tally.refusal);
  }

  /** Draws the same table with numbers that were recorded. */
  #example(): TemplateResult {
    return html`
      <table aria-label="What each way brought">
        <caption><span class="example">an example, recorded</span></caption>
        <thead>
          <tr>
            <td></td>
            ${this.#ways.map(({ name }) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody class="muted">
          ${recorded.map(
            ([name, ...cells]) =>
              html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`,
          )}
          ${this.#row("", (way) => this.#button(way))}
        </tbody>
      </table>
    `;
  }

  #row(name: string, cell: (way: TransportWay) => unknown, kind = ""): TemplateResult {
    const head = name ? html`<th scope="row">${name}</th>` : html`<td></td>`;
    return html`<tr class=${kind}>${head}${this.#ways.map((way) => html`<td>${cell(way)}</td>`)}</tr>`;
  }

  #button(way: TransportWay): TemplateResult {
    const { isRunning } = way.tally;
    const word = isRunning ? "Stop" : "Start";
    const act = () => this.#act(isRunning ? "stop" : "start", [way.name]);
    return html`<button class="small" aria-label="${word} ${way.name}" @click=${act}>${word}</button>`;
  }

  #event(place: number | undefined): TemplateResult {
    if (place === undefined) return html`<tr aria-hidden="true"><td colspan="4">&nbsp;</td></tr>`;
    return this.#row(`#${place}`, ({ tally }) => {
      const arrival = tally.at(place);
      if (!arrival) return html`<span class="muted">–</span>`;
      return arrival.delayMs === undefined
        ? html`<span class="muted">older</span>`
        : formatDuration(arrival.delayMs);
    });
  }

  #chart(): TemplateResult | typeof nothing {
    const courses = this.#ways.map(({ tally }) => courseOf(tally));
    if (courses.every(({ length }) => length === 0)) return nothing;
    const values = courses.flat().map(({ value }) => value);
    const newest =
      newestPlaces(
        this.#ways.map(({ tally }) => tally),
        1,
      )[0] ?? 0;
    const [low, high] = [Math.min(...values) - 0.5, Math.max(...values) + 0.5];
    const last = courses.flatMap((course) => course.find(({ offset }) => offset === newest) ?? [])[0];
    return chart(
      "Newest values",
      courses.map((course) => svg`<polyline points=${polyline(course, newest, drawn, [low, high])} />`),
      last
        ? `${last.value.toFixed(1)} °C at #${newest}. Three lines, each thinner than the one below, which cover each other where the ways agree.`
        : nothing,
    );
  }

  #agreement(): string {
    const agreement = agreementOf(this.#ways.map(({ tally }) => tally));
    if (!agreement) return "Start at least two ways, and this line says whether they delivered the same.";
    const { from, to, same, missing } = agreement;
    const skipped = missing
      ? ` ${missing} of these did not arrive by every way, which the mode latest allows.`
      : "";
    return `#${from} to #${to}: ${same ? "the same events by every way that is started." : "the ways differ!"}${skipped}`;
  }

  static override styles = [theme, chartStyle, style];
}

const intro = html`One topic, delivered in three ways. Compare what arrives, and what it costs.`;

const headWords = html`Bytes that came from the server, on average for each event. <em>To begin</em> is paid once for a
  connection: the handshake or the first answer, and where the topic stands. <em>Around each</em> is paid every time. A page
  cannot see the head of an HTTP answer, so each counts as ${headBytes} bytes, as in the browser’s Resource Timing.`;

function eachOf(bytes: number, events: number): string {
  return events === 0 ? "–" : formatBytes(Math.round(bytes / events));
}

function notThere(topic: string): string {
  return topic === "weather/atlantis" ? " (does not exist)" : "";
}

function factsOf(name: string, tally: WayTally): Fact[] {
  const { refusal, events, requests, begin, content, aroundEach, newest } = tally;
  if (refusal) return [{ name: `${name}: refused with`, value: refusal }];
  if (events === 0) return [];
  return [
    { name: `${name}: newest`, value: `#${newest?.event.offset}`, measured: true },
    { name: `${name}: requests`, value: String(requests), measured: true },
    { name: `${name}: bytes to begin`, value: String(begin), measured: true },
    {
      name: `${name}: bytes per event`,
      value: `${Math.round(content / events)} + ${Math.round(aroundEach ?? 0)}`,
      measured: true,
    },
    { name: `${name}: delay`, value: formatDuration(newest?.delayMs ?? 0), measured: true },
  ];
}

function courseOf({ arrivals }: WayTally): Point[] {
  return arrivals.flatMap(({ event: { offset, data } }) => {
    const value = celsiusOf(data);
    return value === undefined ? [] : [{ offset, value }];
  });
}

function celsiusOf(data: EventData): number | undefined {
  return data.kind === "weather" ? data.celsius : undefined;
}

customElements.define("rosetta-transports", TransportsPanel);
