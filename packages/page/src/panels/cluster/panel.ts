import { Client, type SocketState } from "@rosetta/client";
import { endpoints, type ServerMessage } from "@rosetta/protocol";
import { html, nothing, type TemplateResult } from "lit";
import { askFailureDesk, orderFailure } from "../../shared/desk-orders.ts";
import { failuresUrl } from "../../shared/dev-run.ts";
import { formatDuration } from "../../shared/format.ts";
import { randomHex } from "../../shared/random-hex.ts";
import { balancerId, isStack, type ServerEntry, scriptIn, socketUrl } from "../../shared/servers.ts";
import { theme } from "../../shared/theme.css.ts";
import { type Fact, reasonOf, region, ServerPanel } from "../base.ts";
import { type RoomSummary, RoomTally, type RoomVisit, stretchesOf } from "./model.ts";
import { recorded } from "./recorded.ts";
import { style } from "./style.ts";

/** Milliseconds between two numbers. */
const sayMs = 400;
/** Milliseconds between two checks of which servers run. */
const askMs = 700;

/** The people in the room. The second one counts. */
const names = ["You", "Ada", "Ben", "Cleo"];

/** A member of the room, and its server. */
interface Guest {
  name: string;
  client: Client;
  /** The id of the server that accepted it; undefined while it is on its way. */
  server: string | undefined;
}

/** One room on several servers. When a member's server is killed, the member continues on another one. */
export class ClusterPanel extends ServerPanel {
  static override properties = {
    servers: { attribute: false },
    guests: { state: true },
    away: { state: true },
    problem: { state: true },
  };
  /** All servers of the run, and where they are one application, their one address. */
  declare servers: ServerEntry[];
  /** Empty before the room was entered. */
  declare guests: Guest[];
  /** Ids of the servers that do not run now. */
  declare away: ReadonlySet<string>;
  declare problem: string;
  #tally: RoomTally | undefined;
  #timers: ReturnType<typeof setInterval>[] = [];

  readonly #act = this.declares({
    enter: () => this.#enter(),
    leave: () => this.#leave(),
    kill: () => this.#kill(),
  });

  constructor() {
    super();
    this.servers = [];
    this.guests = [];
    this.away = new Set();
    this.problem = "";
  }

  protected override attach(): void {
    this.until(() => this.#leave());
  }

  protected override facts(): Fact[] {
    if (!this.#tally || this.guests.length === 0) return [];
    const { received, missing, twice, epochs } = this.#tally.summary;
    return [
      { name: "Moved", value: this.#tally.moves.length > 0 ? "yes" : "no" },
      { name: "Missing", value: String(missing) },
      { name: "Twice", value: String(twice) },
      { name: "Numbering", value: epochs > 1 ? `started over: ${epochs} epochs` : "one epoch" },
      { name: "Received", value: String(received), measured: true },
    ];
  }

  get #balancer(): ServerEntry | undefined {
    return this.servers.find(({ id }) => id === balancerId);
  }

  #enter(): void {
    const address = this.#balancer;
    if (!address || this.guests.length > 0) return;
    // A new room, so that only our own numbers are counted.
    const topic = `room/together-${randomHex(4)}`;
    const tally = new RoomTally();
    this.#tally = tally;
    this.problem = "";
    this.guests = names.map((name) => ({
      name,
      client: new Client(socketUrl(address)),
      server: undefined,
    }));
    for (const guest of this.guests) this.#follow(guest, tally);
    const [you, author] = this.guests;
    you?.client.subscribe(topic, (event) => hear(tally, event));
    for (const { client } of this.guests) client.open();
    if (author) void this.#count(author.client, topic, tally);
    this.#timers = [setInterval(() => void this.#look(), askMs)];
  }

  #follow(guest: Guest, tally: RoomTally): void {
    const { client, name } = guest;
    const isYou = name === names[0];
    client.on("state", (state: SocketState) => {
      guest.server = state.name === "open" ? client.welcome?.server : undefined;
      if (isYou && guest.server !== undefined) tally.arrived(guest.server, performance.now());
      else if (isYou && state.name !== "connecting") tally.left(performance.now());
      this.requestUpdate();
    });
    if (!isYou) return;
    client.on("frame", (frame) =>
      this.wire.record(balancerId, endpoints.application, frame, `${this.localName} you`),
    );
  }

  // One after the other: each number waits until the room has accepted the one before.
  async #count(author: Client, topic: string, tally: RoomTally): Promise<void> {
    for (let number = 1; this.#tally === tally; number += 1) {
      await author.publish(topic, String(number)).then(
        () => tally.acknowledged(number),
        // The number may or may not be in the room, so it cannot be missing.
        () => {},
      );
      this.requestUpdate();
      await new Promise((resolve) => setTimeout(resolve, sayMs));
    }
  }

  async #look(): Promise<void> {
    const desk = await askFailureDesk();
    // The visitor may have left the room while the answer was on its way.
    if (desk && this.#tally) this.away = new Set(desk.servers.filter((id) => !desk.up.includes(id)));
  }

  async #kill(): Promise<void> {
    const { server } = this.guests[0] ?? {};
    if (server === undefined) return;
    this.problem = "";
    this.away = new Set([...this.away, server]);
    await orderFailure(server, "kill").catch((error) => {
      this.problem = `It cannot be killed from here (${reasonOf(error)}).`;
    });
  }

  #leave(): void {
    this.#tally = undefined;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    for (const { client } of this.guests) client.close();
    this.guests = [];
    this.away = new Set();
  }

  protected override render(): TemplateResult {
    const isExample = !this.#tally;
    const visit: RoomVisit = this.#tally ?? recorded;
    return region("Two servers, one room", intro, [
      this.#balancer ? this.#buttons() : alone,
      html`<p class="bad" role="alert" ?hidden=${!this.problem}>${this.problem}</p>`,
      this.#places(),
      this.#strip(visit, isExample),
      this.#moves(visit),
      summaryOf(visit.summary),
    ]);
  }

  #buttons(): TemplateResult {
    const isIn = this.guests.length > 0;
    const canKill = this.guests[0]?.server !== undefined;
    return html`
      <div class="fields">
        <button class=${isIn ? "" : "main"} @click=${() => this.#act(isIn ? "leave" : "enter")}
          >${isIn ? "Leave the room" : "Enter the room"}</button
        >
        ${
          failuresUrl() === undefined
            ? nothing
            : html`<button class=${isIn ? "main" : ""} aria-disabled=${!canKill} @click=${() => canKill && this.#act("kill")}
              >Kill my server</button
            >`
        }
      </div>
    `;
  }

  #places(): TemplateResult {
    const onTheWay = this.guests.filter(({ server }) => server === undefined);
    return html`
      <ul class="places" ?data-open=${this.#tally !== undefined} aria-label="The servers, and who is where">
        ${this.servers.filter(isStack).map((server) => this.#place(server))}
      </ul>
      <p class="way hint" ?hidden=${onTheWay.length === 0}>
        On the way to another server: ${onTheWay.map(({ name }) => name).join(", ")}
      </p>
    `;
  }

  #place(server: ServerEntry): TemplateResult {
    const isAway = this.away.has(server.id);
    const [framework, ...partners] = server.title.split(" + ");
    return html`
      <li data-script=${scriptIn(this.servers, server)} ?data-away=${isAway}>
        <span class="title">${framework}</span>
        <span class="muted partner">${isAway ? html`<b class="bad">not running</b>` : partners.join(" + ")}</span>
        <span class="guests">
          ${this.guests
            .filter((guest) => guest.server === server.id)
            .map(({ name }) => html`<span class=${name === names[0] ? "guest you" : "guest"}>${name}</span>`)}
        </span>
      </li>
    `;
  }

  #strip({ heard }: RoomVisit, isExample: boolean): TemplateResult {
    const said = stretchesOf(heard).map(
      ({ server, from, to }) => `${from} to ${to} from ${this.#titleOf(server)}`,
    );
    return html`
      <div>
        <div class="apart">
          <h3>What you received, and where from</h3>
          ${isExample ? html`<span class="example">an example, recorded</span>` : nothing}
        </div>
        <div class="strip number" role="img" aria-label=${said.join(", ") || "nothing yet"}>
          ${heard.map(
            ({ number, server }) =>
              html`<i data-script=${scriptIn(this.servers, this.#serverOf(server))}>${number}</i>`,
          )}
        </div>
      </div>
    `;
  }

  #moves({ moves }: RoomVisit): TemplateResult | typeof nothing {
    if (moves.length === 0) return nothing;
    return html`
      <ul class="moves" aria-label="How you moved">
        ${moves.map(
          ({ from, to, awayMs, after, next }) => html`
            <li>
              After <b class="number">${after}</b> the connection to ${this.#titleOf(from)} was gone.
              ${this.#titleOf(to)} took you in ${formatDuration(awayMs)} later${
                next === undefined ? "" : html`, and you continued with <b class="number">${next}</b>`
              }.
            </li>
          `,
        )}
      </ul>
    `;
  }

  #serverOf(id: string): ServerEntry | undefined {
    return this.servers.find((server) => server.id === id);
  }

  #titleOf(id: string): string {
    return this.#serverOf(id)?.title ?? id;
  }

  static override styles = [theme, style];
}

const intro = html`You, Ada, Ben and Cleo come through one address, and each gets the next server. Ada counts aloud.`;

const alone = html`<p class="hint">
  These servers run on their own. <code class="command">pnpm dev --cluster</code> makes them one application; then this lesson kills
  your server for you. Until then, you see a recording.
</p>`;

function hear(tally: RoomTally, { epoch, data }: ServerMessage<"event">): void {
  if (data.kind === "chat") tally.received(Number(data.text), epoch);
}

function summaryOf({ received, missing, twice, epochs }: RoomSummary): TemplateResult {
  return html`
    <div role="group" aria-label="What happened to the numbers"><dl class="sums number">
      <div><dt>received</dt><dd>${received}</dd></div>
      <div><dt>missing</dt><dd class=${missing > 0 ? "bad" : "good"}>${missing}</dd></div>
      <div><dt>twice</dt><dd class=${twice > 0 ? "bad" : "good"}>${twice}</dd></div>
      <div><dt>numbering</dt><dd>${epochs > 1 ? `${epochs} epochs` : "one epoch"}</dd></div>
    </dl></div>
  `;
}

customElements.define("rosetta-cluster", ClusterPanel);
