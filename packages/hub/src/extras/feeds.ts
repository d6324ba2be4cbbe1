import type { EventData, Mode } from "@rosetta/protocol";

/** The places whose weather is published, in `weather/<station>`. */
export const stations = ["berlin", "lagos", "quito", "tokyo"] as const;

/** The topics of the feeds. Of the weather only the newest matters, of a match every event. */
export const feedTopics: [name: string, mode: Mode][] = [
  ...stations.map((station): [string, Mode] => [`weather/${station}`, "latest"]),
  ["scores", "stream"],
];

/** One reading of a feed: its topic and its event. */
export interface Reading {
  topic: string;
  data: EventData;
}

/** Seconds from one observation of the weather to the next. In between, it changes evenly. */
const spanSeconds = 20;
/** Minutes of a match. Each takes a second. */
const matchMinutes = 90;

/**
 * Creates the live feeds: simulated weather and a simulated match. The function that it returns gives what happens in a
 * second, counted from any day. It depends on nothing but the seed and the second, so that all servers say the same, and
 * one that starts later goes on where the others are.
 */
export function createFeeds(seed: number): (second: number) => Reading[] {
  return (second) => [
    ...stations.map((station, index) => observe(seed, station, index, second)),
    play(seed, second),
  ];
}

function observe(seed: number, station: string, index: number, second: number): Reading {
  const place = seed + 1_000 * (index + 1);
  const mean = 10 + 20 * chance(place, 0);
  const celsius = tenth(mean + 8 * (between(place, 1, second) - 0.5) + (chance(place, 2, second) - 0.5));
  const windKmh = tenth(40 * between(place, 3, second));
  return { topic: `weather/${station}`, data: { kind: "weather", station, celsius, windKmh } };
}

function play(seed: number, second: number): Reading {
  const kickOff = second - (second % matchMinutes);
  const happenings = Array.from({ length: second - kickOff + 1 }, (_, minute) =>
    minute === 0 ? "kick-off" : happening(chance(seed, kickOff + minute)),
  );
  const goals = (what: string): number => happenings.filter((each) => each === what).length;
  const [home, away] = [goals("goal for home"), goals("goal for away")];
  const what = happenings.at(-1) ?? "play";
  return { topic: "scores", data: { kind: "score", minute: happenings.length, home, away, what } };
}

function happening(luck: number): string {
  if (luck < 0.02) return "goal for home";
  if (luck < 0.04) return "goal for away";
  if (luck < 0.2) return "corner";
  if (luck < 0.5) return "shot";
  return "play";
}

// From 0 to 1, without jumps: on the way from one random number to the next.
function between(seed: number, what: number, second: number): number {
  const span = Math.floor(second / spanSeconds);
  const way = second / spanSeconds - span;
  return (1 - way) * chance(seed, what, span) + way * chance(seed, what, span + 1);
}

/** A random number from 0 to 1 that depends only on its arguments: the finalizer of MurmurHash3, by Austin Appleby. */
function chance(...numbers: number[]): number {
  let mixed = 0x2545f491;
  for (const number of numbers) {
    mixed ^= number | 0;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    mixed ^= mixed >>> 16;
  }
  return (mixed >>> 0) / 2 ** 32;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
