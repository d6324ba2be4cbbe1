import { type Client, RequestError, type SocketState } from "@rosetta/client";
import { html, nothing, svg, type TemplateResult } from "lit";
import { chartStyle } from "../../shared/chart.ts";
import { closeText } from "../../shared/closing.ts";
import { isWait, type StateName, type WaitState } from "../../shared/socket-state.ts";
import { theme } from "../../shared/theme.css.ts";
import { type Fact, fieldValue, Panel, reasonOf, region } from "../base.ts";
import { type Edge, edgeBetween, edges } from "./graph.ts";
import { type Arrivals, stampede } from "./herd.ts";
import { style } from "./style.ts";

/** Waits that are kept. */
const shown = 20;
/** Clients of the simulation. */
const herdSize = 1000;
/** Milliseconds for which the simulated server is gone. */
const awayMs = 3000;

/** The failures that the server can be told to cause. */
type Failure = { do: "close"; code: number } | { do: "terminate" };

/** How the connection comes back: its states, the waits that were drawn, and why they are drawn. */
export class AttemptsPanel extends Panel {
  static override properties = {
    client: { attribute: false },
    state: { state: true },
    edge: { state: true },
    waits: { state: true },
    problem: { state: true },
    lossCode: { state: true },
    herds: { state: true },
  };
  declare client: Client;
  declare state: SocketState;
  /** The way by which the state was reached. */
  declare edge: Edge | undefined;
  /** Newest first. */
  declare waits: WaitState[];
  declare problem: string;
  /** How the simulated connections end. */
  declare lossCode: string;
  declare herds: { equal: Arrivals; drawn: Arrivals } | undefined;

  readonly #act = this.declares({
    fail: (order: Failure) => this.#order(order),
    chooseCode: (code: string) => this.#chooseCode(code),
    simulate: () => this.#simulate(),
  });

  constructor() {
    super();
    this.lossCode = "1012";
  }

  protected override attach(): void {
    this.state = this.client.state;
    this.edge = undefined;
    this.waits = [];
    this.problem = "";
    this.until(this.client.on("state", (state) => this.#show(state)));
  }

  protected override facts(): Fact[] {
    const [newest] = this.waits;
    if (!newest) return [];
    return [
      { name: "Wait drawn between", value: windowText(newest) },
      { name: "Wait", value: seconds(newest.delayMs), measured: true },
    ];
  }

  #show(state: SocketState): void {
    this.edge = edgeBetween(this.state.name, state.name);
    this.state = state;
    if (isWait(state)) this.waits = [state, ...this.waits].slice(0, shown);
  }

  async #order(order: Failure): Promise<void> {
    if (this.state.name !== "open") return;
    this.problem = "";
    try {
      await this.client.request({ type: "chaos", ...order });
    } catch (error) {
      // The order is answered by the failure itself.
      const isObeyed = error instanceof RequestError && error.code === "disconnected";
      if (!isObeyed)
        this.problem = `The server does not fail on request (${reasonOf(error)}). It may be forbidden by CHAOS=0.`;
    }
  }

  #simulate(): void {
    const herd = { clients: herdSize, code: Number(this.lossCode), awayMs, random: Math.random };
    this.herds = {
      equal: stampede({ ...herd, jitter: false }),
      drawn: stampede({ ...herd, jitter: true }),
    };
  }

  #chooseCode(code: string): void {
    this.lossCode = code;
    if (this.herds) this.#simulate();
  }

  protected override render(): TemplateResult {
    return region("Reconnecting", intro, [
      this.#orders(),
      html`<p class="bad" role="alert" ?hidden=${!this.problem}>${this.problem}</p>`,
      this.#graph(),
      this.#list(),
      this.#simulation(),
    ]);
  }

  #orders(): TemplateResult {
    const off = this.state.name !== "open";
    return html`
      <div class="fields" role="group" aria-label="Make the server fail">
        <button class="main" aria-disabled=${off} @click=${() => this.#act("fail", { do: "close", code: 1012 })}
          >Close with 1012</button
        >
        <button aria-disabled=${off} @click=${() => this.#act("fail", { do: "close", code: 1011 })}
          >Close with 1011</button
        >
        <button aria-disabled=${off} @click=${() => this.#act("fail", { do: "terminate" })}>Cut without a close frame</button>
      </div>
    `;
  }

  #graph(): TemplateResult {
    const { name } = this.state;
    return html`
      <div>
        <h3 id="states">States</h3>
        <svg viewBox="3 0 324 236" role="img" aria-label="State machine of the connection, now ${name}">
          <defs>
            <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"
              markerUnits="userSpaceOnUse" orient="auto">
              <path class="tip" d="M0 0 8 4 0 8z"></path>
            </marker>
          </defs>
          ${edges.map((edge) => edgeShape(edge, edge === this.edge))}
          ${(Object.keys(places) as StateName[]).map((each) => stateShape(each, each === name))}
        </svg>
        <ol class="edges" aria-labelledby="states">
          ${edges.map(
            (edge) => html`
              <li aria-current=${edge === this.edge ? "step" : nothing}>
                <span class="number">${edge.number}</span>
                <span><span class="hidden">${edge.from.join(", ")} to ${edge.to}: </span>${edge.cause}</span>
              </li>
            `,
          )}
        </ol>
      </div>
    `;
  }

  #list(): TemplateResult {
    const longest = Math.max(1000, ...this.waits.map(({ windowMs }) => windowMs[1]));
    return html`
      <div>
        <h3 id="waits">Waits, newest first</h3>
        <div class="lines" role="log" tabindex="0" aria-labelledby="waits">
          ${this.waits.length === 0 ? html`<p class="empty">No connection has been lost yet. Each wait will be drawn here.</p>` : nothing}
          <ol>
            ${this.waits.map((wait) => waitLine(wait, longest))}
          </ol>
        </div>
      </div>
    `;
  }

  #simulation(): TemplateResult {
    return html`
      <div class="herd">
        <h3>${herdSize.toLocaleString("en")} clients lose the same server</h3>
        <p class="hint">
          The server is gone for ${awayMs / 1000} s. The bars count all attempts, including those that fail. The clients
          follow the same rule as this page.
        </p>
        <div class="fields">
          <p class="field grow">
            <label for="loss">Lost with</label>
            <select id="loss" .value=${this.lossCode} @change=${(event: Event) => this.#act("chooseCode", fieldValue(event))}>
              <option value="1012">1012, restart</option>
              <option value="1006">1006, no close frame</option>
              <option value="1013">1013, no room right now</option>
            </select>
          </p>
          <button @click=${() => this.#act("simulate")}>Simulate</button>
        </div>
        ${
          this.herds
            ? html`<div class="charts">
              ${chart("All wait equally long", this.herds.equal, this.#longest())}
              ${chart("Each draws its wait", this.herds.drawn, this.#longest())}
            </div>`
            : html`<p class="empty">Two charts will show when they come back: first if all wait equally long, then if each draws its wait at random.</p>`
        }
      </div>
    `;
  }

  #longest(): number {
    return Math.max(this.herds?.equal.counts.length ?? 0, this.herds?.drawn.counts.length ?? 0, 1);
  }

  static override styles = [theme, chartStyle, style];
}

const intro = html`Make the server fail, and watch how the client comes back.`;

/** The middle of each state in the drawing. */
const places: Record<StateName, [x: number, y: number]> = {
  idle: [42, 26],
  connecting: [164, 26],
  open: [288, 26],
  offline: [42, 122],
  waiting: [164, 122],
  stopped: [226, 214],
};

/** How each way is drawn, by its number, and where the number stands: once on each line. */
const ways: Record<number, { path: string; at: [x: number, y: number][] }> = {
  1: { path: "M76 26H117", at: [[94, 26]] },
  2: { path: "M210 26H254", at: [[230, 26]] },
  3: { path: "M150 42V105", at: [[150, 82]] },
  4: { path: "M180 106V43", at: [[180, 66]] },
  5: { path: "M276 42 202 105", at: [[248, 66]] },
  6: {
    path: "M296 42V214H265M178 138 212 197",
    at: [
      [296, 136],
      [194, 166],
    ],
  },
  7: { path: "M188 214H102V36H117", at: [[140, 214]] },
  8: { path: "M60 106 116 42", at: [[74, 90]] },
  9: { path: "M124 122H81", at: [[112, 122]] },
};

function stateShape(name: StateName, isNow: boolean): TemplateResult {
  const [x, y] = places[name];
  const width = name === "connecting" ? 92 : 76;
  return svg`
    <g class="node" ?data-now=${isNow}>
      <rect x=${x - width / 2} y=${y - 15} width=${width} height="30" rx="3"></rect>
      <text x=${x} y=${y}>${name}</text>
    </g>
  `;
}

function edgeShape({ number }: Edge, isNow: boolean): TemplateResult {
  const way = ways[number];
  if (!way) return svg``;
  return svg`
    <g class="way" ?data-now=${isNow}>
      <path d=${way.path}></path>
      ${way.at.map(([x, y]) => svg`<circle cx=${x} cy=${y} r="8"></circle><text x=${x} y=${y}>${number}</text>`)}
    </g>
  `;
}

function waitLine(wait: WaitState, longest: number): TemplateResult {
  const [low, high] = wait.windowMs;
  const share = (milliseconds: number) => (100 * milliseconds) / longest;
  return html`
    <li>
      <p class="apart">
        <span>Attempt ${wait.attempt} after ${shortText(wait.code)}</span>
        <span class="number"><b>${seconds(wait.delayMs)}</b> of ${windowText(wait)}</span>
      </p>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect class="axis" x="0" y="4" width="100" height="2"></rect>
        <rect class="window" x=${share(low)} y="2" width=${share(high - low)} height="6"></rect>
        <rect class="drawn" x=${share(wait.delayMs) - 0.75} y="0" width="1.5" height="10"></rect>
      </svg>
    </li>
  `;
}

function chart(title: string, arrivals: Arrivals, bins: number): TemplateResult {
  const told = `at most ${arrivals.peak} in ${seconds(arrivals.binMs)}; all back after ${seconds(arrivals.lastMs)}`;
  return html`
    <figure>
      <figcaption class="apart"><b>${title}</b><span class="number">${told}</span></figcaption>
      <svg viewBox="0 0 ${bins} 100" preserveAspectRatio="none" role="img" aria-label="${title}: ${told}">
        ${arrivals.counts.map((count, bin) => {
          // At least 2, because one of a thousand would be less than a pixel.
          const height = count === 0 ? 0 : Math.max(2, (100 * count) / herdSize);
          return svg`<rect class="drawn" x=${bin} y=${100 - height} width="0.9" height=${height}></rect>`;
        })}
      </svg>
    </figure>
  `;
}

/** Writes a close code without what it means: `1012 Restart`. */
function shortText(code: number): string {
  return closeText(code).split(":")[0] ?? "";
}

function windowText({ windowMs: [low, high] }: WaitState): string {
  return `${(low / 1000).toFixed(2)} to ${(high / 1000).toFixed(2)} s`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

customElements.define("rosetta-attempts", AttemptsPanel);
