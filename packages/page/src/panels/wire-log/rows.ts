import { html, nothing, type TemplateResult } from "lit";
import { formatBytes, formatCount, formatDuration, formatTime } from "../../shared/format.ts";
import type { WireRecord } from "../../wire/record.ts";
import type { WireItem } from "./items.ts";
import { clientOf } from "./lanes.ts";
import { directionOf, hasDirection, isAside, rowText, summaryOf, typeOf } from "./model.ts";
import type { WireView } from "./remembered-view.ts";

/** The state of the log that its rows need. */
export interface RowContext {
  view: WireView;
  /** Characters that fit into a row. */
  characters: number;
  /** The key of the chosen row, and of the one in the tab order. */
  current: string;
  tabStop: string | undefined;
  /** The number of the row to show as belonging to the one that is pointed at. */
  tied: number | undefined;
  laneCount: number;
  /** Connections to several paths are shown, so each message names its path. */
  marksPaths: boolean;
  wayOf(entry: WireRecord): { from: number; to: number };
  scriptOf(entry: WireRecord): number | undefined;
  /** The name of its server, where there are several. */
  serverOf(entry: WireRecord): string;
  /** Messages are rare enough to draw arrows as they travel. */
  isCalm: boolean;
  /** It has only just come, and is drawn as it travels. */
  isFresh(entry: WireRecord): boolean;
  choose(item: WireItem): void;
}

/** Draws one line of the log. */
export function itemRow(item: WireItem, context: RowContext): TemplateResult {
  if (item.kind === "record") return recordRow(item, item.entry, context);
  if (item.kind === "lesson") return lessonRow(item, context);
  if (item.kind === "quiet") return quietRow(item.ms, context);
  const { count, paths, isOpen } = item;
  const what = `${formatCount(count, "row")} on ${paths.join(", ")}, not of this lesson`;
  return button(item, context, html`<span class="fold">${mark(isOpen)} ${what}</span>`, { isOpen });
}

function quietRow(ms: number, { view }: RowContext): TemplateResult {
  const words = `nothing for ${formatDuration(ms)}`;
  if (view === "list") return html`<p class="row quiet-row">· ${words}</p>`;
  return html`<p class="row quiet-row"><span class="step"
    ><span class="time brace" aria-hidden="true">}</span
    ><span class="lanes" data-dotted><span class="words" data-low="0">${words}</span></span></span></p>`;
}

function lessonRow(item: Extract<WireItem, { kind: "lesson" }>, context: RowContext): TemplateResult {
  const { title, count, isOpen, isCurrent } = item;
  if (isCurrent) return html`<p class="row lesson-row"><span>${title}</span></p>`;
  const rows = formatCount(count, "row");
  return button(item, context, html`<span class="fold">${mark(isOpen)} ${title}: ${rows}</span>`, { isOpen });
}

function mark(isOpen: boolean): TemplateResult {
  return html`<span aria-hidden="true">${isOpen ? "▾" : "▸"}</span>`;
}

function recordRow(item: WireItem, entry: WireRecord, context: RowContext): TemplateResult {
  return button(item, context, context.view === "sequence" ? step(entry, context) : line(entry, context), {
    entry,
  });
}

function button(
  item: WireItem,
  { current, tabStop, tied, choose, isFresh }: RowContext,
  content: TemplateResult,
  { entry, isOpen }: { entry?: WireRecord; isOpen?: boolean },
): TemplateResult {
  const isTied = entry !== undefined && entry.number === tied;
  return html`
    <button
      class="row"
      type="button"
      data-key=${item.key}
      data-direction=${entry?.direction ?? nothing}
      data-kind=${entry?.kind ?? nothing}
      ?data-tied=${isTied}
      ?data-fresh=${entry !== undefined && isFresh(entry)}
      aria-pressed=${isOpen === undefined ? item.key === current : nothing}
      aria-expanded=${isOpen ?? nothing}
      tabindex=${item.key === tabStop ? 0 : -1}
      @click=${() => choose(item)}
      >${content}</button
    >
  `;
}

function line(entry: WireRecord, context: RowContext): TemplateResult {
  const { characters, serverOf, scriptOf } = context;
  const server = serverOf(entry);
  return html`${arrowOf(entry)}<span class="quiet">${formatTime(entry.at)} <span class="path">${column(entry.path, 6)}</span></span
    >${server ? html`<span class="server" data-script=${scriptOf(entry) ?? nothing}>${column(server, 11)}</span>` : nothing}<span class="quiet"
    >${clientOf(entry.connection) ? `${clientOf(entry.connection)} ` : ""}</span
    ><span class="type">${column(typeOf(entry), 10)}</span
    ><span class="quiet size">${sizeOf(entry)} </span>${summaryOf(entry).slice(0, characters)}`;
}

function arrowOf(entry: WireRecord): TemplateResult {
  if (!hasDirection(entry)) return html`<span class="way" aria-hidden="true">·</span>`;
  const arrow = entry.direction === "out" ? "↑" : "↓";
  return html`<span class="way" aria-hidden="true">${arrow}</span><span class="said">${directionOf(entry)} </span>`;
}

/** Pads a text to the width of its column and a blank. */
function column(text: string, width: number): string {
  return `${text.slice(0, width).padEnd(width)} `;
}

function sizeOf(entry: WireRecord): string {
  return (entry.data === undefined ? "" : formatBytes(entry.size)).padStart(8);
}

// The drawing, and a sentence for readers who cannot see it.
function step(entry: WireRecord, context: RowContext): TemplateResult {
  const { from, to } = context.wayOf(entry);
  const shape = shapeOf(entry);
  // A row that does not travel stands at the client's lane.
  const [low, high] = shape === "aside" ? [from, from] : [Math.min(from, to), Math.max(from, to)];
  // Beside its arrow a label has room on one side: the one where there is more.
  const isLate = low + high > context.laneCount - 1 && low > 0;
  const { marksPaths } = context;
  return html`<span class="said">${rowText(entry, context.serverOf(entry))}</span
    ><span class="step" aria-hidden="true"
      ><span class="time">${formatTime(entry.at).slice(3)}</span
      ><span class="lanes" data-script=${context.scriptOf(entry) ?? nothing}
        ><span class="words" data-low=${low} data-high=${high} ?data-late=${isLate}
          >${entry.afterMs === undefined ? nothing : html`<span class="after">${formatDuration(entry.afterMs)}</span>`}<b class="type">${typeOf(entry)}</b
          >${marksPaths && entry.data !== undefined && entry.kind !== "request" ? html`<span class="mark">${entry.path}</span>` : nothing}${summaryOf(entry).slice(0, context.characters)}${entry.isLost ? html`<span class="lost"> no reply</span>` : nothing}</span
        ><span class="arrow" data-shape=${shape} data-low=${low} data-high=${shape === "aside" ? nothing : high} data-to=${from < to ? "right" : "left"}></span></span></span>`;
}

/** Returns how a row is drawn: as an arrow, one with two heads, a cut, or a note beside the page's lane. */
function shapeOf(entry: WireRecord): "arrow" | "both" | "cut" | "aside" {
  if (isAside(entry)) return "aside";
  if (entry.kind === "open") return "both";
  return entry.isCut ? "cut" : "arrow";
}
