import type { SocketState } from "@rosetta/client";

/** Where a client of the crowd stands: not there, connected, told that the end comes, waiting for its turn. */
export type Phase = "away" | "open" | "told" | "waiting";

/** From here on a client was in a phase. */
export interface PhaseMark {
  phase: Phase;
  at: number;
}

/** The events that a client received of one life of the log. */
export interface Epoch {
  name: string;
  first: number;
  last: number;
  count: number;
}

/** Marks and epochs kept of each client: enough for several restarts. */
const kept = 40;

/** One client of a crowd, and how it came through a restart of the server. */
export class CrowdMember {
  marks: PhaseMark[] = [];
  epochs: Epoch[] = [];
  /** The last end of its connection: with which code, when, and from which window the return was drawn. */
  ended: { code: number; at: number; wasTold: boolean; windowMs: [number, number] } | undefined;
  /** Back again after that. */
  backAt: number | undefined;

  get phase(): Phase {
    return this.marks.at(-1)?.phase ?? "away";
  }

  changed(state: SocketState, now: number): void {
    if (state.name === "open") return this.#opened(now);
    if (state.name === "waiting" && (this.phase === "open" || this.phase === "told")) {
      const { code, windowMs } = state;
      this.ended = { code, at: now, wasTold: this.phase === "told", windowMs };
      this.backAt = undefined;
    }
    // The attempts of one absence are one wait.
    if (this.ended && this.backAt === undefined) this.#enter("waiting", now);
  }

  told(now: number): void {
    this.#enter("told", now);
  }

  heard(name: string, offset: number): void {
    const epoch = this.epochs.find((each) => each.name === name);
    if (!epoch) {
      this.epochs = [...this.epochs, { name, first: offset, last: offset, count: 1 }].slice(-kept);
      return;
    }
    epoch.last = Math.max(epoch.last, offset);
    epoch.count += 1;
  }

  #opened(now: number): void {
    if (this.ended) this.backAt ??= now;
    this.#enter("open", now);
  }

  #enter(phase: Phase, at: number): void {
    if (phase !== this.phase) this.marks = [...this.marks, { phase, at }].slice(-kept);
  }
}

/** The state of the crowd after a restart. */
export interface CrowdSummary {
  connected: number;
  told: number;
  /** How the connections ended, each code once. */
  codes: number[];
  /** The time in which the clients were to come back: that of the last end. */
  windowMs: [number, number] | undefined;
  /** Those that are back, by the milliseconds they were away, shortest first. */
  awayMs: number[];
  /** Between the first return and the last. */
  spreadMs: number | undefined;
  /** Clients whose publications are without a hole, in each life of the log. */
  whole: number;
  /** Lives of the log that somebody saw. */
  epochs: number;
  /** Acknowledged publications of a life that is over, which some client has not received. */
  lost: number;
}

/**
 * Sums up what became of the members.
 * @param acked The last acknowledged place in each life of the log.
 */
export function crowdSummary(members: CrowdMember[], acked: Map<string, number>): CrowdSummary {
  const ends = members.flatMap(({ ended }) => ended ?? []);
  const returns = members.flatMap(({ backAt }) => backAt ?? []);
  const away = members.flatMap(({ ended, backAt }) =>
    ended && backAt !== undefined ? backAt - ended.at : [],
  );
  const names = [...new Set(members.flatMap(({ epochs }) => epochs.map(({ name }) => name)))];
  return {
    connected: members.filter(({ phase }) => phase === "open" || phase === "told").length,
    told: ends.filter(({ wasTold }) => wasTold).length,
    codes: [...new Set(ends.map(({ code }) => code))].toSorted((a, b) => a - b),
    windowMs: ends.at(-1)?.windowMs,
    awayMs: away.toSorted((a, b) => a - b),
    spreadMs: returns.length < 2 ? undefined : Math.max(...returns) - Math.min(...returns),
    whole: members.filter(({ epochs }) => epochs.every(isWhole)).length,
    epochs: names.length,
    lost: names.slice(0, -1).reduce((sum, name) => sum + lostOf(members, name, acked.get(name) ?? 0), 0),
  };
}

/** Returns the part of time to draw: the last restart, or what is going on now. */
export function frameOf(members: CrowdMember[], now: number): { from: number; to: number } {
  const ends = members.flatMap(({ ended }) => ended?.at ?? []);
  const since = Math.min(...ends.filter((at) => at > Math.max(...ends) - sameMs));
  const backs = members.flatMap(({ backAt }) => backAt ?? []);
  const isOver = ends.length > 0 && backs.length === members.length;
  const until = isOver ? Math.max(...backs) + afterMs : now;
  // Nothing has happened yet, or it lasts on: the time up to now.
  if (since === Number.POSITIVE_INFINITY) return { from: now - frameMs, to: now };
  const from = since - beforeMs;
  return { from, to: Math.max(until, from + frameMs) };
}

/** A phase as a part of the drawing, from 0 to `width`. */
export interface Bar {
  phase: Phase;
  x: number;
  width: number;
}

/** Returns the phases of a client within a part of time. */
export function barsOf(
  marks: PhaseMark[],
  { from, to }: { from: number; to: number },
  now: number,
  width: number,
): Bar[] {
  const end = Math.min(to, now);
  return marks.flatMap(({ phase, at }, index) => {
    const [begin, until] = [Math.max(at, from), Math.min(marks[index + 1]?.at ?? end, end)];
    if (until <= begin) return [];
    const scale = width / (to - from);
    return { phase, x: (begin - from) * scale, width: (until - begin) * scale };
  });
}

const frameMs = 5_000;
const beforeMs = 500;
const afterMs = 500;
/** Ends that are no further apart belong to one restart. */
const sameMs = 10_000;

function isWhole({ first, last, count }: Epoch): boolean {
  return count === last - first + 1;
}

function lostOf(members: CrowdMember[], name: string, acked: number): number {
  const lasts = members.map(({ epochs }) => epochs.find((epoch) => epoch.name === name)?.last ?? 0);
  return lasts.reduce((sum, last) => sum + Math.max(0, acked - last), 0);
}
