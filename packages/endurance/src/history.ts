/** An event that a reader received, or the notice that events before the next one are lost. */
export type Seen = { epoch: string; offset: number; text: string } | "told";

/** A publication and the place that its ack named. */
export interface Acked {
  text: string;
  epoch: string;
  offset: number;
}

/** The history of one room: what its clients did and saw. */
export interface History {
  acked: readonly Acked[];
  /** The events that each reader saw, in that order. */
  readers: readonly (readonly Seen[])[];
}

/** The verdict on a history. Every number but the first three counts broken promises. */
export interface HistoryVerdict {
  acked: number;
  delivered: number;
  /** How often a reader was told that events are lost. */
  told: number;
  /** Events that a reader neither received nor was told about. */
  missing: number;
  /** Events that a reader received again, and publications with two places in one epoch. */
  twice: number;
  outOfOrder: number;
  /** How often two clients knew different texts for one place. */
  differing: number;
}

/** Returns how often a promise was broken. */
export function brokenIn({ missing, twice, outOfOrder, differing }: HistoryVerdict): number {
  return missing + twice + outOfOrder + differing;
}

/** Returns whether every promise was kept. */
export function isKept(verdict: HistoryVerdict): boolean {
  return brokenIn(verdict) === 0;
}

/** Adds verdicts up. */
export function sumOf(verdicts: readonly HistoryVerdict[]): HistoryVerdict {
  const sum = (count: (verdict: HistoryVerdict) => number): number =>
    verdicts.reduce((total, verdict) => total + count(verdict), 0);
  return {
    acked: sum(({ acked }) => acked),
    delivered: sum(({ delivered }) => delivered),
    told: sum(({ told }) => told),
    missing: sum(({ missing }) => missing),
    twice: sum(({ twice }) => twice),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
    differing: sum(({ differing }) => differing),
  };
}

/** Compares the records of all clients of a room, after every reader has caught up. */
export function judge({ acked, readers }: History): HistoryVerdict {
  const places = new Places();
  const verdict = { acked: acked.length, delivered: 0, told: 0, missing: 0, twice: 0, outOfOrder: 0 };
  for (const ack of acked) places.add(ack);
  const end = endOf(acked);
  for (const seen of readers) {
    const reader = judgeReader(seen, places);
    verdict.delivered += reader.delivered;
    verdict.told += reader.told;
    verdict.missing += reader.missing + missingAtEnd(reader, end);
    verdict.twice += reader.twice;
    verdict.outOfOrder += reader.outOfOrder;
  }
  return { ...verdict, twice: verdict.twice + places.twice, differing: places.differing };
}

/** Counts the texts that were acknowledged, and that no reader has seen anywhere. */
export function lostOf({ acked, readers }: History): number {
  const seen = new Set(readers.flatMap((reader) => reader.map((each) => (each === "told" ? "" : each.text))));
  return acked.filter(({ text }) => !seen.has(text)).length;
}

interface Reading {
  delivered: number;
  told: number;
  missing: number;
  twice: number;
  outOfOrder: number;
  /** The place of the last event it received. */
  at: { epoch: string; offset: number } | undefined;
}

function judgeReader(seen: readonly Seen[], places: Places): Reading {
  const reading: Reading = { delivered: 0, told: 0, missing: 0, twice: 0, outOfOrder: 0, at: undefined };
  const known = new Set<string>();
  let wasTold = false;
  for (const event of seen) {
    if (event === "told") {
      reading.told += 1;
      wasTold = true;
      continue;
    }
    const { epoch, offset } = event;
    const place = `${epoch}:${offset}`;
    places.add(event);
    reading.delivered += 1;
    if (known.has(place)) reading.twice += 1;
    else if (reading.at?.epoch === epoch && offset < reading.at.offset) reading.outOfOrder += 1;
    else if (reading.at?.epoch === epoch && !wasTold) reading.missing += offset - reading.at.offset - 1;
    // A new epoch that the reader was not told of: how much it missed is unknown, so this counts as one.
    else if (reading.at && reading.at.epoch !== epoch && !wasTold) reading.missing += 1;
    known.add(place);
    reading.at = { epoch, offset };
    wasTold = false;
  }
  return reading;
}

interface End {
  epoch: string;
  offset: number;
}

// The last place that was acknowledged. All acks of one epoch come before those of the next.
function endOf(acked: readonly Acked[]): End | undefined {
  const epoch = acked.at(-1)?.epoch;
  if (epoch === undefined) return undefined;
  const offsets = acked.filter((ack) => ack.epoch === epoch).map(({ offset }) => offset);
  return { epoch, offset: Math.max(...offsets) };
}

// Every reader has to reach the end. One that is still in an earlier epoch, or nowhere, has missed all of the last one.
function missingAtEnd({ at }: Reading, end: End | undefined): number {
  if (!end) return 0;
  return Math.max(0, end.offset - (at?.epoch === end.epoch ? at.offset : 0));
}

/** The text at each place, according to every ack and every reader. */
class Places {
  differing = 0;
  twice = 0;
  readonly #texts = new Map<string, string>();
  readonly #places = new Map<string, string>();

  add({ epoch, offset, text }: Acked): void {
    const place = `${epoch}:${offset}`;
    const before = this.#texts.get(place);
    if (before !== undefined && before !== text) this.differing += 1;
    if (before !== undefined) return;
    this.#texts.set(place, text);
    const publication = `${epoch} ${text}`;
    if (this.#places.has(publication)) this.twice += 1;
    this.#places.set(publication, place);
  }
}
