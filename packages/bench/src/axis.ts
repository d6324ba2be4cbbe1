// The axis of a plot: where a value stands, and which values are written below. Pure.

/** Maps values onto a length in pixels. */
export interface Axis {
  scale: "linear" | "logarithmic";
  at(value: number): number;
  ticks: readonly number[];
}

/** Values that span more than this are shown by their magnitude. */
const widestLinear = 6;

/** An axis of so many pixels on which all values have their place. */
export function axisOf(values: readonly number[], pixels: number): Axis {
  const finite = values.filter(Number.isFinite);
  const [least, most] = finite.length > 0 ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
  if (least > 0 && most / least > widestLinear) return logarithmic(least, most, pixels);
  return linear(least, most, pixels);
}

function linear(least: number, most: number, pixels: number): Axis {
  const margin = (most - least || Math.abs(most) || 1) * 0.08;
  // From zero, unless that would press everything to one side; never below it for what cannot be negative.
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

// 1, 2 or 5 times a power of ten, at least so large.
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((each) => each * power >= least) ?? 10;
  return factor * power;
}
