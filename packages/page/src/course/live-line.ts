import { endpoints } from "@rosetta/protocol";
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { afterFrame } from "../shared/after-frame.ts";
import { formatDuration } from "../shared/format.ts";
import { type ServerEntry, scriptOf, socketUrl } from "../shared/servers.ts";
import { theme } from "../shared/theme.css.ts";
import { Probe } from "../wire/probe.ts";
import { slowMotion } from "./slow-motion.ts";

/** What became of the message at one server. */
type Lane =
  | { name: "idle" | "connecting" | "under way" | "absent" }
  | { name: "back"; roundTripMs: number; isEqual: boolean };

/** A connection to one server; none if it is absent. */
interface ProbedServer {
  id: string;
  probe: Probe | undefined;
}

/** Milliseconds after which a server that has not answered counts as absent. */
const patienceMs = 3000;

/** One message to every server at once. Each sends it back, and the page shows how long that took. */
export class LiveLine extends LitElement {
  static override properties = {
    servers: { attribute: false },
    lanes: { state: true },
    text: { state: true },
    slowness: { state: true },
  };
  declare servers: ServerEntry[];
  /** By server. */
  declare lanes: ReadonlyMap<string, Lane>;
  /** The message that was sent last. */
  declare text: string;
  /** How many times slower than it was the last round trip is shown. */
  declare slowness: number;
  #probes = new Map<string, Probe>();

  constructor() {
    super();
    this.servers = [];
    this.lanes = new Map();
    this.text = "";
    this.slowness = 0;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const probe of this.#probes.values()) probe.leave();
    this.#probes.clear();
    this.lanes = new Map();
  }

  get #isBusy(): boolean {
    return [...this.lanes.values()].some(({ name }) => name === "connecting" || name === "under way");
  }

  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const text = new FormData(event.currentTarget as HTMLFormElement).get("message");
    if (typeof text !== "string" || text === "" || this.#isBusy) return;
    this.text = text;
    this.slowness = 0;
    this.lanes = new Map(this.servers.map(({ id }) => [id, { name: "connecting" }]));
    // Each result carries its server's id, because the list of servers may change before it arrives.
    const lines = await Promise.all(this.servers.map((server) => this.#connect(server)));
    this.lanes = new Map(lines.map(({ id, probe }) => [id, { name: probe ? "under way" : "absent" }]));
    // Whatever the page still has to draw would be measured, too.
    await this.updateComplete;
    await new Promise<void>(afterFrame);
    this.lanes = new Map(
      await Promise.all(lines.map(async (line) => [line.id, await this.#echo(line, text)] as const)),
    );
  }

  /** Resolves with an open connection, an earlier one if it still lives, or with none if the server is absent. */
  async #connect(server: ServerEntry): Promise<ProbedServer> {
    const { id } = server;
    const before = this.#probes.get(id);
    if (before?.isOpen) return { id, probe: before };
    this.#leave(id);
    const isOpen = await new Promise<boolean>((resolve) => {
      const probe = new Probe(socketUrl(server, endpoints.echo), [], {
        frame() {},
        open: () => resolve(true),
        message: (data) => this.#answered.get(probe)?.(data),
        end: () => {
          resolve(false);
          this.#answered.get(probe)?.(undefined);
        },
      });
      this.#probes.set(id, probe);
      setTimeout(() => resolve(false), patienceMs);
    });
    if (!isOpen) this.#leave(id);
    return { id, probe: this.#probes.get(id) };
  }

  #leave(id: string): void {
    this.#probes.get(id)?.leave();
    this.#probes.delete(id);
  }

  #answered = new Map<Probe, (data: string | Uint8Array | undefined) => void>();

  async #echo({ id, probe }: ProbedServer, text: string): Promise<Lane> {
    if (!probe) return { name: "absent" };
    const answer = new Promise<{ data: string | Uint8Array | undefined; at: number }>((resolve) => {
      this.#answered.set(probe, (data) => resolve({ data, at: performance.now() }));
      setTimeout(() => resolve({ data: undefined, at: 0 }), patienceMs);
    });
    const leftAt = performance.now();
    probe.send(text);
    const { data, at } = await answer;
    this.#answered.delete(probe);
    if (data !== undefined) return { name: "back", roundTripMs: at - leftAt, isEqual: data === text };
    this.#leave(id);
    return { name: "absent" };
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has("lanes")) return;
    const times = this.servers.map(({ id }) => {
      const lane = this.lanes.get(id);
      return lane?.name === "back" ? lane.roundTripMs : 0;
    });
    if (Math.max(0, ...times) === 0 || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const { durations, slowness } = slowMotion(times);
    this.slowness = slowness;
    this.renderRoot.querySelectorAll<HTMLElement>(".ball").forEach((ball, index) => {
      const duration = durations[index] ?? 0;
      if (duration === 0) return;
      const there = { left: "calc(100% - 0.875rem)" };
      ball.animate([{ left: "0" }, there, { left: "0" }], { duration, easing: "linear" });
      const result = ball.closest("li")?.querySelector(".result");
      result?.animate([{ opacity: 0 }, { opacity: 0 }, { opacity: 1 }], { duration: duration * 1.05 });
    });
  }

  protected override render(): TemplateResult {
    const count = this.servers.length;
    const all = count === 1 ? "the server" : count === 2 ? "both servers" : `all ${countOf(count)} servers`;
    return html`
      <section aria-labelledby="title">
        <h3 id="title" class="hidden">A live line</h3>
        <form @submit=${this.#send}>
          <p class="field grow">
            <label for="message">Say something</label>
            <input id="message" name="message" value="hello" maxlength="200" autocomplete="off" />
          </p>
          <button class="main" aria-disabled=${this.#isBusy}>Send to ${all}</button>
        </form>
        <ol aria-label="What each server did">
          ${this.servers.map((server, index) => this.#lane(server, index))}
        </ol>
        <p class="hint number" role="status" aria-label="How it is shown">${this.#hint()}</p>
      </section>
    `;
  }

  #hint(): TemplateResult | string {
    if (this.text === "") return "Nothing was sent yet. Each server will send your words straight back.";
    if (this.slowness <= 1) return "";
    return html`Each dot travels to its server and back, slowed down ${this.slowness.toLocaleString("en")} times.`;
  }

  #lane(server: ServerEntry, index: number): TemplateResult {
    const lane = this.lanes.get(server.id) ?? { name: "idle" };
    return html`
      <li data-script=${scriptOf(index)} data-lane=${lane.name}>
        <span class="line" aria-hidden="true"><span class="ball"></span></span>
        <b>${server.title}</b>
        <span class="result number">${resultOf(lane, server, this.text)}</span>
      </li>
    `;
  }

  static override styles = [
    theme,
    css`
      section {
        gap: 1.25rem;
      }

      form {
        max-inline-size: 40rem;
      }

      .hint {
        min-block-size: 1lh;
      }

      form input:not([type="radio"]) {
        min-block-size: 3rem;
        font-size: var(--text-4);
      }

      form button {
        min-block-size: 3rem;
      }

      ol {
        display: grid;
        border-block-start: 1px solid var(--line);
      }

      li {
        display: grid;
        grid-template-columns: minmax(4rem, 1fr) minmax(0, 17.5rem) minmax(0, 15.5rem);
        gap: 1.25rem;
        align-items: center;
        min-block-size: 3.25rem;
        border-block-end: 1px solid var(--line);
      }

      .line {
        position: relative;
        block-size: 0.875rem;
        background: linear-gradient(var(--accent), var(--accent)) center / 100% 2px no-repeat;
        forced-color-adjust: none;
      }

      [data-lane="idle"] .line,
      [data-lane="absent"] .line {
        background: linear-gradient(90deg, var(--edge) 50%, transparent 0) center / 8px 1px repeat-x;
      }

      .line::after {
        content: "";
        position: absolute;
        inset-inline-end: -0.25rem;
        inset-block-start: 0;
        inline-size: 0.5rem;
        block-size: 0.875rem;
        border-radius: 2px;
        background: var(--accent);
      }

      .ball {
        position: absolute;
        left: 0;
        inline-size: 0.875rem;
        block-size: 0.875rem;
        border: 2px solid var(--accent);
        border-radius: 50%;
        background: var(--paper);
      }

      [data-lane="back"] .ball {
        background: var(--accent);
      }

      b {
        color: var(--accent);
        font-weight: 600;
        overflow-wrap: anywhere;
      }

      .result {
        color: var(--muted);
        font-size: var(--text-2);
      }

      .result strong {
        color: var(--ink);
        font: 650 var(--text-4) / 1 var(--sans);
        font-variant-numeric: tabular-nums;
      }

      @media (width < 46rem) {
        form button {
          flex: 1 1 100%;
        }

        li {
          grid-template-columns: minmax(2.5rem, 22%) minmax(0, 1fr);
          gap: 0 1rem;
          padding-block: 0.5rem;
        }

        .line {
          grid-row: span 2;
        }

        .result {
          grid-column: 2;
        }
      }
    `,
  ];
}

function resultOf(lane: Lane, { id }: ServerEntry, text: string): TemplateResult | typeof nothing {
  if (lane.name === "idle") return nothing;
  if (lane.name === "connecting") return html`opening a connection …`;
  if (lane.name === "under way") return html`under way …`;
  if (lane.name !== "back") return html`does not run: <code>pnpm dev --filter ${id}</code>`;
  const time = html`<strong>${formatDuration(lane.roundTripMs)}</strong>`;
  return lane.isEqual ? html`${time} there and back` : html`${time}, but “${text}” came back changed`;
}

/** Returns a small number as a word: `four`. */
export function countOf(count: number): string {
  return ["no", "one", "two", "three", "four", "five", "six"][count] ?? String(count);
}

customElements.define("rosetta-live-line", LiveLine);
