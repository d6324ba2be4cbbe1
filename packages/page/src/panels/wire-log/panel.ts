import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { formatDuration } from "../../shared/format.ts";
import type { ServerEntry } from "../../shared/servers.ts";
import { theme } from "../../shared/theme.css.ts";
import type { WireRecord, WireSection } from "../../wire/record.ts";
import { type WireRecorder, wireCapacity } from "../../wire/recorder.ts";
import { Panel, region } from "../base.ts";
import { foundItems, itemsOf, type WireItem } from "./items.ts";
import { lanesOf, type WireLane, wayOf } from "./lanes.ts";
import {
  type ContentView,
  directionOf,
  hasDirection,
  isRequest,
  jsonLine,
  typeOf,
  viewsOf,
  WireFilter,
} from "./model.ts";
import { rememberedView, rememberView, type WireView } from "./remembered-view.ts";
import { itemRow, type RowContext } from "./rows.ts";
import { style } from "./style.ts";

/** CSS pixels of one row; the style sheet says the same. Equal rows make the visible ones a matter of division. */
const rowHeights: Record<WireView, number> = { sequence: 40, list: 28 };

/** Rows drawn above and below the visible ones, so that scrolling does not show their absence. */
const margin = 4;

/** The narrowest character in CSS pixels: text beyond the edge need not be drawn. */
const narrowest = 6;

/** Folded lines above which there is room for the key to the drawing. */
const mostBesideKey = 5;

/** An arrow travels for about so long after its message (ms) … */
const freshMs = 600;

/** … unless so many came in that time: then nobody could follow it. */
const mostFresh = 6;

/**
 * Everything that went over the wire, as a sequence between the page and the servers or as a list. Of up to 2,000 rows
 * only those in sight exist in the document. Recording continues while the page is hidden or the view paused.
 */
export class WireLogPanel extends Panel {
  static override properties = {
    wire: { attribute: false },
    servers: { attribute: false },
    view: { state: true },
    needle: { state: true },
    frozen: { state: true },
    opened: { state: true },
    current: { state: true },
    tied: { state: true },
    content: { state: true },
  };
  declare wire: WireRecorder;
  /** All of this run. */
  declare servers: ServerEntry[];
  declare view: WireView;
  declare needle: string;
  /** The rows that are shown while paused. */
  declare frozen: WireRecord[] | undefined;
  /** Keys of the folds that are open. */
  declare opened: ReadonlySet<string>;
  /** The key of the row that was chosen last. */
  declare current: string;
  /** The number of the row that the pointer is on, or its partner's. */
  declare tied: number | undefined;
  declare content: ContentView;
  #filter = new WireFilter();
  #items: WireItem[] = [];
  /** The records among the items. */
  #shown: WireRecord[] = [];
  #section: WireSection | undefined;
  #lanes: WireLane[] = [];
  #following = true;
  #scrollTop = 0;
  /** Where the box was scrolled to last: to ask the box itself costs a layout. */
  #placed = 0;
  #height = 0;
  #characters = 0;
  #held = false;
  /** The key of the row that had the focus before an update. */
  #focused: string | undefined;
  #resize = new ResizeObserver(() => this.#measure());

  constructor() {
    super();
    this.servers = [];
    this.view = rememberedView();
    this.needle = "";
    this.opened = new Set();
    this.current = "";
    this.content = "message";
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

  get #rowHeight(): number {
    return rowHeights[this.view];
  }

  /** The record of the chosen row, as long as the log has it. */
  get #chosen(): WireRecord | undefined {
    const number = /^record-(\d+)$/.exec(this.current)?.[1];
    return number === undefined ? undefined : this.#all().find((entry) => String(entry.number) === number);
  }

  #measure(): void {
    const { clientHeight, clientWidth } = this.#box();
    const isLower = clientHeight < this.#height;
    this.#height = clientHeight;
    this.#characters = Math.ceil(clientWidth / narrowest);
    // The content that was opened takes from the rows: the chosen one stays in sight.
    const index = this.#items.findIndex(({ key }) => key === this.current);
    if (isLower && index !== -1) this.#bringIntoSight(index);
    this.requestUpdate();
  }

  #bringIntoSight(index: number): void {
    const top = index * this.#rowHeight;
    const lowest = top + this.#rowHeight - this.#height;
    this.#scrollTop = Math.min(top, Math.max(this.#scrollTop, lowest));
  }

  #onScroll(): void {
    const box = this.#box();
    // Only what the reader did counts, not the steps with which the list follows.
    if (Math.abs(box.scrollTop - this.#placed) < 1) return;
    this.#scrollTop = this.#placed = box.scrollTop;
    this.#following = box.scrollTop + box.clientHeight >= box.scrollHeight - this.#rowHeight;
    this.requestUpdate();
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    this.#focused = this.#focusedRow()?.dataset.key;
    // Nobody sees it, or its height is not known yet.
    if (this.#height === 0) return;
    if (this.#section !== this.wire.section) this.#beginSection();
    if (this.current) void loadContent();
    const before = this.#items[this.#topIndex()]?.key;
    this.#items = this.#itemsNow();
    this.#shown = this.#items.flatMap((item) => (item.kind === "record" ? item.entry : []));
    // Before its first message, a lesson shows the ends that were used last.
    this.#lanes = lanesOf(this.#shown.length > 0 ? this.#shown : this.#all(), this.servers);
    const wholeHeight = this.#items.length * this.#rowHeight;
    if (this.#following) this.#scrollTop = Math.max(0, wholeHeight - this.#height);
    else this.#keepPlace(before, changed);
  }

  // Another lesson begins with its newest rows, and nothing chosen.
  #beginSection(): void {
    this.#section = this.wire.section;
    this.#following = true;
    this.current = "";
  }

  #itemsNow(): WireItem[] {
    if (this.needle.trim() !== "") return foundItems(this.#filter.apply(this.#all(), this.needle));
    return itemsOf(this.#all(), this.wire.section, this.opened);
  }

  #topIndex(): number {
    return Math.floor(this.#scrollTop / this.#rowHeight);
  }

  // Rows that were dropped or folded above would move the ones being read.
  #keepPlace(before: string | undefined, changed: PropertyValues): void {
    if (before === undefined || changed.has("needle") || changed.has("view")) return;
    const index = this.#items.findIndex(({ key }) => key === before);
    if (index === -1) this.#scrollTop = Math.min(this.#scrollTop, this.#items.length * this.#rowHeight);
    else this.#scrollTop = index * this.#rowHeight + (this.#scrollTop % this.#rowHeight);
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const box = this.#box();
    const spacer = box.firstElementChild as HTMLElement;
    const [first] = this.#window();
    // Set as properties: the policy forbids style attributes.
    box.style.setProperty("--lanes", String(this.#lanes.length));
    box.style.setProperty("--halves", String(2 * this.#lanes.length));
    spacer.style.blockSize = `${this.#items.length * this.#rowHeight}px`;
    (spacer.firstElementChild as HTMLElement).style.transform = `translateY(${first * this.#rowHeight}px)`;
    if (this.#placed !== this.#scrollTop) box.scrollTop = this.#placed = this.#scrollTop;
    this.#keepFocus();
  }

  // Rows get other elements when a flood begins, and again when it ends (`rowsOf`).
  #keepFocus(): void {
    if (this.#focused === undefined || this.#focusedRow()?.dataset.key === this.#focused) return;
    this.#rowElement(this.#focused)?.focus({ preventScroll: true });
  }

  #focusedRow(): HTMLElement | undefined {
    return this.renderRoot.querySelector<HTMLElement>(".row:focus") ?? undefined;
  }

  #rowElement(key: string): HTMLElement | null {
    return this.renderRoot.querySelector(`.row[data-key="${key}"]`);
  }

  /** Returns the indexes of the rows that are drawn: from the first to before the second. */
  #window(): [number, number] {
    const first = Math.max(0, this.#topIndex() - margin);
    const last = Math.ceil((this.#scrollTop + this.#height) / this.#rowHeight) + margin;
    return [first, Math.min(this.#items.length, last)];
  }

  #show(view: WireView): void {
    if (view === this.view) return;
    const top = this.#topIndex();
    this.view = view;
    this.#scrollTop = top * this.#rowHeight;
    rememberView(view);
  }

  #pause(): void {
    this.frozen = this.frozen ? undefined : [...this.wire.entries];
  }

  #clear(): void {
    this.wire.clear();
    this.frozen = this.frozen && [];
    this.current = "";
    this.#following = true;
  }

  #toNewest(): void {
    this.#following = true;
    this.requestUpdate();
  }

  #choose(item: WireItem): void {
    if (item.kind === "lesson" || item.kind === "others") this.#toggle(item);
    else this.current = item.key === this.current ? "" : item.key;
    if (this.current) this.#following = false;
  }

  #toggle(item: Extract<WireItem, { isOpen: boolean }>): void {
    const opened = new Set(this.opened);
    if (!opened.delete(item.key)) opened.add(item.key);
    this.opened = opened;
    this.current = item.key;
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === "Enter") return this.#onEnter(event);
    const stops = this.#items.filter(isStop);
    const { length } = stops;
    const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, Home: -length, End: length };
    const step = steps[event.key];
    if (step === undefined || length === 0) return;
    event.preventDefault();
    const place = stops.findIndex(({ key }) => key === this.current);
    const current = place === -1 ? length : place;
    const next = stops[Math.min(length - 1, Math.max(0, current + step))];
    if (next) void this.#moveTo(next);
  }

  // Enter opens the bytes of a message. On a fold it acts as a click.
  #onEnter(event: KeyboardEvent): void {
    const item = this.#items.find(({ key }) => key === (event.target as HTMLElement).dataset.key);
    if (item?.kind !== "record") return;
    event.preventDefault();
    const isOpen = this.current === item.key && this.content === "bytes";
    this.content = isOpen ? "message" : "bytes";
    this.current = item.key;
    this.#following = false;
  }

  async #moveTo(item: WireItem): Promise<void> {
    this.#following = false;
    this.current = item.key;
    this.#bringIntoSight(this.#items.indexOf(item));
    await this.updateComplete;
    this.#rowElement(item.key)?.focus({ preventScroll: true });
  }

  protected override render(): TemplateResult {
    return region("Wire log", intro, [
      this.#tools(),
      this.#list(),
      html`<div>${this.#status()} ${this.#details()}</div>`,
    ]);
  }

  #tools(): TemplateResult {
    return html`
      <div class="tools" role="group" aria-label="Wire log tools">
        <div class="views" role="group" aria-label="View of the wire">
          ${this.#viewButton("sequence", "Sequence")} ${this.#viewButton("list", "List")}
        </div>
        <label class="hidden" for="filter">Filter</label>
        <input
          id="filter"
          type="search"
          autocomplete="off"
          spellcheck="false"
          placeholder="Filter"
          .value=${this.needle}
          @input=${this.#onFilter}
        />
        <button class="small" @click=${this.#pause}>${this.frozen ? "Continue" : "Pause"}</button>
        <button class="small" @click=${this.#clear}>Clear</button>
      </div>
    `;
  }

  #viewButton(view: WireView, label: string): TemplateResult {
    return html`<button class="small" aria-pressed=${this.view === view} @click=${() => this.#show(view)}>${label}</button>`;
  }

  #onFilter(event: Event): void {
    this.needle = (event.target as HTMLInputElement).value;
    this.#following = true;
  }

  #list(): TemplateResult {
    const [first, last] = this.#window();
    const items = this.#items.slice(first, last);
    // One row is in the tab order: the chosen one if it is drawn, else the newest of those in sight.
    const tabStop = items.find(({ key }) => key === this.current) ?? items.findLast(isStop);
    const context = this.#rowContext(tabStop);
    return html`
      <div class="wire" data-view=${this.view}>
        ${this.view === "sequence" ? laneHeads(this.#lanes) : nothing}
        <div
          class="rows"
          role="log"
          aria-live="off"
          aria-label="Messages on the wire, oldest first"
          @scroll=${this.#onScroll}
          @keydown=${this.#onKey}
          @pointerdown=${this.#hold}
          @pointerover=${this.#onHover}
          @focusin=${this.#onHover}
          @pointerleave=${() => (this.tied = undefined)}
          @focusout=${() => (this.tied = undefined)}
        >
          <div><div>${rowsOf(items, context)}</div></div>
        </div>
        ${this.#nothing()}
      </div>
    `;
  }

  #nothing(): TemplateResult | typeof nothing {
    if (this.#shown.length > 0 || this.#items.length > mostBesideKey) return nothing;
    if (this.needle) return html`<p class="nothing hint">No row matches.</p>`;
    return html`
      <div class="nothing hint">
        <p>Nothing yet. Do something, and watch it travel.</p>
        ${this.view === "sequence" ? key : nothing}
      </div>
    `;
  }

  #rowContext(tabStop: WireItem | undefined): RowContext {
    const now = performance.timeOrigin + performance.now();
    const recent = this.wire.entries.slice(-mostFresh - 1);
    const isCalm = recent.length <= mostFresh || now - (recent[0]?.at ?? 0) > freshMs;
    const isSeveral = this.#lanes.filter(({ script }) => script !== undefined).length > 1;
    return {
      view: this.view,
      characters: this.#characters,
      current: this.current,
      tabStop: tabStop?.key,
      tied: this.tied,
      laneCount: this.#lanes.length,
      marksPaths: this.#shown.some(({ path }, _, [first]) => path !== first?.path),
      wayOf: (entry) => wayOf(entry, this.#lanes),
      scriptOf: ({ server }) => this.#lanes.find(({ key }) => key === `server ${server}`)?.script,
      serverOf: ({ server }) => (isSeveral ? server : ""),
      isCalm,
      isFresh: ({ at }) => isCalm && !this.frozen && now - at < freshMs,
      choose: (item) => this.#choose(item),
    };
  }

  // A request and its reply are shown together.
  #onHover({ target }: Event): void {
    const key = (target as HTMLElement).closest<HTMLElement>(".row")?.dataset.key ?? "";
    const item = this.#items.find((each) => each.key === key);
    this.tied = item?.kind === "record" ? item.entry.partner : undefined;
  }

  #status(): TemplateResult {
    const all = this.wire.entries.length;
    const shown = this.#shown.length;
    return html`
      <div class="status">
        <p>
          ${shown === all ? nothing : html`<span class="number">${shown}</span> of `}<span class="number"
            >${all}</span
          >
          rows${all === wireCapacity ? ", the oldest are dropped" : nothing}${this.frozen ? html`, <b>paused</b>` : nothing}
        </p>
        <button class="small" ?hidden=${this.#following} @click=${this.#toNewest}>To the newest</button>
        <button class="small" @click=${this.#export}>Export</button>
      </div>
    `;
  }

  #details(): TemplateResult | typeof nothing {
    const entry = this.#chosen;
    if (!entry) return nothing;
    const partner = this.wire.entry(entry.partner);
    return html`
      <div class="details" data-content=${this.content}>
        <div class="status">
          <h3>Row ${entry.number}: ${typeOf(entry)}${hasDirection(entry) ? `, ${directionOf(entry)}` : nothing} on ${entry.path}</h3>
          ${this.#contentViews(entry)}
        </div>
        <rosetta-wire-content .entry=${entry} .view=${this.content}></rosetta-wire-content>
        <div class="status foot">
          <p role="status" aria-label="Belongs to">${belonging(entry, partner)}</p>
          <button class="small" ?hidden=${!partner} @click=${() => partner && this.#goTo(partner)}>Go there</button>
        </div>
      </div>
    `;
  }

  #contentViews(entry: WireRecord): TemplateResult | typeof nothing {
    if (entry.data === undefined) return nothing;
    return html`
      <div class="views" role="group" aria-label="Show the content as">
        ${viewsOf(entry).map(
          ({ view, label }) =>
            html`<button class="small" aria-pressed=${this.content === view} @click=${() => (this.content = view)}>${label}</button>`,
        )}
      </div>
    `;
  }

  #all(): WireRecord[] {
    return this.frozen ?? this.wire.entries;
  }

  async #goTo(entry: WireRecord): Promise<void> {
    const find = () => this.#items.find((item) => item.kind === "record" && item.entry === entry);
    // It may be hidden by the filter, or folded away.
    if (!find()) {
      this.needle = "";
      this.opened = new Set([...this.opened, `lesson-${entry.section.number}`]);
      await this.updateComplete;
    }
    const item = find();
    if (item) await this.#moveTo(item);
  }

  /** Downloads the rows that are shown, a line of JSON each. */
  #export(): void {
    const lines = this.#shown.map((entry) => `${jsonLine(entry)}\n`);
    const url = URL.createObjectURL(new Blob(lines, { type: "application/jsonl" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `wire-${new Date().toISOString().replaceAll(":", "-").slice(0, 19)}.jsonl`;
    link.click();
    // The browser has taken hold of it by then.
    setTimeout(() => URL.revokeObjectURL(url));
  }

  static override styles = [theme, ...style];
}

// How to read the sequence.
const key = html`
  <dl class="key" aria-label="How to read it">
    <dt><span class="arrow" data-to="right"></span></dt>
    <dd>sent by the page</dd>
    <dt><span class="arrow" data-to="left"></span></dt>
    <dd>received from the server</dd>
    <dt><span class="after">1.2 ms</span></dt>
    <dd>the time from a message to its answer</dd>
  </dl>
`;

const intro = "Everything on the wire, oldest first. Choose a message to open it.";

// A row keeps its element, so that its arrow travels once. In a flood, when nobody could follow an arrow, the elements
// stay where they are and change their content: that is cheaper by far.
function rowsOf(items: WireItem[], context: RowContext): unknown {
  return repeat(
    items,
    ({ key }, index) => (context.isCalm ? key : index),
    (item) => itemRow(item, context),
  );
}

/** Returns whether the arrow keys stop at a line. */
function isStop(item: WireItem): boolean {
  return item.kind === "record" || item.kind === "others" || (item.kind === "lesson" && !item.isCurrent);
}

// Not needed until a row is opened. If it cannot be loaded, the row still shows its summary.
function loadContent(): Promise<unknown> {
  return import("./content.ts").catch(() => {});
}

function laneHeads(lanes: readonly WireLane[]): TemplateResult {
  return html`
    <div class="heads" aria-hidden="true">
      ${lanes.map(({ title, script }) => html`<b data-script=${script ?? nothing}>${title.replaceAll("/", "/\u200b")}</b>`)}
    </div>
  `;
}

function belonging(entry: WireRecord, partner: WireRecord | undefined): string {
  if (entry.isLost) return "No reply: its connection ended first.";
  if (!partner) return isRequest(entry) ? "No reply in the log." : "";
  const what = `row ${partner.number}, ${typeOf(partner)}`;
  if (entry.direction === "in") return `Replies to ${what}.`;
  return `Answered by ${what}, after ${formatDuration(partner.afterMs ?? 0)}.`;
}

customElements.define("rosetta-wire-log", WireLogPanel);
