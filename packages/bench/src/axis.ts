// The axis of a plot: where each value stands and which values get a label. Pure.

/** Maps values to positions in pixels. */
export interface Axis {
  scale: "linear" | "logarithmic";
  at(value: number): number;
  ticks: readonly number[];
}

/** If the largest value exceeds the smallest by more than this factor, the axis is logarithmic. */
const widestLinear = 6;

/** Returns an axis of the given length, in pixels, that has room for all values. */
export function axisOf(values: readonly number[], pixels: number): Axis {
  const finite = values.filter(Number.isFinite);
  const [least, most] = finite.length > 0 ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
  if (least > 0 && most / least > widestLinear) return logarithmic(least, most, pixels);
  return linear(least, most, pixels);
}

function linear(least: number, most: number, pixels: number): Axis {
  const margin = (most - least || Math.abs(most) || 1) * 0.08;
  // The axis starts at zero unless that would squeeze everything to one side, and goes below zero only for values
  // that can be negative.
  const from = least >= 0 && least < (most - least) * 2 ? 0 : least - margin;
  const to = most + margin;
  const step = roundStep((to - from) / 4);
  const first = Math.ceil(from / step);
  const ticks = Array.from(
    { length: Math.floor(to / step) - first + 1 },
    (_, index) => (first + index) * step,
  );
  return { scale: "linear", at: (value) => ((value - from) / (to - from)) * pixels, ticks };
}

function logarithmic(least: number, most: number, pixels: number): Axis {
  const [from, to] = [Math.log10(least * 0.85), Math.log10(most * 1.15)];
  const steps = to - from > 2.5 ? [1] : [1, 2, 5];
  const decades = Array.from(
    { length: Math.ceil(to) - Math.floor(from) + 1 },
    (_, index) => Math.floor(from) + index,
  );
  const ticks = decades
    .flatMap((decade) => steps.map((step) => step * 10 ** decade))
    .filter((tick) => Math.log10(tick) >= from && Math.log10(tick) <= to);
  return { scale: "logarithmic", at: (value) => ((Math.log10(value) - from) / (to - from)) * pixels, ticks };
}

// Rounds up to 1, 2 or 5 times a power of ten.
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((each) => each * power >= least) ?? 10;
  return factor * power;
}
