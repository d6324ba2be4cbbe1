import type { Client, TopicState } from "@rosetta/client";
import type { EventData, ServerMessage } from "@rosetta/protocol";
import { css, html, nothing, type TemplateResult } from "lit";
import { formatClock } from "../../shared/format.ts";
import { theme } from "../../shared/theme.css.ts";
import { Panel, reasonOf, region } from "../base.ts";

/** Records shown; all of them move with each new one. */
const shown = 100;

type Log = Extract<EventData, { kind: "log" }>;

/** Shows the server's log records as they are written. */
export class ServerLogPanel extends Panel {
  static override properties = {
    client: { attribute: false },
    events: { state: true },
    place: { state: true },
  };
  declare client: Client;
  /** Newest first. */
  declare events: Array<ServerMessage<"event">>;
  declare place: TopicState;

  readonly #act = this.declares({
    clear: () => this.#clear(),
  });

  protected override attach(): void {
    this.events = [];
    this.place = {};
    const subscription = this.client.subscribe(
      "log",
      (event) => {
        this.events = [event, ...this.events].slice(0, shown);
      },
      (state) => {
        this.place = { ...state };
      },
    );
    this.until(() => subscription.unsubscribe());
  }

  protected override render(): TemplateResult {
    return region("Server log", intro, [
      html`
        <div class="lines" role="log" aria-live="off" tabindex="0" aria-label="Server log, newest first">
          ${
            this.events.length === 0
              ? html`<p class="empty">${this.#empty()}</p>`
              : html`<ol>
                ${this.events.map(lineOf)}
              </ol>`
          }
        </div>
      `,
      html`
        <div class="fields">
          <button class="small" @click=${() => this.#act("clear")}>Clear server log</button>
          ${this.place.recovered === false ? html`<p class="warn">Some lines were missed, and are lost.</p>` : nothing}
        </div>
      `,
    ]);
  }

  #empty(): string {
    const { error } = this.place;
    return error ? `This server does not publish its log: ${reasonOf(error)}` : "Nothing written yet.";
  }

  #clear(): void {
    this.events = [];
  }

  static override styles = [
    theme,
    css`
      .lines {
        block-size: 16rem;
      }

      .lines li {
        display: grid;
        grid-template-columns: 5rem 4.5rem minmax(0, 1fr);
        padding-block: 0.25rem;
        font: 0.8125rem / 1.5 var(--mono);
      }

      .lines li + li {
        border: 0;
      }
    `,
  ];
}

const intro = html`What the server writes down: who connected, who left and why, and who was refused. It arrives as the
  topic <code>log</code>.`;

function lineOf(event: ServerMessage<"event">): TemplateResult {
  const data = event.data as Log;
  return html`
    <li>
      <time class="muted">${formatClock(event.at)}</time>
      <b>${data.name}</b>
      <span class="break">${detailsOf(data)}</span>
    </li>
  `;
}

function detailsOf(data: Log): string {
  return Object.entries(data.details)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

customElements.define("rosetta-server-log", ServerLogPanel);
