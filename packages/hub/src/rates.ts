import type { Limits } from "@rosetta/protocol";
import { Bucket } from "./bucket.ts";
import type { Clock } from "./clock.ts";

/** What an address may still do. */
interface Allowance {
  /** Requests over HTTP, handshakes among them. */
  readonly requests: Bucket;
  /** Messages that its next sockets may say at once. */
  readonly bursts: Bucket;
  usedAt: number;
}

/** Addresses that are known at most: 8 MB. */
const most = 20_000;
/** New sockets a second to which an address earns a whole burst. */
const burstsPerSecond = 10;
/** The part of a burst that every new socket has, however many came before it. */
const leastPart = 1 / 10;

/**
 * How often an address may ask, on however many connections. A socket's own rate bounds what one socket says; whoever
 * connects again and again would be given a new burst each time. So bursts belong to the address: a new socket takes
 * its from there, and what it has left when it ends goes back.
 */
export class Rates {
  readonly #limits: Limits;
  readonly #clock: Clock;
  /** Those unused longest in front. */
  readonly #allowances = new Map<string, Allowance>();
  /** Milliseconds after which an allowance is whole again: whoever comes then may as well be unknown. */
  readonly #forgetMs: number;

  constructor(limits: Limits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    const { requestBurst, requestsPerSecond, connectionsPerAddress } = limits;
    this.#forgetMs =
      1_000 * Math.max(requestBurst / requestsPerSecond, connectionsPerAddress / burstsPerSecond);
  }

  /** How many addresses are known. */
  get size(): number {
    return this.#allowances.size;
  }

  /** Counts a request of this address. Returns the milliseconds until the next is allowed if this one is not; else 0. */
  request(address: string): number {
    const { requests } = this.#of(address);
    return requests.take() ? 0 : Math.max(1, requests.waitMs());
  }

  /** What `request()` would return. Counts nothing. */
  wait(address: string): number {
    return Math.ceil(this.#allowances.get(address)?.requests.waitMs() ?? 0);
  }

  /** The messages that a new socket of this address may say at once. */
  takeBurst(address: string): number {
    const { burst } = this.#limits;
    return Math.max(Math.ceil(burst * leastPart), this.#of(address).bursts.takeSome(burst));
  }

  /** A socket of this address has ended with so many messages left. */
  giveBack(address: string, messages: number): void {
    this.#of(address).bursts.give(messages);
  }

  #of(address: string): Allowance {
    const known = this.#allowances.get(address);
    this.#allowances.delete(address);
    this.#forget();
    const allowance = known ?? this.#create();
    allowance.usedAt = this.#clock.now();
    this.#allowances.set(address, allowance);
    return allowance;
  }

  #create(): Allowance {
    const { requestBurst, requestsPerSecond, burst, connectionsPerAddress } = this.#limits;
    return {
      requests: new Bucket(requestBurst, requestsPerSecond, this.#clock),
      bursts: new Bucket(burst * connectionsPerAddress, burst * burstsPerSecond, this.#clock),
      usedAt: 0,
    };
  }

  // Two for each one that comes, so that the table shrinks, and nobody waits for it.
  #forget(): void {
    for (let count = 0; count < 2; count++) {
      const [oldest] = this.#allowances;
      if (!oldest) return;
      const [address, { usedAt }] = oldest;
      const isWhole = this.#clock.now() - usedAt >= this.#forgetMs;
      if (isWhole || this.#allowances.size >= most) this.#allowances.delete(address);
    }
  }
}
