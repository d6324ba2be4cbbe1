import type { Client, Subscription, TopicState } from "@rosetta/client";
import type { Audience, Server } from "@rosetta/protocol";
import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { formatClock } from "../format.ts";
import { onSubmit, Panel, reasonOf, region, textOf } from "../panel.ts";
import { theme } from "../theme.css.ts";

/** Lines shown; the server keeps about as many. */
const shown = 200;

/** A message of the room, or a remark of this page about the room. */
interface Line {
  at: number;
  from: string;
  to: Audience;
  text: string;
  own: boolean;
  place: string;
}

/** A room to talk in, with the names of those who are there. */
export class ChatPanel extends Panel {
  static override properties = {
    client: { attribute: false },
    room: { state: true },
    lines: { state: true },
    remark: { state: true },
    presence: { state: true },
    problem: { state: true },
  };
  declare client: Client;
  /** The room this page is in, or nothing. */
  declare room: string;
  declare lines: Line[];
  declare remark: string;
  declare presence: { count: number; members: string[] } | undefined;
  declare problem: string;
  #subscriptions: Subscription[] = [];
  #atEnd = true;
  /** The places in the log that are shown: after a reconnect the server may send some of them again. */
  #places = new Set<string>();

  constructor() {
    super();
    this.room = "";
  }

  protected override attach(): void {
    this.#enter(this.room);
    this.until(() => this.#release());
  }

  #enter(room: string): void {
    this.#release();
    this.#places.clear();
    this.lines = [];
    this.presence = undefined;
    this.remark = "";
    this.problem = "";
    this.room = room;
    if (!room) return;
    this.#subscriptions = [
      this.client.subscribe(
        `room/${room}`,
        (event) => this.#message(event),
        (state) => this.#state(state),
      ),
      this.client.subscribe(`presence/${room}`, (event) => this.#present(event)),
    ];
  }

  #release(): void {
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
  }

  #message(event: Server<"event">): void {
    if (event.data.kind !== "chat") return;
    const { at, from = "", to = "all", data, offset } = event;
    this.#add({
      at,
      from,
      to,
      text: data.text,
      own: from === this.#name(),
      place: `${event.epoch}:${offset}`,
    });
  }

  #state(state: TopicState): void {
    if (state.error) this.problem = `The room stays closed: ${reasonOf(state.error)}`;
    if (state.recovered === false) this.remark = lost;
  }

  #present(event: Server<"event">): void {
    if (event.data.kind !== "presence") return;
    this.presence = event.data;
  }

  #add(line: Line): void {
    if (this.#places.has(line.place)) return;
    this.lines = [...this.lines, line].slice(-shown);
    // What is shown no more cannot come twice: a replay begins with the newest.
    this.#places = new Set(this.lines.map(({ place }) => place));
  }

  #name(): string | undefined {
    return this.client.welcome?.member;
  }

  #choose(form: FormData): void {
    const room = textOf(form, "room");
    if (/^[a-z0-9-]{1,32}$/.test(room)) return this.#enter(room);
    this.problem = "A room's name is 1 to 32 small letters, digits or hyphens.";
  }

  async #say(form: FormData, element: HTMLFormElement): Promise<void> {
    const text = textOf(form, "message");
    if (!text || !this.room) return;
    const to: Audience = form.get("to") === "others" ? "others" : "all";
    this.problem = "";
    const field = element.elements.namedItem("message") as HTMLInputElement;
    field.value = "";
    try {
      const ack = await this.client.publish(`room/${this.room}`, text, to);
      // The server sends "others" to everybody else: our own line is written from its acknowledgement.
      const place = `${ack.epoch}:${ack.offset}`;
      if (to === "others")
        this.#add({ at: Date.now(), from: this.#name() ?? "", to, text, own: true, place });
    } catch (error) {
      this.problem = `Not sent: ${reasonOf(error)}`;
      field.value ||= text;
    }
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const box = this.#box();
    this.#atEnd = !box || box.scrollTop + box.clientHeight >= box.scrollHeight - 8;
  }

  // Whoever scrolled back to read is left there.
  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const box = this.#box();
    if (box && this.#atEnd) box.scrollTop = box.scrollHeight;
  }

  #box(): Element | null {
    return this.renderRoot?.querySelector(".lines") ?? null;
  }

  protected override render(): TemplateResult {
    return region("Chat room", intro, [
      this.#roomForm(),
      html`<p class="bad" role="alert" ?hidden=${!this.problem}>${this.problem}</p>`,
      this.room ? this.#talk() : nothing,
    ]);
  }

  #roomForm(): TemplateResult {
    return html`
      <form @submit=${onSubmit((form) => this.#choose(form))}>
        <p class="field grow">
          <label for="room">Room name</label>
          <input id="room" name="room" value="lobby" maxlength="32" autocomplete="off" spellcheck="false" />
        </p>
        <button class=${this.room ? "" : "main"}>Enter room</button>
      </form>
    `;
  }

  #talk(): TemplateResult {
    return html`
      ${this.#members()}
      <div>
        <h3 id="said" class="break">Said in ${this.room}</h3>
        <div class="lines" role="log" tabindex="0" aria-labelledby="said">
          ${this.lines.length === 0 ? html`<p class="empty">Nobody has said anything yet.</p>` : nothing}
          <ol>
            ${this.lines.map(lineOf)}
          </ol>
          ${this.remark ? html`<p class="warn">${this.remark}</p>` : nothing}
        </div>
      </div>
      ${this.#messageForm()}
    `;
  }

  #members(): TemplateResult {
    const { count = 0, members = [] } = this.presence ?? {};
    return html`
      <div class="here">
        <h3 id="here">Here now: <span class="number">${count}</span></h3>
        <button class="small" @click=${() => this.#enter("")}>Leave room</button>
        <ul class="members" aria-labelledby="here">
          ${members.map((member) => html`<li>${member}${member === this.#name() ? " (you)" : nothing}</li>`)}
        </ul>
      </div>
    `;
  }

  #messageForm(): TemplateResult {
    return html`
      <form @submit=${onSubmit((form, element) => void this.#say(form, element))}>
        <fieldset>
          <legend class="hidden">Who gets it</legend>
          <div class="choices">
            <label class="choice"><input type="radio" name="to" value="all" checked />To all, you included</label>
            <label class="choice"><input type="radio" name="to" value="others" />To others</label>
          </div>
        </fieldset>
        <p class="field grow">
          <label for="message">Message to the room</label>
          <input id="message" name="message" maxlength="4096" autocomplete="off" />
        </p>
        <button class="main">Send to room</button>
      </form>
    `;
  }

  static override styles = [
    theme,
    css`
      fieldset {
        flex: 1 0 100%;
      }

      .here {
        display: grid;
        grid-template-columns: minmax(0, 1fr) max-content;
        gap: 0.25rem 1rem;
        align-items: center;
      }

      .members {
        grid-column: 1 / -1;
        display: flex;
        flex-wrap: wrap;
        gap: 0.125rem 1rem;
        max-block-size: 4.5rem;
        overflow: auto;
        color: var(--muted);
        font-size: 0.9375rem;
      }

      .lines {
        margin-block-start: 0.375rem;
      }

      .who {
        display: flex;
        flex-wrap: wrap;
        gap: 0 0.625rem;
        color: var(--muted);
        font-size: 0.875rem;
      }

      .who b {
        color: var(--ink);
        font-weight: 600;
      }
    `,
  ];
}

const intro = html`A room is a topic: a named stream of events. Whoever follows it gets what is published there. A
  message to others skips its author.`;

const lost =
  "What was said in between is lost: the connection was away for too long, or the server was started again.";

function lineOf(line: Line): TemplateResult {
  return html`
    <li>
      <p class="who">
        <b class="break">${line.from}${line.own ? " (you)" : nothing}</b>
        <span>${line.to === "others" ? "to others" : "to all"}</span>
        <time class="number">${formatClock(line.at)}</time>
      </p>
      <p class="break">${line.text}</p>
    </li>
  `;
}

customElements.define("rosetta-chat", ChatPanel);
