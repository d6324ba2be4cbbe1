import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import {
  bytesOf,
  formatBytes,
  formatDuration,
  formatTime,
  hexView,
  prettyText,
  textOfBytes,
} from "../../shared/format.ts";
import { type ServerEntry, scriptOf } from "../../shared/servers.ts";
import { theme } from "../../shared/theme.css.ts";
import { type WireRecord, type WireRecorder, wireCapacity } from "../../wire/recorder.ts";
import { Panel, region } from "../base.ts";
import { counterpartOf, isCut, isRequest, jsonLine, summaryOf, typeOf, WireFilter } from "./model.ts";
import { style } from "./style.ts";

/** CSS pixels of one row; the style sheet says the same. Equal rows make the visible ones a matter of division. */
const rowHeight = 28;

/** Rows drawn above and below the visible ones, so that scrolling does not show their absence. */
const margin = 4;

/** CSS pixels that a character takes at least: what cannot be seen need not be drawn. */
const narrowest = 6;

/**
 * Everything that went over the wire. Of up to 2,000 rows only those in sight exist in the document. The
 * record goes on while the page is hidden or the view paused.
 */
export class WireLogPanel extends Panel {
  static override properties = {
    wire: { attribute: false },
    servers: { attribute: false },
    needle: { state: true },
    frozen: { state: true },
    chosen: { state: true },
    asBytes: { state: true },
    asText: { state: true },
  };
  declare wire: WireRecorder;
  /** Those in use, if there are several: then each row tells which it is about. */
  declare servers: ServerEntry[];
  declare needle: string;
  /** The rows that are shown while paused. */
  declare frozen: WireRecord[] | undefined;
  declare chosen: WireRecord | undefined;
  /** Text as its bytes. */
  declare asBytes: boolean;
  /** Bytes as text. */
  declare asText: boolean;
  #filter = new WireFilter();
  #rows: WireRecord[] = [];
  #following = true;
  #scrollTop = 0;
  /** Where the box was scrolled to last: to ask the box itself costs a layout. */
  #placed = 0;
  #height = 0;
  #characters = 0;
  #held = false;
  #resize = new ResizeObserver(() => this.#measure());

  constructor() {
    super();
    this.servers = [];
    this.needle = "";
    this.asBytes = false;
    this.asText = false;
  }

  protected override attach(): void {
    this.until(this.wire.follow(() => this.#draw()));
    this.until(() => this.#resize.disconnect());
    void this.updateComplete.then(() => this.#resize.observe(this.#box()));
  }

  #draw(): void {
    if (!this.#held) this.requestUpdate();
  }

  // Also for what was asked for before the press, and comes with the next frame.
  protected override shouldUpdate(): boolean {
    return !this.#held;
  }

  // Rows that move between press and release would take the click to another one, or to none.
  #hold(): void {
    this.#held = true;
    const release = () => {
      this.#held = false;
      this.#draw();
    };
    // The click comes after `pointerup`, in the same task or the next.
    addEventListener("pointerup", () => setTimeout(release), { once: true });
    addEventListener("pointercancel", release, { once: true });
  }

  #box(): HTMLElement {
    return this.renderRoot.querySelector(".rows") as HTMLElement;
  }

  #measure(): void {
    const { clientHeight, clientWidth } = this.#box();
    this.#height = clientHeight;
    this.#characters = Math.ceil(clientWidth / narrowest);
    this.requestUpdate();
  }

  #onScroll(): void {
    const box = this.#box();
    // Only what the reader did counts, not the steps with which the list follows.
    if (Math.abs(box.scrollTop - this.#placed) < 1) return;
    this.#scrollTop = this.#placed = box.scrollTop;
    this.#following = box.scrollTop + box.clientHeight >= box.scrollHeight - rowHeight;
    this.requestUpdate();
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    // Nobody sees it, or its height is not known yet.
    if (this.#height === 0) return;
    const before = this.#rows[0]?.number;
    this.#rows = this.#filter.apply(this.#all(), this.needle).slice();
    if (this.#following) this.#scrollTop = Math.max(0, this.#rows.length * rowHeight - this.#height);
    else this.#keepPlace(before, changed);
  }

  // Rows that were dropped at the top would move the ones being read.
  #keepPlace(before: number | undefined, changed: PropertyValues): void {
    const after = this.#rows[0]?.number;
    if (before === undefined || after === undefined || changed.has("needle")) return;
    if (after > before)
      this.#scrollTop = Math.max(0, this.#scrollTop - this.#gone(before, after) * rowHeight);
  }

  #gone(before: number, after: number): number {
    // Without a filter numbers follow each other; with one, some are missing and the estimate is too high.
    return this.needle === "" ? after - before : 0;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const box = this.#box();
    const spacer = box.firstElementChild as HTMLElement;
    const [first] = this.#window();
    // Set as properties: the policy forbids style attributes.
    spacer.style.blockSize = `${this.#rows.length * rowHeight}px`;
    (spacer.firstElementChild as HTMLElement).style.transform = `translateY(${first * rowHeight}px)`;
    if (this.#placed !== this.#scrollTop) box.scrollTop = this.#placed = this.#scrollTop;
  }

  /** Returns the indexes of the rows that are drawn: from the first to before the second. */
  #window(): [number, number] {
    const first = Math.max(0, Math.floor(this.#scrollTop / rowHeight) - margin);
    const last = Math.ceil((this.#scrollTop + this.#height) / rowHeight) + margin;
    return [first, Math.min(this.#rows.length, last)];
  }

  #pause(): void {
    this.frozen = this.frozen ? undefined : [...this.wire.entries];
  }

  #clear(): void {
    this.wire.clear();
    this.frozen = this.frozen && [];
    this.chosen = undefined;
    this.#following = true;
  }

  #toNewest(): void {
    this.#following = true;
    this.requestUpdate();
  }

  #choose(entry: WireRecord | undefined): void {
    this.chosen = entry === this.chosen ? undefined : entry;
    if (this.chosen) this.#following = false;
  }

  #onKey(event: KeyboardEvent): void {
    const { length } = this.#rows;
    const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, Home: -length, End: length };
    const step = steps[event.key];
    if (step === undefined || length === 0) return;
    event.preventDefault();
    const current = this.chosen ? this.#rows.indexOf(this.chosen) : length;
    void this.#moveTo(Math.min(length - 1, Math.max(0, current + step)));
  }

  async #moveTo(index: number): Promise<void> {
    this.#following = false;
    this.chosen = this.#rows[index];
    const top = index * rowHeight;
    const lowest = top + rowHeight - this.#height;
    this.#scrollTop = Math.min(top, Math.max(this.#scrollTop, lowest));
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(".row[aria-pressed='true']")?.focus({ preventScroll: true });
  }

  protected override render(): TemplateResult {
    return region("Wire log", intro, [
      this.#tools(),
      this.#list(),
      this.#status(),
      this.#details(),
      this.#foot(),
    ]);
  }

  #tools(): TemplateResult {
    return html`
      <div class="fields" role="group" aria-label="Wire log tools">
        <p class="field filter">
          <label for="filter">Filter</label>
          <input
            id="filter"
            type="search"
            autocomplete="off"
            spellcheck="false"
            placeholder="subscribe, /echo, weather …"
            .value=${this.needle}
            @input=${this.#onFilter}
          />
        </p>
        <button @click=${this.#pause}>${this.frozen ? "Continue" : "Pause"}</button>
        <button @click=${this.#clear}>Clear</button>
      </div>
    `;
  }

  #onFilter(event: Event): void {
    this.needle = (event.target as HTMLInputElement).value;
    this.#following = true;
  }

  #list(): TemplateResult {
    const [first, last] = this.#window();
    const rows = this.#rows.slice(first, last);
    // One row is in the tab order: the chosen one if it is drawn, else the newest of those in sight.
    const tabStop = rows.includes(this.chosen as WireRecord) ? this.chosen : rows.at(-1);
    return html`
      <div
        class="rows"
        role="log"
        aria-live="off"
        aria-label="Messages on the wire, oldest first"
        @scroll=${this.#onScroll}
        @keydown=${this.#onKey}
        @pointerdown=${this.#hold}
      >
        <div><div>${rows.map((entry) => this.#row(entry, entry === tabStop))}</div></div>
      </div>
    `;
  }

  #row(entry: WireRecord, isTabStop: boolean): TemplateResult {
    return html`
      <button
        class="row"
        type="button"
        data-direction=${entry.direction}
        data-kind=${entry.kind}
        aria-pressed=${entry === this.chosen}
        tabindex=${isTabStop ? 0 : -1}
        @click=${() => this.#choose(entry)}
        >${arrowOf(entry)}<span class="quiet">${formatTime(entry.at)} <span class="path">${column(entry.path, 6)}</span></span
        >${this.servers.length > 0 ? this.#server(entry) : nothing}<span class="type">${column(typeOf(entry), 11)}</span
        ><span class="quiet">${sizeOf(entry)} ${summaryOf(entry).slice(0, this.#characters)}</span></button
      >
    `;
  }

  #server({ server }: WireRecord): TemplateResult {
    const index = this.servers.findIndex(({ id }) => id === server);
    return html`<span class="server" data-script=${scriptOf(index)}>${column(server, 11)}</span>`;
  }

  #status(): TemplateResult {
    const all = this.wire.entries.length;
    const shown = this.#rows.length;
    return html`
      <div class="status">
        <p>
          ${this.needle.trim() === "" ? nothing : html`<span class="number">${shown}</span> of `}<span class="number"
            >${all}</span
          >
          rows${all === wireCapacity ? ", the oldest go" : nothing}${this.frozen ? html`, <b>paused</b>` : nothing}
        </p>
        <button class="small" ?hidden=${this.#following} @click=${this.#toNewest}>To the newest</button>
      </div>
    `;
  }

  #details(): TemplateResult {
    const entry = this.chosen;
    if (!entry) return noDetails;
    const isText = typeof entry.data === "string";
    return html`
      <div class="details">
        <div class="status">
          <h3>Row ${entry.number}: ${typeOf(entry)}${hasDirection(entry) ? `, ${directionOf(entry)}` : nothing} on ${entry.path}</h3>
          ${entry.data === undefined ? nothing : this.#view(isText)}
        </div>
        <pre class="box" tabindex="0" role="group" aria-label="Content of the row">${contentOf(entry, isText ? !this.asBytes : this.asText)}</pre>
        ${isCut(entry) ? html`<p class="hint">The beginning; the message has ${formatBytes(entry.size)}.</p>` : nothing}
      </div>
    `;
  }

  #view(isText: boolean): TemplateResult {
    const checked = isText ? this.asBytes : this.asText;
    return html`
      <label class="choice"
        ><input type="checkbox" .checked=${checked} @change=${this.#onView} />${isText ? "As bytes" : "As UTF-8"}</label
      >
    `;
  }

  #onView(event: Event): void {
    const { checked } = event.target as HTMLInputElement;
    if (typeof this.chosen?.data === "string") this.asBytes = checked;
    else this.asText = checked;
  }

  /** Draws what belongs to the chosen row, and a way to take all rows along. */
  #foot(): TemplateResult {
    const { chosen } = this;
    const partner = chosen && counterpartOf(this.#all(), chosen);
    return html`
      <div class="status foot">
        <p role="status" aria-label="Belongs to">${chosen ? belonging(chosen, partner) : nothing}</p>
        <button class="small" ?hidden=${!partner} @click=${() => partner && this.#goTo(partner)}>Go there</button>
        <button class="small" @click=${this.#export}>Export</button>
      </div>
    `;
  }

  #all(): WireRecord[] {
    return this.frozen ?? this.wire.entries;
  }

  async #goTo(entry: WireRecord): Promise<void> {
    // It may be hidden by the filter.
    if (!this.#rows.includes(entry)) this.needle = "";
    await this.updateComplete;
    const index = this.#rows.indexOf(entry);
    if (index !== -1) await this.#moveTo(index);
  }

  /** Downloads the rows that are shown, a line of JSON each. */
  #export(): void {
    const lines = this.#rows.map((entry) => `${jsonLine(entry)}\n`);
    const url = URL.createObjectURL(new Blob(lines, { type: "application/jsonl" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `wire-${new Date().toISOString().replaceAll(":", "-").slice(0, 19)}.jsonl`;
    link.click();
    // The browser has taken hold of it by then.
    setTimeout(() => URL.revokeObjectURL(url));
  }

  static override styles = [theme, style];
}

const intro = html`What really travels, line by line. A WebSocket carries messages, each either text or binary; here the
  text is JSON.`;

const noDetails = html`
  <div class="details">
    <div class="status"><h3>No row chosen</h3></div>
    <p class="box hint">Choose a row to see the whole message: JSON field by field, binary byte by byte.</p>
  </div>
`;

/** Pads a text to the width of its column and a blank. */
function column(text: string, width: number): string {
  return `${text.slice(0, width).padEnd(width)} `;
}

function sizeOf(entry: WireRecord): string {
  return (entry.data === undefined ? "" : formatBytes(entry.size)).padStart(8);
}

function arrowOf(entry: WireRecord): TemplateResult {
  if (!hasDirection(entry)) return html`<span class="arrow" aria-hidden="true">·</span>`;
  const arrow = entry.direction === "out" ? "↑" : "↓";
  return html`<span class="arrow" aria-hidden="true">${arrow}</span><span class="said">${directionOf(entry)} </span>`;
}

// The opening handshake goes both ways, and a state is this page's own affair.
function hasDirection(entry: WireRecord): boolean {
  return entry.kind !== "open" && entry.kind !== "state";
}

function directionOf(entry: WireRecord): string {
  return entry.direction === "out" ? "sent" : "received";
}

function contentOf(entry: WireRecord, isText: boolean): string {
  const { data } = entry;
  if (data === undefined) return entry.note;
  if (!isText) return hexView(bytesOf(data));
  return typeof data === "string" ? prettyText(data) : textOfBytes(data);
}

function belonging(entry: WireRecord, partner: WireRecord | undefined): string {
  if (!partner) return isRequest(entry) ? "No reply in the log." : "";
  const what = `row ${partner.number}, ${typeOf(partner)}`;
  if (entry.direction === "in") return `Replies to ${what}.`;
  return `Answered by ${what}, after ${formatDuration(partner.at - entry.at)}.`;
}

customElements.define("rosetta-wire-log", WireLogPanel);
