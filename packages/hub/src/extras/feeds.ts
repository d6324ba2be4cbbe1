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

/**
 * Creates the live feeds: simulated weather and a simulated match, the same for the same seed. Each call of the
 * function that it returns gives what happened within one second.
 */
export function createFeeds(seed: number): () => Reading[] {
  const random = randomFrom(seed);
  const weather = stations.map((station) => ({
    station,
    mean: 10 + 20 * random(),
    away: 0,
    windKmh: 30 * random(),
  }));
  let match = { minute: 0, home: 0, away: 0 };

  function observe(): Reading[] {
    return weather.map((place) => {
      // Pulled back to its mean. Otherwise, a day's random walk would end in desert heat or polar cold.
      place.away = 0.99 * place.away + random() - 0.5;
      place.windKmh = within(0, 120, place.windKmh + 4 * (random() - 0.5));
      const celsius = tenth(place.mean + place.away);
      const data = { station: place.station, celsius, windKmh: tenth(place.windKmh) };
      return { topic: `weather/${place.station}`, data: { kind: "weather", ...data } };
    });
  }

  function play(): Reading {
    const what = match.minute === 90 ? "kick-off" : happening(random());
    if (what === "kick-off") match = { minute: 0, home: 0, away: 0 };
    match.minute += 1;
    if (what === "goal for home") match.home += 1;
    if (what === "goal for away") match.away += 1;
    return { topic: "scores", data: { kind: "score", ...match, what } };
  }

  return () => [...observe(), play()];
}

function happening(chance: number): string {
  if (chance < 0.02) return "goal for home";
  if (chance < 0.04) return "goal for away";
  if (chance < 0.2) return "corner";
  if (chance < 0.5) return "shot";
  return "play";
}

/**
 * Returns a 32-bit generator (mulberry32, by Tommy Ettinger). Unlike `Math.random`, it gives the same numbers
 * everywhere for one seed.
 */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function within(least: number, most: number, value: number): number {
  return Math.min(most, Math.max(least, value));
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
