// Figures in the form that people read.

import type { Schedule } from "./results.ts";
import type { Band, Estimate } from "./statistics.ts";

/** Writes an estimate with its interval: `1.12 × [1.05–1.18]`. */
export function interval(estimate: Estimate): string {
  return `${times(estimate.value)}${bracket(estimate)}`;
}

/** Writes an interval in brackets: ` [1.05–1.18]`, or nothing if it was measured once. */
export function bracket({ low, high, count }: Estimate): string {
  return count > 1 ? ` [${number(low)}–${number(high)}]` : "";
}

/** Writes the two ends of a band: `0.87–1.15 ×`. */
export function range({ low, high }: Band): string {
  return `${number(low)}–${times(high)}`;
}

/** Writes a ratio: `1.12 ×`. Three digits are more than any of these figures is worth. */
export function times(value: number): string {
  return `${number(value)} ×`;
}

/** Writes a number with three significant digits, and thousands grouped. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString("en");
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/**
 * Writes how well a schedule was held: `20,000/s: in the median slice 99 % within 310 µs, 99.9 % within 1,204 µs`.
 */
export function punctuality({ rate, p99, p999 }: Schedule): string {
  return `${number(rate)}/s: in the median slice 99 % within ${number(p99)} µs, 99.9 % within ${number(p999)} µs`;
}

/** Writes a part as a percentage, or a dash if it is not known. */
export function percent(part: number | undefined): string {
  return part !== undefined && Number.isFinite(part) ? `${Math.round(part * 100)} %` : "–";
}

/** Escapes text for HTML, including quotes. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
