import type { Client } from "@rosetta/client";
import { endpoints } from "@rosetta/protocol";
import { html, nothing, svg, type TemplateResult } from "lit";
import { chart, chartBox, chartStyle } from "../../shared/chart.ts";
import { closeText } from "../../shared/closing.ts";
import { formatBytes, formatDuration } from "../../shared/format.ts";
import { ask, isTemporary } from "../../shared/http.ts";
import { socketUrl } from "../../shared/servers.ts";
import { theme } from "../../shared/theme.css.ts";
import type { ReaderReport } from "../../wire/reader-messages.ts";
import { WorkerReader } from "../../wire/worker-reader.ts";
import { type Fact, fieldValue, onSubmit, reasonOf, region, ServerPanel, textOf } from "../base.ts";
import {
  exampleSamples,
  type FloodMark,
  type FloodSample,
  marksOf,
  readMetrics,
  sentenceOf,
} from "./model.ts";
import { style } from "./style.ts";

/** The topics that the reader follows. */
const topics = { flood: "room/flood", latest: "weather/berlin" };

/** How far the flood goes. */
type Goal = "waits" | "closed";

const lookMs = 500;
/** How long the reader's return is watched after it woke up (ms). */
const afterMs = 4_000;
/** Milliseconds that a flood of one MiB has to arrive where it can be seen. */
const settleMs = 60;
/** More than any kernel takes for one socket. */
const mostMebibytes = 48;

/** A reader that stops reading, a flood, and what the server does about it. */
export class FloodPanel extends ServerPanel {
  static override properties = {
    client: { attribute: false },
    report: { state: true },
    samples: { state: true },
    goal: { state: true },
    mebibytes: { state: true },
    isRunning: { state: true },
    problem: { state: true },
  };
  /** The page's own connection: it orders the flood, and is not the one that suffers. */
  declare client: Client;
  declare report: ReaderReport | undefined;
  declare samples: FloodSample[];
  declare goal: Goal;
  declare mebibytes: number;
  declare isRunning: boolean;
  declare problem: string;
  #reader: WorkerReader | undefined;
  /** Counts the connections that this panel was given: what belongs to an earlier one is left. */
  #life = 0;

  readonly #act = this.declares({
    choose: (goal: Goal) => this.#choose(goal),
    flood: (seconds: number) => this.#run(seconds),
  });

  constructor() {
    super();
    this.goal = "waits";
  }

  protected override attach(): void {
    this.#life += 1;
    this.report = undefined;
    this.samples = [];
    this.mebibytes = 0;
    this.isRunning = false;
    this.problem = "";
    this.until(() => this.#dismiss());
  }

  protected override facts(): Fact[] {
    const { report } = this;
    if (!report || this.isRunning || this.samples.length === 0) return [];
    const kinds = new Set(this.#marks().map(({ kind }) => kind));
    const { code, recovered, runs } = report;
    return [
      { name: "Flooded", value: `${this.mebibytes} MiB`, measured: true },
      {
        name: "Read before the end",
        value: `${runs[0] ? runs[0].to - runs[0].from + 1 : 0} events`,
        measured: true,
      },
      { name: "Gap in what was read", value: runs.length > report.connections ? "yes" : "none" },
      { name: "Weather events skipped", value: String(report.skipped), measured: true },
      { name: "Close code", value: code === undefined ? "stayed open" : String(code) },
      { name: "Counted as slow", value: kinds.has("slow") ? "yes" : "no" },
      { name: "recovered", value: recovered === undefined ? "–" : String(recovered) },
    ];
  }

  #marks(): FloodMark[] {
    return marksOf(this.samples);
  }

  async #run(given: number): Promise<void> {
    if (this.isRunning) return;
    const seconds = Math.min(10, Math.max(1, given || 3));
    const life = this.#life;
    this.isRunning = true;
    this.problem = "";
    this.mebibytes = 0;
    this.samples = [];
    try {
      await this.#floodFor(seconds * 1000, () => life === this.#life);
    } catch (error) {
      if (life === this.#life) this.problem = `The flood did not start: ${reasonOf(error)}`;
    }
    if (life === this.#life) this.isRunning = false;
  }

  async #floodFor(stallMs: number, isOurs: () => boolean): Promise<void> {
    const reader = await this.#follow();
    if (!isOurs()) return;
    const startedAt = performance.now();
    const since = () => performance.now() - startedAt;
    await this.#look(0);
    reader.stall(stallMs);
    while (isOurs() && since() < stallMs && this.mebibytes < mostMebibytes && !this.#isReached()) {
      await this.#pour();
      await this.#look(since());
    }
    // More than the log keeps is published while the reader is gone: it cannot be given the rest.
    if (isOurs() && this.goal === "closed") await this.#pour();
    while (isOurs() && since() < stallMs + afterMs) {
      await pause(lookMs);
      if (isOurs()) await this.#look(since());
    }
  }

  async #pour(): Promise<void> {
    await this.client.request({ type: "chaos", do: "flood", mebibytes: 1 });
    this.mebibytes += 1;
    await pause(settleMs);
  }

  #isReached(): boolean {
    const kinds = this.#marks().map(({ kind }) => kind);
    if (this.goal === "waits") return kinds.includes("waits") || kinds.includes("slow");
    return kinds.includes("slow") || kinds.includes("closed");
  }

  // A reader that is there is used again.
  async #follow(): Promise<WorkerReader> {
    this.#reader ??= new WorkerReader(socketUrl(this.server), topics, {
      report: (report) => {
        this.report = report;
      },
      frame: this.recorder(endpoints.application, "reader"),
    });
    const reader = this.#reader;
    try {
      await reader.ready;
    } catch (error) {
      // The next attempt gets a new reader.
      reader.dismiss();
      if (this.#reader === reader) this.#reader = undefined;
      throw error;
    }
    return reader;
  }

  #dismiss(): void {
    this.#life += 1;
    this.#reader?.dismiss();
    this.#reader = undefined;
  }

  async #look(at: number): Promise<void> {
    const answer = await ask(`${this.server.url}/metrics`).catch(() => undefined);
    // Skip this sample: the next one comes in half a second.
    if (!answer || isTemporary(answer.status)) return;
    if (answer.status !== 200) throw new Error(`the server answers ${answer.status} at /metrics`);
    this.samples = [...this.samples, readMetrics(answer.text, at)];
  }

  protected override render(): TemplateResult {
    return region("A reader that stops reading", intro, [
      this.#form(),
      html`<p class="bad" role="alert" ?hidden=${!this.problem}>${this.problem}</p>`,
      this.#state(),
      this.#chart(),
      this.#list(),
      html`<div>
        <h3 id="says">What the reader says</h3>
        <p class="says" role="status" aria-labelledby="says">${this.#says()}</p>
      </div>`,
      html`<p class="hint">
        The reader is a separate connection in a worker, a second thread of this page. The wire log leaves out the events
        of the flood. The metrics are those of the whole server, read twice a second.
      </p>`,
    ]);
  }

  #form(): TemplateResult {
    return html`
      <form @submit=${onSubmit((form) => this.#act("flood", Number(textOf(form, "seconds"))))}>
        <p class="field grow">
          <label for="goal">Flood until</label>
          <select id="goal" .value=${this.goal} @change=${(event: Event) => this.#act("choose", fieldValue(event) as Goal)}>
            <option value="waits">bytes wait</option>
            <option value="closed">the reader is closed</option>
          </select>
        </p>
        <p class="field seconds">
          <label for="seconds">Seconds</label>
          <input id="seconds" name="seconds" type="number" min="1" max="10" value="3" required />
        </p>
        <button class="main" aria-disabled=${this.isRunning}>Stall the reader and flood</button>
      </form>
    `;
  }

  #choose(goal: Goal): void {
    this.goal = goal;
  }

  #state(): TemplateResult {
    const { report } = this;
    const last = this.samples.at(-1);
    const state = report?.isStalled ? "does not read" : report?.state;
    const first = this.samples[0];
    return html`
      <dl class="facts">
        <dt>Reader</dt>
        <dd><span role="status" aria-label="State of the reader">${state ?? "not started"}</span></dd>
        <dt>Flooded</dt>
        <dd class="number">${this.mebibytes} MiB</dd>
        <dt>Waiting</dt>
        <dd class="number">${formatBytes(last?.queueBytes ?? 0)}</dd>
        <dt>Skipped</dt>
        <dd class="number">${last && first ? last.skipped - first.skipped : 0}</dd>
        <dt>Closed as slow</dt>
        <dd class="number">${last && first ? last.slow - first.slow : 0}</dd>
      </dl>
    `;
  }

  #chart(): TemplateResult {
    const isExample = this.samples.length === 0;
    const samples = isExample ? exampleSamples : this.samples;
    const limit = this.client.welcome?.limits.queueBytes ?? 1024 * 1024;
    const most = 1.1 * Math.max(limit, ...samples.map(({ queueBytes }) => queueBytes));
    const until = Math.max(1, samples.at(-1)?.at ?? 0);
    const x = (at: number): number => (chartBox.width * at) / until;
    const y = (bytes: number): number => chartBox.height * (1 - bytes / most);
    const points = samples.map(({ at, queueBytes }) => `${x(at).toFixed(1)},${y(queueBytes).toFixed(1)}`);
    return chart(
      "Bytes that wait, over time",
      svg`
        <line class="limit" x1="0" x2=${chartBox.width} y1=${y(limit)} y2=${y(limit)} />
        ${marksOf(samples).map(({ at, kind }) => svg`<line class=${kind} x1=${x(at)} x2=${x(at)} y1="0" y2=${chartBox.height} />`)}
        <polyline points=${points.join(" ")} />
      `,
      html`${isExample ? html`<span class="example">an example, recorded</span> ` : nothing}Bytes that wait, over ${formatDuration(until)}. The
        dashed line is the limit of ${formatBytes(limit)}.`,
    );
  }

  #list(): TemplateResult {
    const marks = this.#marks();
    return html`
      <div>
        <h3 id="marks">What the server’s metrics tell</h3>
        <div class="lines" role="log" tabindex="0" aria-labelledby="marks">
          ${
            marks.length === 0
              ? html`<p class="empty">Nothing has happened yet. What the server notices will be listed here.</p>`
              : html`<ol>${marks.map(
                  ({ at, kind, text }) =>
                    html`<li><span class="number muted">${(at / 1000).toFixed(1)} s</span> <span class="mark ${kind}">${text}</span></li>`,
                )}</ol>`
          }
        </div>
      </div>
    `;
  }

  #says(): TemplateResult {
    const { report } = this;
    if (!report) return html`<span class="muted">It has not started yet.</span>`;
    const { code } = report;
    return html`${sentenceOf(report)} ${code === undefined ? nothing : html`<span class="muted">${closeText(code)}.</span>`}`;
  }

  static override styles = [theme, chartStyle, style];
}

const intro = html`The server sends as fast as it can, and this reader stops reading.`;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

customElements.define("rosetta-flood", FloodPanel);
