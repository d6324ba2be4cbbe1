import type { Client, Subscription, TopicState } from "@rosetta/client";
import { type Audience, endpoints, type ServerMessage } from "@rosetta/protocol";
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { formatClock } from "../../shared/format.ts";
import { socketUrl } from "../../shared/servers.ts";
import { theme } from "../../shared/theme.css.ts";
import { type Fact, onSubmit, reasonOf, region, ServerPanel, textOf } from "../base.ts";
import { Friend } from "./friend.ts";
import { style } from "./style.ts";

/** Lines shown; the server keeps about as many. */
const shown = 200;

/** A message of the room, or a remark of this page about the room. */
interface ChatLine {
  at: number;
  from: string;
  to: Audience;
  text: string;
  own: boolean;
  place: string;
  /** False for what was sent to others only: its author writes it down from the acknowledgement. */
  received: boolean;
}

/** A room to talk in, with the names of those who are there. */
export class ChatPanel extends ServerPanel {
  static override properties = {
    client: { attribute: false },
    begin: {},
    room: { state: true },
    lines: { state: true },
    remark: { state: true },
    presence: { state: true },
    problem: { state: true },
    friend: { state: true },
    newest: { state: true },
  };
  declare client: Client;
  /** The topic that the address names: a room is entered at once. */
  declare begin: string;
  /** The room this page is in, or nothing. */
  declare room: string;
  declare lines: ChatLine[];
  declare remark: string;
  declare presence: { count: number; members: string[] } | undefined;
  declare problem: string;
  /** A second client of this page, once somebody asked for one. */
  declare friend: Friend | undefined;
  /** What this page published last. */
  declare newest: { place: string; to: Audience } | undefined;
  #begun = false;
  #subscriptions: Subscription[] = [];
  #atEnd = true;
  /** The places in the log that are shown: after a reconnect the server may send some of them again. */
  #places = new Set<string>();

  readonly #act = this.declares({
    enter: (room: string) => this.#choose(room),
    leave: () => this.#go(""),
    say: (text: string, to: Audience) => this.#say(text, to),
    bringFriend: () => this.#bringFriend(),
    sendFriendAway: () => this.#sendAway(),
    haveFriendAnswer: () => this.#answerOfFriend(),
  });

  constructor() {
    super();
    this.room = "";
    this.begin = "";
  }

  protected override attach(): void {
    const [, named = ""] = /^room\/(.+)$/.exec(this.begin) ?? [];
    this.#enter(this.#begun ? this.room : named);
    this.#begun = true;
    this.until(() => this.#release());
  }

  #enter(room: string): void {
    this.#release();
    this.#places.clear();
    this.lines = [];
    this.presence = undefined;
    this.remark = "";
    this.problem = "";
    this.newest = undefined;
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
    this.friend?.leave();
    this.friend = undefined;
  }

  protected override facts(): Fact[] {
    if (!this.room) return [];
    const here = { name: "Here now", value: String(this.presence?.count ?? 0) };
    if (!this.newest) return [here];
    const { place, to } = this.newest;
    const received = this.lines.some((line) => line.place === place && line.received);
    const heard = this.friend?.heard.some((line) => line.place === place);
    return [
      here,
      { name: "Newest message", value: `to ${to}` },
      { name: "You received it", value: received ? "yes" : "no" },
      ...(heard === undefined ? [] : [{ name: "The friend received it", value: heard ? "yes" : "no" }]),
    ];
  }

  #bringFriend(): void {
    if (this.friend || !this.room) return;
    this.friend = new Friend(
      socketUrl(this.server),
      this.room,
      this.recorder(endpoints.application, "friend"),
      () => this.requestUpdate(),
    );
  }

  #sendAway(): void {
    this.friend?.leave();
    this.friend = undefined;
  }

  async #answerOfFriend(): Promise<void> {
    this.problem = "";
    try {
      await this.friend?.say(answer, "others");
    } catch (error) {
      this.problem = `Not sent: ${reasonOf(error)}`;
    }
  }

  #message(event: ServerMessage<"event">): void {
    if (event.data.kind !== "chat") return;
    const { at, from = "", to = "all", data, offset } = event;
    this.#add({
      at,
      from,
      to,
      text: data.text,
      own: from === this.#name(),
      place: `${event.epoch}:${offset}`,
      received: true,
    });
  }

  #state(state: TopicState): void {
    if (state.error) this.problem = `This room cannot be entered: ${reasonOf(state.error)}`;
    if (state.recovered === false) this.remark = lost;
  }

  #present(event: ServerMessage<"event">): void {
    if (event.data.kind !== "presence") return;
    this.presence = event.data;
  }

  #add(line: ChatLine): void {
    if (this.#places.has(line.place)) return;
    this.lines = [...this.lines, line].slice(-shown);
    // Lines that are no longer shown cannot come again, because a replay begins with the newest.
    this.#places = new Set(this.lines.map(({ place }) => place));
  }

  #name(): string | undefined {
    return this.client.welcome?.member;
  }

  #choose(room: string): void {
    if (/^[a-z0-9-]{1,32}$/.test(room)) return this.#go(room);
    this.problem = "A room’s name has 1 to 32 lowercase letters, digits or hyphens.";
  }

  #go(room: string): void {
    this.#enter(room);
    this.chose(room && `room/${room}`);
  }

  async #say(text: string, to: Audience): Promise<void> {
    const field = this.renderRoot.querySelector<HTMLInputElement>("#message");
    if (!text || !field) return;
    this.problem = "";
    field.value = "";
    try {
      const ack = await this.client.publish(`room/${this.room}`, text, to);
      // The server sends "others" to everybody else: our own line is written from its acknowledgement.
      const place = `${ack.epoch}:${ack.offset}`;
      if (to === "others")
        this.#add({
          at: Date.now(),
          from: this.#name() ?? "",
          to,
          text,
          own: true,
          place,
          received: false,
        });
      this.newest = { place, to };
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

  // Keeps the place of somebody who has scrolled back to read.
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
      <form @submit=${onSubmit((form) => this.#act("enter", textOf(form, "room")))}>
        <p class="field grow">
          <label for="room">Room name</label>
          <input id="room" name="room" value=${this.room || "lobby"} maxlength="32" autocomplete="off" spellcheck="false" />
        </p>
        <button class=${this.room ? "" : "main"}>Enter room</button>
      </form>
    `;
  }

  #talk(): TemplateResult {
    return html`
      ${this.#members()}
      <div class="sides">
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
        ${this.friend ? friendsSide(this.friend) : nothing}
      </div>
      ${this.#messageForm()}
      <div class="fields">
        ${
          this.friend
            ? html`<button class="small" @click=${() => this.#act("sendFriendAway")}>Send the friend away</button>`
            : html`<button class="small" @click=${() => this.#act("bringFriend")}>Bring a friend</button>`
        }
        ${this.friend ? html`<button class="small" @click=${() => this.#act("haveFriendAnswer")}>Let the friend answer others</button>` : nothing}
        <p class="hint">A friend is a second client on this page, with its own connection.</p>
      </div>
    `;
  }

  #members(): TemplateResult {
    const { count = 0, members = [] } = this.presence ?? {};
    return html`
      <div class="here">
        <h3 id="here">Here now: <span class="number">${count}</span></h3>
        <button class="small" @click=${() => this.#act("leave")}>Leave room</button>
        <ul class="members" aria-labelledby="here">
          ${members.map((member) => html`<li>${member}${member === this.#name() ? " (you)" : nothing}</li>`)}
        </ul>
      </div>
    `;
  }

  #messageForm(): TemplateResult {
    return html`
      <form @submit=${onSubmit((form) => this.#act("say", textOf(form, "message"), audienceOf(form)))}>
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

  static override styles = [theme, style];
}

const intro = html`Everybody in a room receives what is said there. A message to others skips its author.`;

const lost =
  "What was said in between is lost: the connection was away for too long, or the server was restarted.";

function audienceOf(form: FormData): Audience {
  return form.get("to") === "others" ? "others" : "all";
}

function lineOf(line: ChatLine): TemplateResult {
  return html`
    <li>
      <p class="who">
        <b class="break">${line.from}${line.own ? " (you)" : nothing}</b>
        <span>${line.to === "others" ? "to others" : "to all"}</span>
        ${line.received ? nothing : html`<span>not sent back to you</span>`}
        <time class="number">${formatClock(line.at)}</time>
      </p>
      <p class="break">${line.text}</p>
    </li>
  `;
}

/** The text that the friend sends to everybody but itself. */
const answer = "an answer by your friend";

function friendsSide({ name, heard }: Friend): TemplateResult {
  return html`
    <div>
      <h3 id="heard" class="break">Received by ${name ?? "the friend"}</h3>
      <div class="lines" role="log" tabindex="0" aria-labelledby="heard">
        ${heard.length === 0 ? html`<p class="empty">Nothing received yet.</p>` : nothing}
        <ol>
          ${heard.map(
            ({ from, to, text }) => html`
              <li>
                <p class="who">
                  <b class="break">${from}${from === name ? " (the friend)" : nothing}</b>
                  <span>${to === "others" ? "to others" : "to all"}</span>
                </p>
                <p class="break">${text}</p>
              </li>
            `,
          )}
        </ol>
      </div>
    </div>
  `;
}

customElements.define("rosetta-chat", ChatPanel);
