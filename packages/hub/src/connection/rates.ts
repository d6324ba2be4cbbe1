import type { Limits } from "@rosetta/protocol";
import { Bucket } from "../operation/bucket.ts";
import type { Clock } from "../operation/clock.ts";
import { type Linked, LinkedSet } from "../operation/linked-set.ts";

/** The buckets of one address, from which its requests and messages are paid. */
interface Allowance extends Linked<Allowance> {
  readonly address: string;
  /** HTTP requests, handshakes included. */
  readonly requests: Bucket;
  /** Messages that its next sockets may send at once. */
  readonly bursts: Bucket;
  usedAt: number;
}

/** Addresses remembered at most. They take 8 MB. */
const most = 20_000;
/** Whole bursts that an address earns per second, each for a new socket. */
const burstsPerSecond = 10;
/** The part of a burst that every new socket gets, however many came before it. */
const leastPart = 1 / 10;

/**
 * Limits the rate of each address across all its connections. A socket has its own rate limit, but a client could
 * reconnect for a new burst each time. So bursts belong to the address: a new socket takes its burst from there, and
 * what is left when the socket ends goes back.
 */
export class Rates {
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #allowances = new Map<string, Allowance>();
  /** All allowances, the one unused longest in front. */
  readonly #line = new LinkedSet<Allowance>();
  /** Milliseconds after which an unused allowance is full again, so that it can be forgotten. */
  readonly #forgetMs: number;

  constructor(limits: Limits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    const { requestBurst, requestsPerSecond, connectionsPerAddress } = limits;
    this.#forgetMs =
      1_000 * Math.max(requestBurst / requestsPerSecond, connectionsPerAddress / burstsPerSecond);
  }

  /** The number of addresses remembered. */
  get size(): number {
    return this.#allowances.size;
  }

  /** Counts a request of this address. Returns 0 if it is allowed, otherwise the milliseconds until the next one is. */
  request(address: string): number {
    const { requests } = this.#of(address);
    return requests.take() ? 0 : Math.max(1, requests.waitMs());
  }

  /** Returns what `request()` would, but counts nothing. */
  wait(address: string): number {
    return Math.ceil(this.#allowances.get(address)?.requests.waitMs() ?? 0);
  }

  /** Takes a burst for a new socket of this address. Returns the messages that it may send at once. */
  takeBurst(address: string): number {
    const { burst } = this.#limits;
    return Math.max(Math.ceil(burst * leastPart), this.#of(address).bursts.takeSome(burst));
  }

  /** Puts back the messages that an ended socket of this address had left. */
  giveBack(address: string, messages: number): void {
    this.#of(address).bursts.give(messages);
  }

  #of(address: string): Allowance {
    const allowance = this.#allowances.get(address) ?? this.#create(address);
    allowance.usedAt = this.#clock.now();
    this.#line.add(allowance);
    this.#forget(allowance.usedAt);
    return allowance;
  }

  #create(address: string): Allowance {
    const { requestBurst, requestsPerSecond, burst, connectionsPerAddress } = this.#limits;
    const allowance: Allowance = {
      address,
      requests: new Bucket(requestBurst, requestsPerSecond, this.#clock),
      bursts: new Bucket(burst * connectionsPerAddress, burst * burstsPerSecond, this.#clock),
      usedAt: 0,
      before: undefined,
      after: undefined,
    };
    this.#allowances.set(address, allowance);
    return allowance;
  }

  // Looks at two each time an allowance is used, so that the table shrinks and no request waits for a full sweep.
  #forget(now: number): void {
    for (let count = 0; count < 2; count++) {
      const oldest = this.#line.first;
      if (!oldest) return;
      const isWhole = now - oldest.usedAt >= this.#forgetMs;
      if (!isWhole && this.#line.size <= most) return;
      this.#line.delete(oldest);
      this.#allowances.delete(oldest.address);
    }
  }
}
