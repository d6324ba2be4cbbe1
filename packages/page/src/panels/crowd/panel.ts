import { Client, type ClientFrame } from "@rosetta/client";
import { endpoints } from "@rosetta/protocol";
import { html, nothing, svg, type TemplateResult } from "lit";
import { codeTitle } from "../../shared/closing.ts";
import { orderFailure } from "../../shared/desk-orders.ts";
import { failuresUrl } from "../../shared/dev-run.ts";
import { formatDuration } from "../../shared/format.ts";
import { randomHex } from "../../shared/random-hex.ts";
import { socketUrl } from "../../shared/servers.ts";
import { theme } from "../../shared/theme.css.ts";
import { type Fact, reasonOf, region, ServerPanel } from "../base.ts";
import { barsOf, CrowdMember, type CrowdSummary, crowdSummary, frameOf } from "./model.ts";
import { style } from "./style.ts";

const size = 10;
/** Milliseconds between two publications. */
const publishMs = 500;
/** Milliseconds between two drawings while clients wait. */
const drawMs = 100;
/** Units of the drawing's width. */
const width = 1000;

/** Ten clients of one server, drawn on a time line, so that one can see them come through its restart. */
export class CrowdPanel extends ServerPanel {
  static override properties = {
    members: { state: true },
    problem: { state: true },
  };
  /** Empty while nobody is there. */
  declare members: CrowdMember[];
  /** Why the server could not be restarted. */
  declare problem: string;
  readonly #canRestart = failuresUrl() !== undefined;
  #clients: Client[] = [];
  #acked = new Map<string, number>();
  #timers: ReturnType<typeof setInterval>[] = [];

  readonly #act = this.declares({
    connect: () => this.#connect(),
    restart: () => this.#restart(),
    sendHome: () => this.#sendHome(),
  });

  constructor() {
    super();
    this.members = [];
    this.problem = "";
  }

  protected override attach(): void {
    this.members = [];
    this.until(() => this.#leave());
  }

  protected override facts(): Fact[] {
    if (this.members.length === 0) return [];
    const summary = crowdSummary(this.members, this.#acked);
    const { connected, told, codes, windowMs, awayMs, spreadMs, whole, epochs, lost } = summary;
    const facts: Fact[] = [
      { name: "Connected", value: `${connected} of ${size}` },
      { name: "Without a gap", value: `${whole} of ${size}` },
    ];
    if (!windowMs) return facts;
    return [
      ...facts,
      { name: "Told in advance", value: `${told} of ${size}` },
      { name: "Ended with", value: codes.map(codeTitle).join(", ") },
      { name: "Asked to come back", value: windowText(windowMs) },
      { name: "Back", value: `${awayMs.length} of ${size}` },
      { name: "Lost", value: String(lost) },
      { name: "Log", value: logText(epochs) },
      { name: "Spread", value: spreadMs === undefined ? "–" : formatDuration(spreadMs), measured: true },
    ];
  }

  async #restart(): Promise<void> {
    this.problem = "";
    await orderFailure(this.server.id, "restart").catch((error) => {
      this.problem = `It cannot be restarted from here (${reasonOf(error)}).`;
    });
  }

  #sendHome(): void {
    this.#leave();
    this.members = [];
  }

  #connect(): void {
    if (this.members.length > 0) return;
    // A room that nobody else is in: what is counted is our own.
    const topic = `room/crowd-${randomHex(4)}`;
    this.#acked = new Map();
    this.members = Array.from({ length: size }, () => new CrowdMember());
    this.#clients = this.members.map((member, index) => this.#client(member, index, topic));
    this.#timers = [
      setInterval(() => void this.#publish(topic), publishMs),
      setInterval(() => this.#draw(), drawMs),
    ];
  }

  #client(member: CrowdMember, index: number, topic: string): Client {
    const client = new Client(socketUrl(this.server));
    client.on("state", (state) => {
      member.changed(state, performance.now());
      this.requestUpdate();
    });
    client.on("bye", () => member.told(performance.now()));
    const record = this.recorder(endpoints.application, String(index + 1));
    // Ten copies of each publication would fill the log: the first client's stand for all.
    client.on("frame", (frame) => {
      if (index === 0 || !isEvent(frame)) record(frame);
    });
    client.subscribe(topic, ({ epoch, offset }) => member.heard(epoch, offset));
    client.open();
    return client;
  }

  async #publish(topic: string): Promise<void> {
    const [author] = this.#clients;
    if (author?.state.name !== "open" || this.members.some(({ phase }) => phase === "away")) return;
    try {
      const { epoch, offset } = await author.publish(topic, "tick");
      this.#acked.set(epoch, Math.max(offset, this.#acked.get(epoch) ?? 0));
    } catch {
      // Refused or cut off: it was not acknowledged, so nobody counts on it.
    }
    this.requestUpdate();
  }

  // Somebody who asked for less motion sees each change, but no growing bars.
  #draw(): void {
    const isQuiet = this.members.every(({ phase }) => phase !== "waiting");
    if (!isQuiet && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.requestUpdate();
  }

  #leave(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    for (const client of this.#clients.splice(0)) client.close();
  }

  protected override render(): TemplateResult {
    const { members } = this;
    return region("Ten clients", intro, [
      html`
        <div class="fields">
          <button class=${members.length > 0 ? "" : "main"} @click=${() => this.#act(members.length > 0 ? "sendHome" : "connect")}
            >${members.length > 0 ? "Disconnect them" : "Connect ten clients"}</button
          >
          ${
            this.#canRestart
              ? html`<button class=${members.length > 0 ? "main" : ""} aria-disabled=${members.length === 0} @click=${() => members.length > 0 && this.#act("restart")}
                >Restart the server</button
              >`
              : nothing
          }
        </div>
        ${this.#canRestart ? nothing : html`<p class="hint">${withoutButton}</p>`}
        <p class="bad" role="alert" ?hidden=${!this.problem}>${this.problem}</p>
      `,
      members.length > 0
        ? [this.#lines(), summaryList(crowdSummary(members, this.#acked))]
        : html`<p class="empty">Each client will get a line here that shows when it was connected, told, closed and back.</p>`,
    ]);
  }

  #lines(): TemplateResult {
    const now = performance.now();
    const frame = frameOf(this.members, now);
    return html`
      <div>
        <h3 id="line">Time line, ${formatDuration(frame.to - frame.from)}</h3>
        <ol class="crowd" aria-labelledby="line">
          ${Array.from({ length: size }, (_, index) => rowOf(index, this.members[index], frame, now))}
        </ol>
        <p class="legend hint" aria-hidden="true">
          ${(["open", "told", "waiting"] as const).map(
            (phase) => html`<span><i data-phase=${phase}></i>${words[phase]}</span>`,
          )}
        </p>
      </div>
    `;
  }

  static override styles = [theme, style];
}

const intro = html`Ten clients follow one room, and the first publishes in it twice a second. The wire shows all that the
  first receives, and when the others come and go.`;

const withoutButton = html`Then restart the server with SIGTERM, as a deployment does. Under <code>pnpm dev</code>, a
  button here does it for you.`;

const words = { away: "not here", open: "open", told: "told to go", waiting: "closed, waiting" } as const;

function isEvent(frame: ClientFrame): boolean {
  return frame.kind === "text" && frame.message?.type === "event";
}

function rowOf(
  index: number,
  member: CrowdMember | undefined,
  frame: { from: number; to: number },
  now: number,
): TemplateResult {
  const bars = member ? barsOf(member.marks, frame, now, width) : [];
  return html`
    <li class="number">
      <span class="muted">${index + 1}</span>
      <svg viewBox="0 0 ${width} 14" preserveAspectRatio="none" aria-hidden="true">
        ${bars.map(({ phase, x, width }) => {
          // A waiting client is drawn lower, so that the phases differ without colour. Even a short phase stays visible.
          const [y, height] = phase === "waiting" ? [5.5, 3] : [0, 14];
          return svg`<rect data-phase=${phase} x=${x} y=${y} width=${Math.max(width, 6)} height=${height} />`;
        })}
      </svg>
      <span>${member ? stateText(member) : nothing}</span>
    </li>
  `;
}

function stateText({ phase, ended, backAt }: CrowdMember): string {
  if (phase === "waiting" && ended) return `closed with ${ended.code}`;
  if (phase === "open" && ended && backAt !== undefined)
    return `back after ${formatDuration(backAt - ended.at)}`;
  return words[phase];
}

function summaryList(summary: CrowdSummary): TemplateResult {
  const back = summary.awayMs;
  const rows: [string, string | undefined][] = [
    ["Connected", `${summary.connected} of ${size}`],
    ["Told in advance", summary.windowMs && `${summary.told} of ${size}`],
    ["Ended with", summary.codes.map(codeTitle).join(", ")],
    ["Asked to come back", summary.windowMs && windowText(summary.windowMs)],
    ["Back", summary.windowMs && `${back.length} of ${size}`],
    [
      "Away",
      back?.length ? `${formatDuration(back[0] ?? 0)} to ${formatDuration(back.at(-1) ?? 0)}` : undefined,
    ],
    ["Spread", summary.spreadMs === undefined ? undefined : formatDuration(summary.spreadMs)],
    ["Without a gap", `${summary.whole} of ${size}`],
    ["Lost", summary.windowMs && `${summary.lost} of what was acknowledged`],
    ["Log", summary.epochs ? logText(summary.epochs) : undefined],
  ];
  return html`
    <div role="group" aria-label="What happened to them">
      <dl class="facts number">
        ${rows.map(([name, value]) => (value ? html`<dt>${name}</dt><dd>${value}</dd>` : nothing))}
      </dl>
    </div>
  `;
}

function windowText([low, high]: [number, number]): string {
  return `after ${formatDuration(low)} to ${formatDuration(high)}`;
}

function logText(epochs: number): string {
  return epochs < 2 ? "one epoch" : `started over: ${epochs} epochs`;
}

customElements.define("rosetta-crowd", CrowdPanel);
