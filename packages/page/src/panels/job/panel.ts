import type { Client, Subscription, TopicState } from "@rosetta/client";
import type { EventData, ServerMessage } from "@rosetta/protocol";
import { css, html, nothing, type TemplateResult } from "lit";
import { theme } from "../../shared/theme.css.ts";
import { onSubmit, Panel, reasonOf, region, textOf } from "../base.ts";

type Progress = Extract<EventData, { kind: "progress" }>;

/** A job as this page knows it; `topic` is its name on the server. */
interface Job {
  number: number;
  mebibytes: number;
  topic: string;
  state: "starting" | Progress["state"] | "lost";
  done: number;
  total: number;
  result: string;
}

/** Jobs that this page started, each with its progress. */
export class JobPanel extends Panel {
  static override properties = {
    client: { attribute: false },
    jobs: { state: true },
    problem: { state: true },
  };
  declare client: Client;
  /** Newest first. */
  declare jobs: Job[];
  declare problem: string;
  #count = 0;
  #subscriptions = new Map<number, Subscription>();

  readonly #act = this.declares({
    start: (mebibytes: number) => this.#start(mebibytes),
    cancel: (number: number) => this.#cancel(number),
    clear: () => this.#clear(),
  });

  protected override attach(): void {
    this.jobs = [];
    this.problem = "";
    this.until(() => this.#release());
  }

  async #start(mebibytes: number): Promise<void> {
    this.problem = "";
    this.#count += 1;
    const number = this.#count;
    const { client } = this;
    const job: Job = { number, mebibytes, topic: "", state: "starting", done: 0, total: 0, result: "" };
    this.jobs = [job, ...this.jobs];
    try {
      const { topic } = await client.startJob(mebibytes);
      // Another server was chosen meanwhile: its jobs are not ours.
      if (client !== this.client) return;
      this.#change(number, { topic });
      this.#subscriptions.set(
        number,
        client.subscribe(
          topic,
          (event) => this.#progress(number, event),
          (state) => this.#place(number, state),
        ),
      );
    } catch (error) {
      this.jobs = this.jobs.filter((job) => job.number !== number);
      this.problem = `Not started: ${reasonOf(error)}`;
    }
  }

  #progress(number: number, event: ServerMessage<"event">): void {
    const { data } = event;
    if (data.kind !== "progress") return;
    this.#change(number, {
      state: data.state,
      done: data.done,
      total: data.total,
      result: data.result ?? "",
    });
    if (data.state !== "running") this.#end(number);
  }

  // A server that was started again knows nothing of the job.
  #place(number: number, state: TopicState): void {
    if (!state.error) return;
    this.#change(number, { state: "lost" });
    this.#end(number);
  }

  // At another server it may be over, or not be known yet.
  async #cancel(number: number): Promise<void> {
    const job = this.jobs.find((each) => each.number === number);
    if (!job || !isRunning(job) || !job.topic) return;
    try {
      await this.client.cancel(job.topic);
    } catch (error) {
      this.problem = `Not cancelled: ${reasonOf(error)}`;
    }
  }

  #change(number: number, change: Partial<Job>): void {
    this.jobs = this.jobs.map((job) => (job.number === number ? { ...job, ...change } : job));
  }

  #end(number: number): void {
    this.#subscriptions.get(number)?.unsubscribe();
    this.#subscriptions.delete(number);
  }

  #release(): void {
    for (const number of [...this.#subscriptions.keys()]) this.#end(number);
  }

  #clear(): void {
    this.jobs = this.jobs.filter(isRunning);
  }

  protected override render(): TemplateResult {
    return region("Jobs", intro, [
      html`
        <form @submit=${onSubmit((form) => this.#act("start", Number(textOf(form, "mebibytes"))))}>
          <p class="field size">
            <label for="mebibytes">MiB to hash</label>
            <input id="mebibytes" name="mebibytes" type="number" min="1" max="256" value="256" required />
          </p>
          <button class="main">Start job</button>
        </form>
        <p class="bad" role="alert" ?hidden=${!this.problem}>${this.problem}</p>
      `,
      this.jobs.length === 0
        ? html`<p class="empty">No job yet. You can start several; they run side by side.</p>`
        : html`<ol class="jobs" aria-label="Jobs of this page">
            ${this.jobs.map((job) => this.#job(job))}
          </ol>`,
      this.jobs.some((job) => !isRunning(job))
        ? html`<div><button class="small" @click=${() => this.#act("clear")}>Clear finished</button></div>`
        : nothing,
    ]);
  }

  #job(job: Job): TemplateResult {
    const title = `Job ${job.number}, ${job.mebibytes} MiB`;
    return html`
      <li ?data-over=${!isRunning(job)}>
        <h3>${title}</h3>
        <p class="number">
          <span role="status" aria-label=${`State of job ${job.number}`}>${job.state}</span>
          ${job.total ? html`<span class="muted">${job.done} of ${job.total}</span>` : nothing}
        </p>
        <progress aria-label=${`Progress of job ${job.number}`} max="100" .value=${percent(job)}></progress>
        ${
          isRunning(job)
            ? html`<button class="small" aria-label=${`Cancel job ${job.number}`} @click=${() => this.#act("cancel", job.number)}
              >Cancel</button
            >`
            : nothing
        }
        ${job.result ? html`<p class="digest"><span class="muted">SHA-256</span> <code>${job.result}</code></p>` : nothing}
      </li>
    `;
  }

  static override styles = [
    theme,
    css`
      .size {
        inline-size: 7.5rem;
      }

      .jobs {
        border-block-start: 1px solid var(--line);
      }

      .jobs li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) max-content;
        gap: 0.375rem 1rem;
        align-items: center;
        padding-block: 0.75rem;
        border-block-end: 1px solid var(--line);
        font-size: 0.9375rem;
      }

      .jobs li > :nth-child(2) {
        text-align: end;
      }

      [data-over] progress,
      .digest {
        grid-column: 1 / -1;
      }

      .digest {
        overflow-wrap: anywhere;
      }
    `,
  ];
}

const intro = html`A job is work that takes the server a while. It reports its progress in a topic, one for each job. This job
  computes a hash.`;

function isRunning(job: Job): boolean {
  return job.state === "starting" || job.state === "running";
}

function percent(job: Job): number {
  return job.total === 0 ? 0 : (100 * job.done) / job.total;
}

customElements.define("rosetta-job", JobPanel);
