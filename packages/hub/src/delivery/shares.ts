/** Takes one of a limited number of places: a room with its presence, or the topic of a job. */
export interface Lot {
  readonly name: string;
  /** The address that it counts for: the one that began it or, once that has left, another one that uses it. */
  holder: string;
  /** The number of followers, by address. */
  readonly users: Map<string, number>;
  /** True if something was published in it, so that forgetting it would lose something. */
  hasHistory: boolean;
  /** True if it stays even if nobody uses it: a job that is still running. */
  isPinned: boolean;
}

/** The lots of one address. Its unused lots are also in one of two lines, the one unused longest in front. */
interface Share {
  readonly lots: Set<Lot>;
  readonly blank: Set<Lot>;
  readonly written: Set<Lot>;
}

/** How a new lot gets its place: a free one, that of the lot that goes, or none because of a problem. */
export type Placement = { goes?: Lot; problem?: undefined } | { problem: string };

/**
 * Shares a limited number of names among addresses. Names are free, so no address may take more than a quarter. When
 * all are taken, names that nobody needs go first, then those of the address that has most.
 */
export class Shares {
  readonly #what: string;
  readonly #most: number;
  /** The lots that one address may have. */
  readonly share: number;
  readonly #shares = new Map<string, Share>();
  readonly #blank = new Set<Lot>();
  #count = 0;

  /**
   * @param what the lots are, for the sentence of a refusal: `rooms`.
   * @param most lots for all addresses together.
   */
  constructor(what: string, most: number) {
    this.#what = what;
    this.#most = most;
    this.share = Math.ceil(most / 4);
  }

  /** Returns how this address could get one more lot. Changes nothing. */
  way(address: string): Placement {
    const own = this.#shares.get(address);
    const count = own?.lots.size ?? 0;
    const unused = first(own?.blank) ?? first(own?.written);
    if (count >= this.share)
      return unused ? { goes: unused } : this.#noWay(`at most ${this.share} for one address`);
    if (this.#count < this.#most) return {};
    const goes = first(this.#blank) ?? unused ?? this.#ofLargest(count);
    return goes ? { goes } : this.#noWay("all are in use");
  }

  /** Takes a place that `way()` has found. A job's topic is pinned until the job has ended. */
  add(name: string, address: string, isPinned = false): Lot {
    const lot: Lot = { name, holder: address, users: new Map(), hasHistory: isPinned, isPinned };
    this.#count += 1;
    this.#assign(lot, address);
    return lot;
  }

  /** Gives a lot's place back. */
  remove(lot: Lot): void {
    this.#count -= 1;
    this.#release(lot);
  }

  /** Notes one more follower from this address. */
  joined(lot: Lot, address: string): void {
    this.#release(lot);
    lot.users.set(address, (lot.users.get(address) ?? 0) + 1);
    this.#assign(lot, lot.users.has(lot.holder) ? lot.holder : address);
  }

  /** Notes one follower less from this address. */
  left(lot: Lot, address: string): void {
    this.#release(lot);
    const left = (lot.users.get(address) ?? 0) - 1;
    if (left > 0) lot.users.set(address, left);
    else lot.users.delete(address);
    this.#assign(lot, lot.users.has(lot.holder) ? lot.holder : (first(lot.users.keys()) ?? lot.holder));
  }

  /** Notes that the lot was used or has changed: among unused lots it is now the last to go. */
  touched(lot: Lot): void {
    this.#release(lot);
    this.#assign(lot, lot.holder);
  }

  #noWay(why: string): Placement {
    return { problem: `there are too many ${this.#what}: ${why}` };
  }

  #assign(lot: Lot, address: string): void {
    lot.holder = address;
    const share = this.#shares.get(address) ?? { lots: new Set(), blank: new Set(), written: new Set() };
    this.#shares.set(address, share);
    share.lots.add(lot);
    if (!isUnused(lot)) return;
    if (lot.hasHistory) share.written.add(lot);
    else for (const line of [share.blank, this.#blank]) line.add(lot);
  }

  #release(lot: Lot): void {
    const share = this.#shares.get(lot.holder);
    if (!share) return;
    for (const line of [share.lots, share.blank, share.written, this.#blank]) line.delete(lot);
    if (share.lots.size === 0) this.#shares.delete(lot.holder);
  }

  // Picks a lot of the address that has most, if that is more than `count`: an unused one, or one used by it alone.
  #ofLargest(count: number): Lot | undefined {
    const largest = [...this.#shares.values()].reduce((one, other) =>
      other.lots.size > one.lots.size ? other : one,
    );
    if (largest.lots.size <= count) return undefined;
    const unused = first(largest.written);
    // A lot in use is not taken if its address would then have less than the one that gets it.
    if (unused || largest.lots.size <= count + 1) return unused;
    const inUse = [...largest.lots].filter(({ isPinned }) => !isPinned);
    // Otherwise two addresses that follow all of each other's lots could keep everybody else out.
    const shared = largest.lots.size >= this.share ? inUse[0] : undefined;
    return inUse.find(({ users }) => users.size === 1) ?? shared;
  }
}

/** Returns whether nobody would miss the lot. */
export function isUnused({ users, isPinned }: Lot): boolean {
  return users.size === 0 && !isPinned;
}

function first<T>(line: Iterable<T> = []): T | undefined {
  for (const each of line) return each;
  return undefined;
}
