import type { Client, SocketState } from "@rosetta/client";
import { endpoints } from "@rosetta/protocol";
import { css, html, nothing, svg, type TemplateResult } from "lit";
import { afterFrame } from "../../shared/after-frame.ts";
import { chartStyle } from "../../shared/chart.ts";
import { closeText } from "../../shared/closing.ts";
import { formatDuration } from "../../shared/format.ts";
import { ask } from "../../shared/http.ts";
import { healthOf, socketUrl } from "../../shared/servers.ts";
import { theme } from "../../shared/theme.css.ts";
import { WorkerReader } from "../../wire/worker-reader.ts";
import { type Fact, onSubmit, reasonOf, region, ServerPanel, textOf } from "../base.ts";
import { type Beat, exampleBook, keptBeats, LatencyBook, readMetric } from "./model.ts";

/** Milliseconds between two pings. */
const beatMs = 1000;
/** Milliseconds that the HTTP side of a server may take. */
const askMs = 5000;

/** The server's report on itself, by HTTP. */
interface Report {
  health: string;
  connections: number | undefined;
  deaths: number | undefined;
}

/** A script that was made to hang. */
interface Hanging {
  seconds: number;
  isStalled: boolean;
  isOver: boolean;
  /** With what its connection ended, if it did. */
  code: number | undefined;
}

/** The topics that it follows: so quiet that nothing but its silence could be noticed. */
const hangingTopics = { flood: "room/silence" };

/** Pings that a script can send and see, and what the server does where no script sees it. */
export class LatencyPanel extends ServerPanel {
  static override properties = {
    client: { attribute: false },
    state: { state: true },
    isBeating: { state: true },
    book: { state: true, hasChanged: () => true },
    report: { state: true },
    problem: { state: true },
    hanging: { state: true },
  };
  /** The page's own connection: it sends the pings. */
  declare client: Client;
  declare state: SocketState;
  declare isBeating: boolean;
  declare book: LatencyBook;
  declare report: Report | undefined;
  declare problem: string;
  /** A script that hangs, or did: for how long, and what its server made of it. */
  declare hanging: Hanging | undefined;
  #timer = 0;
  #reader: WorkerReader | undefined;

  readonly #act = this.declares({
    beat: () => this.#beat(),
    stopBeating: () => this.#stopBeating(),
    ping: () => afterFrame(() => void this.#ping()),
    ask: () => this.#ask(),
    freeze: (seconds: number) => this.#freeze(seconds),
  });

  protected override attach(): void {
    this.book = new LatencyBook();
    this.report = undefined;
    this.problem = "";
    this.isBeating = false;
    this.state = this.client.state;
    this.until(this.client.on("state", (state) => (this.state = state)));
    this.until(() => clearInterval(this.#timer));
    this.hanging = undefined;
    this.until(() => this.#dismiss());
  }

  protected override facts(): Fact[] {
    const { book, report } = this;
    const pings: Fact[] = [
      { name: "Missed beats", value: String(book.missed) },
      { name: "Round trip, median", value: durationText(book.percentile(50)), measured: true },
      { name: "Round trip, 95 %", value: durationText(book.percentile(95)), measured: true },
      { name: "Server's clock", value: offsetText(book.clockOffsetMs), measured: true },
    ];
    const server: Fact[] = [
      { name: "Health", value: report?.health ?? "" },
      { name: "Pings of the server", value: this.#heartbeat() },
      { name: "Declared dead", value: String(report?.deaths ?? "–"), measured: true },
    ];
    return [...(book.count > 0 ? pings : []), ...(report ? server : [])];
  }

  #stopBeating(): void {
    clearInterval(this.#timer);
    this.isBeating = false;
  }

  #beat(): void {
    this.#stopBeating();
    this.isBeating = true;
    afterFrame(() => void this.#ping());
    this.#timer = window.setInterval(() => void this.#ping(), beatMs);
  }

  async #ping(): Promise<void> {
    const { book, client } = this;
    try {
      const { rttMs, clockOffsetMs } = await client.ping();
      book.answered(rttMs, clockOffsetMs);
    } catch (error) {
      book.unanswered(reasonOf(error));
    }
    if (this.book === book) this.requestUpdate("book");
  }

  async #ask(): Promise<void> {
    const { server } = this;
    this.problem = "";
    try {
      const report = await readReport(server.url);
      if (this.server === server) this.report = report;
    } catch (error) {
      if (this.server === server) this.problem = `No answer by HTTP: ${reasonOf(error)}`;
    }
  }

  // A thread that hangs answers nothing. The browser does, also in its name.
  async #freeze(seconds: number): Promise<void> {
    if (this.hanging && !this.hanging.isOver) return;
    this.#dismiss();
    const reader = new WorkerReader(socketUrl(this.server), hangingTopics, {
      report: ({ isStalled, code }) => {
        if (!isStalled && this.hanging?.isStalled) this.hanging = { ...this.hanging, code, isOver: true };
        if (isStalled) this.hanging = { seconds, isStalled, isOver: false, code };
      },
      frame: this.recorder(endpoints.application, "reader"),
    });
    this.#reader = reader;
    this.hanging = { seconds, isStalled: false, isOver: false, code: undefined };
    try {
      await reader.ready;
      reader.stall(seconds * 1000);
    } catch (error) {
      this.problem = reasonOf(error);
      this.hanging = undefined;
    }
  }

  #dismiss(): void {
    this.#reader?.dismiss();
    this.#reader = undefined;
  }

  #heartbeat(): string {
    const { heartbeatMs } = this.client.welcome?.limits ?? {};
    return heartbeatMs === undefined ? "–" : `every ${formatDuration(heartbeatMs)}`;
  }

  protected override render(): TemplateResult {
    return region("Heartbeat", intro, [
      html`
        <div class="fields">
          <button class="main" @click=${() => this.#act(this.isBeating ? "stopBeating" : "beat")}>${this.isBeating ? "Stop pinging" : "Ping every second"}</button>
          <button @click=${() => this.#act("ping")}>Ping once</button>
        </div>
      `,
      this.#chart(),
      this.#numbers(),
      this.#list(),
      this.#serverSide(),
      this.#hangingSide(),
    ]);
  }

  #chart(): TemplateResult {
    const isExample = this.book.count === 0;
    const book = isExample ? exampleBook : this.book;
    const { beats, missed } = book;
    const highest = Math.max(1, book.percentile(100) ?? 0);
    const told = `${beats.length} pings, median ${durationText(book.percentile(50))}, ${missed} missed`;
    return html`
      <div>
        <h3>Round trips ${isExample ? html`<span class="example">an example, recorded</span>` : nothing}</h3>
        <figure>
          <svg viewBox="0 0 ${keptBeats} 100" preserveAspectRatio="none" role="img" aria-label="Round trips: ${told}">
            ${beats.map((beat, index) => bar(beat, keptBeats - beats.length + index, highest))}
          </svg>
          <figcaption class="apart hint number">
            <span>newest ${keptBeats}</span><span>highest ${durationText(book.percentile(100))}</span>
          </figcaption>
        </figure>
      </div>
    `;
  }

  #numbers(): TemplateResult {
    const book = this.book.count === 0 ? exampleBook : this.book;
    return html`
      <dl class="facts number">
        <dt>Half within</dt>
        <dd>${durationText(book.percentile(50))} <span class="muted">(p50, the median)</span></dd>
        <dt>95 of 100 within</dt>
        <dd>${durationText(book.percentile(95))} <span class="muted">(p95)</span></dd>
        <dt>Missed beats</dt>
        <dd class=${book.missed > 0 ? "bad" : ""}>${book.missed} of ${book.count}</dd>
        <dt>Server's clock</dt>
        <dd>${offsetText(book.clockOffsetMs)}</dd>
      </dl>
    `;
  }

  #list(): TemplateResult {
    return html`
      <div>
        <h3 id="beats">Beats, newest first</h3>
        <div class="lines" role="log" aria-live="off" tabindex="0" aria-labelledby="beats">
          ${this.book.count === 0 ? html`<p class="empty">No ping yet.</p>` : nothing}
          <ol>
            ${this.book.beats.toReversed().map(beatLine)}
          </ol>
        </div>
      </div>
    `;
  }

  #serverSide(): TemplateResult {
    const { report } = this;
    return html`
      <div class="server-side">
        <h3>The server's side</h3>
        <p class="hint">
          The server sends its own pings, as control frames. The browser answers them, and no script sees them. You can
          ask by plain HTTP what the server learned from them.
        </p>
        <div class="fields"><button @click=${() => this.#act("ask")}>Ask by HTTP</button></div>
        <p class="bad" role="alert" ?hidden=${!this.problem}>${this.problem}</p>
        ${
          report
            ? html`<dl class="facts number">
              <dt>Its pings</dt>
              <dd>${this.#heartbeat()}</dd>
              <dt><code>/healthz</code></dt>
              <dd>${report.health}</dd>
              <dt>Open at <code>/ws</code></dt>
              <dd>${report.connections ?? "not published"}</dd>
              <dt>Declared dead</dt>
              <dd>${report.deaths ?? "not published"}</dd>
            </dl>`
            : nothing
        }
      </div>
    `;
  }

  #hangingSide(): TemplateResult {
    const isBusy = this.hanging !== undefined && !this.hanging.isOver;
    return html`
      <div class="server-side">
        <h3>A script that hangs</h3>
        <form @submit=${onSubmit((form) => this.#act("freeze", Number(textOf(form, "seconds"))))}>
          <p class="field seconds">
            <label for="seconds">Seconds</label>
            <input id="seconds" name="seconds" type="number" min="1" max="120" value="40" required />
          </p>
          <button aria-disabled=${isBusy}>Freeze a script</button>
        </form>
        <p class="hint told" role="status" aria-label="The script that hangs">${hangingText(this.hanging)}</p>
      </div>
    `;
  }

  static override styles = [
    theme,
    chartStyle,
    css`
      .beat {
        fill: var(--accent);
      }

      /* A missed beat is a hole to the top: not told by its colour alone. */
      .miss {
        fill: none;
        stroke: var(--bad);
        stroke-width: 1px;
        vector-effect: non-scaling-stroke;
      }

      .lines {
        block-size: 9rem;
      }

      .lines li {
        display: grid;
        grid-template-columns: 3rem minmax(0, 1fr) minmax(0, 1.5fr);
        gap: 0.5rem;
        padding-block: 0.125rem;
        border: 0;
      }

      .seconds {
        inline-size: 5.5rem;
      }

      .told {
        min-block-size: 4rem;
      }

      .server-side {
        display: grid;
        gap: 0.75rem;
        grid-template-columns: minmax(0, 1fr);
      }
    `,
  ];
}

const intro = html`Sends pings over the page’s connection, and counts the replies that do not come.`;

function hangingText(hanging: Hanging | undefined): string {
  if (!hanging)
    return "Starts a second client in a worker, and blocks its thread, so that its script can answer nothing.";
  const { seconds, isOver, code } = hanging;
  if (!isOver)
    return `It hangs for ${seconds} s. Its script sends nothing, but the browser goes on answering the server’s pings.`;
  if (code === undefined) {
    return `It hung for ${seconds} s and its connection is still open, because the browser answered the server’s pings.`;
  }
  return `It hung for ${seconds} s, and its connection is gone: ${closeText(code)}.`;
}

async function readReport(url: string): Promise<Report> {
  const end = AbortSignal.timeout(askMs);
  const [health, { text }] = await Promise.all([ask(`${url}/healthz`, end), ask(`${url}/metrics`, end)]);
  return {
    // If the server refuses us, or a proxy answers in its place, show that instead.
    health: healthOf(health) ?? `${health.status} ${health.text.trim().slice(0, 80)}`,
    connections: readMetric(text, "rosetta_connections", 'endpoint="/ws"'),
    deaths: readMetric(text, "rosetta_heartbeat_deaths_total"),
  };
}

function bar(beat: Beat, x: number, highest: number): TemplateResult {
  if (beat.roundTripMs === undefined) {
    return svg`<rect class="miss" x=${x + 0.2} y="2" width="0.6" height="98"></rect>`;
  }
  const height = Math.max(2, (100 * beat.roundTripMs) / highest);
  return svg`<rect class="beat" x=${x + 0.1} y=${100 - height} width="0.8" height=${height}></rect>`;
}

function beatLine({ number, roundTripMs, clockOffsetMs, reason }: Beat): TemplateResult {
  const isMissed = roundTripMs === undefined;
  return html`
    <li>
      <span class="number muted">${number}</span>
      <span class=${isMissed ? "bad" : "number"}>${isMissed ? "missed" : durationText(roundTripMs)}</span>
      <span class="muted number break">${isMissed ? reason : offsetText(clockOffsetMs)}</span>
    </li>
  `;
}

function durationText(milliseconds: number | undefined): string {
  return milliseconds === undefined ? "–" : formatDuration(milliseconds);
}

function offsetText(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return "–";
  return `${formatDuration(Math.abs(milliseconds))} ${milliseconds < 0 ? "behind" : "ahead"}`;
}

customElements.define("rosetta-latency", LatencyPanel);
