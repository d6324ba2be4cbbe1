import { bounds, Close, defaultLimits, endpoints, parseServer, subprotocol } from "@rosetta/protocol";
import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import {
  codeTitle,
  type Ending,
  isOnWire,
  isSendableCode,
  knownCodes,
  likelyCause,
  meaningOf,
  policyText,
} from "../../shared/closing.ts";
import { byteLength, formatDuration } from "../../shared/format.ts";
import { randomHex } from "../../shared/random-hex.ts";
import { socketUrl } from "../../shared/servers.ts";
import { theme } from "../../shared/theme.css.ts";
import { Probe, type ProbeEnd } from "../../wire/probe.ts";
import { type Fact, fieldValue, onSubmit, region, ServerPanel, textOf } from "../base.ts";
import { hello, masked, maskedFrame, type Way, wayOf, ways } from "./model.ts";
import { recorded } from "./recorded.ts";
import { style } from "./style.ts";

type Step = "nothing" | "connecting" | "open" | "ended" | "refused";

const steps: Record<Step, string> = {
  nothing: "an example, recorded",
  connecting: "connecting",
  open: "open, about to end",
  ended: "ended",
  refused: "the server refuses",
};

/** The end that was caused. */
interface Outcome extends Ending {
  label: string;
  reason: string;
  wasClean: boolean;
  /** From the open connection to its end. */
  tookMs: number;
}

/** An end to show before there is one. */
const example: Outcome = recorded;

/** Ends connections of its own in every way that a page can cause, and explains what the browser says of it. */
export class GoodbyePanel extends ServerPanel {
  static override properties = {
    messageBytes: { type: Number },
    chosen: { state: true },
    step: { state: true },
    outcome: { state: true },
    problem: { state: true },
  };
  /** The largest message the server takes, once it is known. */
  declare messageBytes: number | undefined;
  declare chosen: string;
  declare step: Step;
  declare outcome: Outcome | undefined;
  declare problem: string;
  /** What is shown: the newest outcome, also while the next one is awaited. */
  #shown = example;
  #probes: Probe[] = [];

  readonly #act = this.declares({
    choose: (way: string) => this.#choose(way),
    cause: (code: number, reason: string) => this.#cause(code, reason),
  });

  constructor() {
    super();
    this.chosen = "echo-stop";
  }

  protected override attach(): void {
    this.step = "nothing";
    this.outcome = undefined;
    this.#shown = example;
    this.problem = "";
    this.until(() => this.#leave());
  }

  protected override facts(): Fact[] {
    const { outcome } = this;
    if (!outcome) return [];
    return [
      { name: "Caused", value: outcome.label },
      { name: "Code", value: codeTitle(outcome.code) },
      { name: "Reason", value: reasonText(outcome) },
      { name: "Clean", value: cleanText(outcome) },
      { name: "Ended by", value: enderOf(outcome) },
      { name: "Took", value: formatDuration(outcome.tookMs), measured: true },
    ];
  }

  #leave(): void {
    for (const probe of this.#probes.splice(0)) probe.leave();
  }

  get #isBusy(): boolean {
    return this.step === "connecting" || this.step === "open";
  }

  #cause(code: number, reason: string): void {
    if (this.#isBusy) return;
    const way = wayOf(this.chosen);
    this.problem = problemOf(way, code, reason);
    if (this.problem) return;
    this.#leave();
    this.outcome = undefined;
    this.step = "connecting";
    this.#begin(way, code, reason);
  }

  #begin(way: Way, code: number, reason: string): void {
    const secret = randomHex(16);
    let startedAt = performance.now();
    let wantsTwin = false;
    const twin = () => {
      wantsTwin = true;
    };
    const messageBytes = this.messageBytes ?? defaultLimits.messageBytes;
    const probe = this.#connect(way, secret, {
      open: () => {
        this.step = "open";
        startedAt = performance.now();
        way.act?.({ probe, secret, messageBytes, code, reason, twin });
      },
      message: (data) => {
        // The first answer is the welcome: only then is there somebody to take the place of.
        if (wantsTwin) this.#twin(way, secret);
        wantsTwin = false;
        if (typeof data === "string") this.#answer(masked(data, secret));
      },
      end: (end) =>
        this.#ended(way, { ...end, reason: masked(end.reason, secret) }, performance.now() - startedAt),
    });
  }

  #connect(
    way: Way,
    secret: string,
    listeners: { open(): void; message?(data: string | Uint8Array): void; end?(end: ProbeEnd): void },
  ): Probe {
    const protocols = way.endpoint === "application" && !way.bare ? [subprotocol] : [];
    const path = endpoints[way.endpoint];
    const record = this.recorder(path);
    const probe = new Probe(socketUrl(this.server, path), protocols, {
      ...listeners,
      frame: (frame) => record(maskedFrame(frame, secret)),
    });
    this.#probes.push(probe);
    return probe;
  }

  #twin(way: Way, secret: string): void {
    const probe = this.#connect(way, secret, { open: () => probe.send(JSON.stringify(hello(secret))) });
  }

  // An order that is refused ends nothing: so does the wait.
  #answer(data: string): void {
    if (!wayOf(this.chosen).act) return;
    const { message } = parseServer(data);
    if (message?.type !== "error" || message.re !== "2") return;
    this.problem = `The server refuses: ${message.code}, ${message.message}.`;
    this.step = "refused";
    this.#leave();
  }

  #ended(way: Way, end: ProbeEnd, tookMs: number): void {
    this.step = "ended";
    this.outcome = { ...end, label: way.label, agreed: way.agreed === true, tookMs };
    this.#shown = this.outcome;
    this.#leave();
  }

  protected override render(): TemplateResult {
    const way = wayOf(this.chosen);
    return region("Close codes", intro, [
      html`
        <form @submit=${onSubmit((form) => this.#act("cause", Number(textOf(form, "code")), textOf(form, "reason")))}>
          <p class="field whole">
            <label for="way">How it ends</label>
            <select id="way" aria-describedby="does" .value=${this.chosen} @change=${(event: Event) => this.#act("choose", fieldValue(event))}>
              ${ways.map(
                (group) =>
                  html`<optgroup label=${group.by}>
                    ${group.ways.map(({ id, label }) => html`<option value=${id}>${label}</option>`)}
                  </optgroup>`,
              )}
            </select>
          </p>
          ${way.fields ? keyed(way.fields, fieldsOf(way.fields)) : nothing}
          <button class="main" aria-disabled=${this.#isBusy}>Close it this way</button>
          <p class="hint whole does" id="does">${way.does}</p>
        </form>
        <p class="bad" role="alert" ?hidden=${!this.problem}>${this.problem}</p>
      `,
      this.#explained(),
      this.#codes(),
    ]);
  }

  #choose(way: string): void {
    this.chosen = way;
    this.problem = "";
  }

  #explained(): TemplateResult {
    const shown = this.#shown;
    const facts: [name: string, value: string][] = [
      ["Meaning", meaningOf(shown.code) ?? "this page does not know it"],
      ["On the wire", wireText(shown)],
      ["Ended by", enderOf(shown)],
      ["Clean", cleanText(shown)],
      ["Reason", reasonText(shown)],
      ["Likely cause", likelyCause(shown)],
      ["What a client does", policyText(shown)],
      ["Took", formatDuration(shown.tookMs)],
    ];
    return html`
      <div class="happened" role="group" aria-labelledby="happened" aria-live="polite">
        <h3 id="happened">
          What happened: <span class=${shown === example ? "example" : nothing} role="status" aria-label="Step">${steps[this.step]}</span>
        </h3>
        <dl class="facts number" aria-busy=${this.#isBusy}>
          <dt>Code</dt>
          <dd class="code">${codeTitle(shown.code)}</dd>
          ${facts.map(([name, value]) => html`<dt>${name}</dt><dd class="break">${value}</dd>`)}
        </dl>
      </div>
    `;
  }

  #codes(): TemplateResult {
    return html`
      <div>
        <h3 id="codes">All codes</h3>
        <div class="lines codes" tabindex="0" role="group" aria-labelledby="codes">
          <table>
            <thead>
              <tr>
                <th scope="col">Code</th>
                <th scope="col">Meaning</th>
                <th scope="col">A client</th>
              </tr>
            </thead>
            <tbody>
              ${knownCodes.map((code) => rowOf(code, code === this.outcome?.code))}
            </tbody>
          </table>
        </div>
      </div>
    `;
  }

  static override styles = [theme, style];
}

const intro = html`Really closes a separate connection, and shows what the browser reports.`;

// Keyed where it is used: what was typed for one way is not meant for another.
function fieldsOf(fields: NonNullable<Way["fields"]>): TemplateResult {
  const own = fields === "own";
  return html`
    <p class="field own">
      <label for="code">${own ? "Own code" : "Code to ask for"}</label>
      <input id="code" name="code" type="number" min="1000" max="4999" value=${own ? 4000 : 1012} required />
    </p>
    ${
      own
        ? html`<p class="field grow">
          <label for="reason">Reason</label>
          <input id="reason" name="reason" value="enough for today" autocomplete="off" />
        </p>`
        : nothing
    }
  `;
}

function problemOf({ fields }: Way, code: number, reason: string): string {
  if (fields !== "own") return "";
  if (!isSendableCode(code))
    return "A page may send 1000, and 3000 to 4999. For any other code, the browser throws an error.";
  const [size, most] = [byteLength(reason), bounds.closeReasonBytes];
  return size > most ? `A reason has at most ${most} bytes, and this one has ${size}.` : "";
}

function wireText({ code, opened }: Outcome): string {
  if (isOnWire(code)) return "yes: two bytes in a close frame";
  return opened
    ? "no: the browser made it up, because no code came"
    : "no: there was no connection to send it on";
}

// A CloseEvent does not tell who began: this page knows whether it did.
function enderOf({ code, opened, byPage }: Outcome): string {
  if (!opened) return "nobody: it never opened";
  if (byPage) return "this page";
  return code === Close.Abnormal ? "unknown: no close frame came" : "the server's side";
}

function cleanText({ wasClean }: Outcome): string {
  return wasClean ? "yes: both sides sent a close frame" : "no";
}

function reasonText({ reason }: Outcome): string {
  return reason || "none";
}

function rowOf(code: number, isCurrent: boolean): TemplateResult {
  const [number, name] = codeTitle(code).split(" ");
  const isPromise = code === Close.Normal || code === Close.NoStatus;
  return html`
    <tr aria-current=${isCurrent ? "true" : nothing}>
      <th scope="row"><span class="number">${number}</span>${name ? html`<br />${name}` : nothing}</th>
      <td>${meaningOf(code)}${isOnWire(code) ? nothing : "; never sent"}</td>
      <td>${policyText({ code, agreed: false }).split(/[:,]/)[0]}${isPromise ? ", unless agreed" : nothing}</td>
    </tr>
  `;
}

customElements.define("rosetta-goodbye", GoodbyePanel);
