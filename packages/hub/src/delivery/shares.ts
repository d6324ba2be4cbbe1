import { OrderedSet } from "../operation/ordered-set.ts";

/** Takes one of a limited number of places: a room with its presence, or the topic of a job. */
export interface Lot {
  readonly name: string;
  /** The shares in which it takes a place. */
  readonly shares: Shares;
  /** The address that it counts for: the one that began it or, once that has left, another one that uses it. */
  holder: string;
  /** The number of followers, by address. */
  readonly users: Map<string, number>;
  /** True if something was published in it, so that forgetting it would lose something. */
  hasHistory: boolean;
  /** True if it stays even if nobody uses it: a job that is still running. */
  isPinned: boolean;
  /** When it is forgotten if nobody uses it until then. */
  expiresAt: number;
}

/** The lots of one address that could make way, each in one line. The one that has not changed longest is in front. */
interface Share {
  /** The number of its lots, pinned ones included. */
  size: number;
  /** Unused, and nothing was published in them. */
  readonly blank: OrderedSet<Lot>;
  /** Unused. */
  readonly written: OrderedSet<Lot>;
  /** Used by this address alone. */
  readonly own: OrderedSet<Lot>;
  /** Used by other addresses, too. */
  readonly common: OrderedSet<Lot>;
}

/**
 * How a new lot gets its place: a free one, that of the lot that goes, or none because of a problem. `isOwn` is true if
 * this address has used up its share, and false if the places of all addresses are in use.
 */
export type Placement = { goes?: Lot; problem?: undefined } | { problem: string; isOwn: boolean };

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
  /** The shares of each size. In each line, the one that has not changed longest is in front. */
  readonly #bySize: OrderedSet<Share>[] = [];
  readonly #blank = new OrderedSet<Lot>();
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
    const count = own?.size ?? 0;
    const unused = own?.blank.first ?? own?.written.first;
    if (count >= this.share)
      return unused ? { goes: unused } : this.#noWay(`at most ${this.share} for one address`, true);
    if (this.#count < this.#most) return {};
    const goes = this.#blank.first ?? unused ?? this.#ofLargest(count);
    return goes ? { goes } : this.#noWay("all are in use", false);
  }

  /** Takes a place that `way()` has found. A job's topic is pinned until the job has ended. */
  add(name: string, address: string, isPinned = false): Lot {
    const users = new Map<string, number>();
    const lot: Lot = {
      ...{ name, shares: this, users, isPinned },
      holder: address,
      hasHistory: isPinned,
      expiresAt: 0,
    };
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
    const [other = lot.holder] = lot.users.keys();
    this.#assign(lot, lot.users.has(lot.holder) ? lot.holder : other);
  }

  /** Notes that something was published in the lot. */
  written(lot: Lot): void {
    this.#release(lot);
    lot.hasHistory = true;
    this.#assign(lot, lot.holder);
  }

  /** Notes that the lot need not stay any more if nobody uses it. */
  ended(lot: Lot): void {
    this.#release(lot);
    lot.isPinned = false;
    this.#assign(lot, lot.holder);
  }

  /** Notes that the lot was used: in its line it is now the last to make way. */
  touched(lot: Lot): void {
    const share = this.#shares.get(lot.holder);
    if (share) this.#queue(lot, share);
  }

  #noWay(why: string, isOwn: boolean): Placement {
    return { problem: `there are too many ${this.#what}: ${why}`, isOwn };
  }

  #assign(lot: Lot, address: string): void {
    lot.holder = address;
    const share = this.#shares.get(address) ?? createShare();
    this.#shares.set(address, share);
    this.#resize(share, 1);
    this.#queue(lot, share);
  }

  #queue(lot: Lot, share: Share): void {
    const line = lineOf(lot, share);
    line?.add(lot);
    if (line === share.blank) this.#blank.add(lot);
  }

  #release(lot: Lot): void {
    const share = this.#shares.get(lot.holder);
    if (!share) return;
    for (const line of [share.blank, share.written, share.own, share.common, this.#blank]) line.delete(lot);
    this.#resize(share, -1);
    if (share.size === 0) this.#shares.delete(lot.holder);
  }

  #resize(share: Share, change: number): void {
    this.#bySize[share.size]?.delete(share);
    share.size += change;
    this.#bySize[share.size] ??= new OrderedSet();
    if (share.size > 0) this.#bySize[share.size]?.add(share);
    while (this.#bySize.at(-1)?.size === 0) this.#bySize.pop();
  }

  // Picks a lot of the address that has most, if that is more than `count`: an unused one, or one used by it alone.
  #ofLargest(count: number): Lot | undefined {
    const largest = this.#bySize.at(-1)?.first;
    if (!largest || largest.size <= count) return undefined;
    const unused = largest.written.first;
    // A lot in use is not taken if its address would then have less than the one that gets it.
    if (unused || largest.size <= count + 1) return unused;
    // Otherwise two addresses that follow all of each other's lots could keep everybody else out.
    const common = largest.size >= this.share ? largest.common.first : undefined;
    return largest.own.first ?? common;
  }
}

/** Returns whether nobody would miss the lot. */
export function isUnused({ users, isPinned }: Lot): boolean {
  return users.size === 0 && !isPinned;
}

function createShare(): Share {
  const [blank, written, own, common] = [
    new OrderedSet<Lot>(),
    new OrderedSet<Lot>(),
    new OrderedSet<Lot>(),
    new OrderedSet<Lot>(),
  ];
  return { size: 0, blank, written, own, common };
}

// Undefined for a lot that cannot make way.
function lineOf(lot: Lot, { blank, written, own, common }: Share): OrderedSet<Lot> | undefined {
  if (lot.isPinned) return undefined;
  if (isUnused(lot)) return lot.hasHistory ? written : blank;
  return lot.users.size === 1 ? own : common;
}
