import type { Client, Subscription, TopicState } from "@rosetta/client";
import type { EventData, Mode, ServerMessage } from "@rosetta/protocol";
import { css, html, nothing, svg, type TemplateResult } from "lit";
import { chart, chartStyle, polyline } from "../../shared/chart.ts";
import { formatClock } from "../../shared/format.ts";
import { theme } from "../../shared/theme.css.ts";
import { fieldValue, Panel, reasonOf, region } from "../base.ts";

/** The topics to follow here. The server has no list to ask for: these belong to the protocol's description. */
const topics = ["weather/berlin", "weather/lagos", "weather/quito", "weather/tokyo", "scores"];

/** Events drawn, and listed. */
const drawn = 24;
const listed = 6;

/** One feed of the server: the weather of a place, or the scores of a match. */
export class FeedPanel extends Panel {
  static override properties = {
    client: { attribute: false },
    begin: {},
    topic: { state: true },
    following: { state: true },
    events: { state: true },
    place: { state: true },
  };
  declare client: Client;
  /** The topic to begin with, if the address names one. */
  declare begin: string;
  declare topic: string;
  declare following: boolean;
  /** Newest first. */
  declare events: Array<ServerMessage<"event">>;
  declare place: TopicState;
  #subscription: Subscription | undefined;

  readonly #act = this.declares({
    choose: (topic: string) => this.#choose(topic),
    follow: () => this.#setFollowing(true),
    stop: () => this.#setFollowing(false),
  });

  constructor() {
    super();
    this.begin = "";
    this.topic = "weather/berlin";
    this.following = true;
  }

  protected override attach(): void {
    if (topics.includes(this.begin)) this.topic = this.begin;
    this.#follow();
    this.until(() => this.#release());
  }

  #follow(): void {
    this.#release();
    this.events = [];
    this.place = {};
    if (!this.following) return;
    this.#subscription = this.client.subscribe(
      this.topic,
      (event) => {
        this.events = [event, ...this.events].slice(0, drawn);
      },
      (state) => {
        this.place = { ...state };
      },
    );
  }

  #release(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
  }

  #choose(topic: string): void {
    this.topic = topic;
    this.chose(this.topic);
    this.#follow();
  }

  #setFollowing(following: boolean): void {
    this.following = following;
    this.#follow();
  }

  protected override render(): TemplateResult {
    const [newest] = this.events;
    return region("Live feed", intro, [
      html`
        <div class="fields">
          <p class="field grow">
            <label for="topic">Topic</label>
            <select id="topic" .value=${this.topic} @change=${(event: Event) => this.#act("choose", fieldValue(event))}>
              ${topics.map((topic) => html`<option value=${topic}>${topic}</option>`)}
            </select>
          </p>
          <button @click=${() => this.#act(this.following ? "stop" : "follow")}>${this.following ? "Stop following" : "Start following"}</button>
        </div>
      `,
      html`<p class="newest" role="group" aria-label="Newest event">
        ${newest ? newestOf(newest.data) : this.#empty()}
      </p>`,
      this.#chart(),
      this.#earlier(),
      this.#place(),
    ]);
  }

  #empty(): TemplateResult {
    return html`<span class="muted">${this.following ? "Waiting for the first event." : "Not followed."}</span>`;
  }

  #chart(): TemplateResult {
    const points = this.events.map(({ offset, data }) => ({ offset, value: valueIn(data) }));
    const values = points.map(({ value }) => value);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const [newest] = this.events;
    return chart(
      "Newest values",
      svg`<polyline points=${newest ? polyline(points, newest.offset, drawn, [low - 0.5, high + 0.5]) : ""} />`,
      newest ? courseText(newest.data, low, high) : nothing,
    );
  }

  #earlier(): TemplateResult {
    return html`
      <div>
        <h3 id="events">Events, newest first</h3>
        <ol class="events" aria-labelledby="events">
          ${this.events.slice(0, listed).map(
            (event) => html`
              <li>
                <span class="number muted">#${event.offset}</span>
                <time class="number muted">${formatClock(event.at)}</time>
                <span class="break">${lineOf(event.data)}</span>
              </li>
            `,
          )}
        </ol>
      </div>
    `;
  }

  #place(): TemplateResult {
    const { mode, recovered, error } = this.place;
    if (error) return html`<p class="bad">Not available: ${reasonOf(error)}</p>`;
    return html`
      <p class="hint">
        ${mode ? promises[mode] : nothing}
        ${recovered === false && mode === "stream" ? html`<span class="warn">Some events were missed, and are lost.</span>` : nothing}
      </p>
    `;
  }

  static override styles = [
    theme,
    chartStyle,
    css`
      .newest {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1rem;
        align-items: baseline;
        min-block-size: 3.25rem;
      }

      figure svg {
        block-size: 3rem;
      }

      figcaption {
        min-block-size: 1.3125rem;
      }

      .figure {
        font: 600 2.5rem / 1.25 var(--sans);
        font-variant-numeric: tabular-nums lining-nums;
      }

      .events {
        min-block-size: 10rem;
        margin-block-start: 0.375rem;
        border-block-start: 1px solid var(--line);
      }

      .events li {
        display: grid;
        grid-template-columns: 4rem 5rem minmax(0, 1fr);
        padding-block: 0.125rem;
        font-size: 0.9375rem;
      }
    `,
  ];
}

const intro = html`The server publishes by itself, and you follow. Each event has a number, so a gap would show.`;

const promises: Record<Mode, string> = {
  latest: "Only the newest event counts here, so the server may skip some for a slow reader.",
  stream: "Every event counts here. After a lost connection, the server sends the missed ones again.",
};

function newestOf(data: EventData): TemplateResult {
  if (data.kind === "weather") {
    return html`<span class="figure">${data.celsius.toFixed(1)} °C</span><span>wind ${data.windKmh} km/h</span>`;
  }
  if (data.kind === "score") {
    return html`<span class="figure">${data.home} : ${data.away}</span
      ><span>minute ${data.minute}, ${data.what}</span>`;
  }
  return html`${lineOf(data)}`;
}

function courseText(data: EventData, low: number, high: number): string {
  if (data.kind === "score") return `Lead of the home team, ${low} to ${high}`;
  return `Temperature, ${low.toFixed(1)} to ${high.toFixed(1)} °C`;
}

/** Draws an event. */
function valueIn(data: EventData): number {
  if (data.kind === "weather") return data.celsius;
  return data.kind === "score" ? data.home - data.away : 0;
}

function lineOf(data: EventData): string {
  if (data.kind === "weather") return `${data.celsius.toFixed(1)} °C, wind ${data.windKmh} km/h`;
  if (data.kind === "score") return `${data.home} : ${data.away}, minute ${data.minute}, ${data.what}`;
  return JSON.stringify(data);
}

customElements.define("rosetta-feed", FeedPanel);
