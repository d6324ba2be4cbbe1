// The figure of each candidate with its interval, as SVG that takes its colours from the page.

import { axisOf } from "./axis.ts";
import type { Band, Estimate } from "./statistics.ts";
import { escaped } from "./words.ts";

/** One line of a plot. */
export interface Mark {
  label: string;
  /** Text at the right, beside the label. */
  text: string;
  estimate: Estimate;
  /** Selects colour and shape in the page's style sheet. */
  style: string;
}

/** Further marks: the value of the control, and the band of ratios that decides nothing. */
export interface Guides {
  line?: number;
  band?: Band;
}

const width = 440;
const edge = 20;
const rowHeight = 42;
const top = 6;
const bottom = 42;

/** Draws the marks below one another, on an axis of their own. */
export function plot(
  title: string,
  unit: string,
  marks: readonly Mark[],
  { line, band }: Guides = {},
): string {
  const values = marks.flatMap(({ estimate: { value, low, high } }) => [value, low, high]);
  const axis = axisOf(
    [...values, ...(line === undefined ? [] : [line]), ...(band ? [band.low, band.high] : [])],
    width - 2 * edge,
  );
  const x = (value: number) => round(edge + axis.at(value));
  const floor = top + marks.length * rowHeight;
  const height = floor + bottom;
  const shade = band && `<rect class="band" ${box(x(band.low), x(band.high), top, floor)}/>`;
  const control = line !== undefined && `<line class="control" ${stroke(x(line), x(line), top, floor)}/>`;
  const parts = [
    shade,
    ...axis.ticks.map((tick) => tickOf(x(tick), floor, Number(tick.toPrecision(6)).toLocaleString("en"))),
    control,
    ...marks.map((mark, index) => markOf(mark, top + index * rowHeight, x)),
    `<text class="unit" x="${width / 2}" y="${height - 6}">${escaped(unit)}, ${axis.scale}</text>`,
  ];
  const drawn = parts.filter(Boolean).join("\n");
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">\n${drawn}\n</svg>`;
}

function markOf({ label, text, estimate, style }: Mark, y: number, x: (value: number) => number): string {
  const { value, low, high } = estimate;
  const middle = y + 28;
  return `<g class="mark ${style}"><text x="${edge}" y="${y + 15}">${escaped(label)}</text>
<text class="value" x="${width - edge}" y="${y + 15}">${escaped(text)}</text>
<line class="interval" ${stroke(x(low), x(high), middle, middle)}/><circle cx="${x(value)}" cy="${middle}" r="5"/></g>`;
}

function tickOf(x: number, floor: number, text: string): string {
  return `<line class="tick" ${stroke(x, x, top, floor)}/><text class="tick" x="${x}" y="${floor + 16}">${text}</text>`;
}

function stroke(x1: number, x2: number, y1: number, y2: number): string {
  return `x1="${x1}" x2="${x2}" y1="${y1}" y2="${y2}"`;
}

function box(left: number, right: number, upper: number, lower: number): string {
  return `x="${left}" y="${upper}" width="${Math.max(1, right - left)}" height="${lower - upper}"`;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
