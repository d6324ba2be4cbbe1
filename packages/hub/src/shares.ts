/** Something that takes one of a bounded number of places: a room with its presence, the topic of a job. */
export interface Lot {
  readonly name: string;
  /** The address whose share it counts in: who began it or, when they have left, another one who uses it. */
  holder: string;
  /** How many follow it, by address. */
  readonly users: Map<string, number>;
  /** True if it is worth more than its name: something was published in it. */
  hasHistory: boolean;
  /** True if it stays also when nobody uses it: a job that runs. */
  isPinned: boolean;
}

/** What one address has. Lots that nobody uses stand in two lines, the longest unused in front. */
interface Share {
  readonly lots: Set<Lot>;
  readonly blank: Set<Lot>;
  readonly written: Set<Lot>;
}

/** What a new lot needs: a place that is free, one that another makes free, or there is none. */
export type Way = { goes?: Lot; problem?: undefined } | { problem: string };

/**
 * Who has how many of a bounded number of names. Names are free to take, so nobody may take them all: an address has at
 * most a quarter, and where all are taken, those that nobody needs go first, then those of the address that has most.
 */
export class Shares {
  readonly #most: number;
  /** Lots that one address may have. */
  readonly share: number;
  readonly #shares = new Map<string, Share>();
  readonly #blank = new Set<Lot>();
  #count = 0;

  /** @param most lots for all addresses together. */
  constructor(most: number) {
    this.#most = most;
    this.share = Math.ceil(most / 4);
  }

  /** How one more for this address could be had. Changes nothing. */
  way(address: string): Way {
    const own = this.#shares.get(address);
    const count = own?.lots.size ?? 0;
    const unused = first(own?.blank) ?? first(own?.written);
    if (count >= this.share)
      return unused ? { goes: unused } : { problem: `at most ${this.share} for one address` };
    if (this.#count < this.#most) return {};
    const goes = first(this.#blank) ?? unused ?? this.#ofLargest(count);
    return goes ? { goes } : { problem: "all are in use" };
  }

  /** Takes a place, which `way()` said how to have. A job's topic is pinned until the job has ended. */
  add(name: string, address: string, isPinned = false): Lot {
    const lot: Lot = { name, holder: address, users: new Map(), hasHistory: isPinned, isPinned };
    this.#count += 1;
    this.#assign(lot, address);
    return lot;
  }

  remove(lot: Lot): void {
    this.#count -= 1;
    this.#release(lot);
  }

  /** One more of this address follows the lot. */
  joined(lot: Lot, address: string): void {
    this.#release(lot);
    lot.users.set(address, (lot.users.get(address) ?? 0) + 1);
    this.#assign(lot, lot.users.has(lot.holder) ? lot.holder : address);
  }

  /** One of this address follows the lot no longer. */
  left(lot: Lot, address: string): void {
    this.#release(lot);
    const left = (lot.users.get(address) ?? 0) - 1;
    if (left > 0) lot.users.set(address, left);
    else lot.users.delete(address);
    this.#assign(lot, lot.users.has(lot.holder) ? lot.holder : (first(lot.users.keys()) ?? lot.holder));
  }

  /** The lot was named, or changed: of those that nobody uses it is the last to go. */
  touched(lot: Lot): void {
    this.#release(lot);
    this.#assign(lot, lot.holder);
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

  // Of the address that has most, if it has more than the one who asks: what nobody uses, then what nobody else does.
  #ofLargest(count: number): Lot | undefined {
    const largest = [...this.#shares.values()].reduce((one, other) =>
      other.lots.size > one.lots.size ? other : one,
    );
    if (largest.lots.size <= count) return undefined;
    const unused = first(largest.written);
    // What is in use is taken from nobody who would then have less than the one who gets it.
    if (unused || largest.lots.size <= count + 1) return unused;
    const inUse = [...largest.lots].filter(({ isPinned }) => !isPinned);
    // Two who share all they have would else keep everybody out.
    const shared = largest.lots.size >= this.share ? inUse[0] : undefined;
    return inUse.find(({ users }) => users.size === 1) ?? shared;
  }
}

/** True if nobody would miss it. */
export function isUnused({ users, isPinned }: Lot): boolean {
  return users.size === 0 && !isPinned;
}

function first<T>(line: Iterable<T> = []): T | undefined {
  for (const each of line) return each;
  return undefined;
}
