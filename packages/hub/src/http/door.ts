import {
  admit,
  admitAgain,
  clientAddress,
  commonHeaders,
  contentSecurityPolicy,
  type DoorPolicy,
  type Load,
  type RequestFacts,
  type Settings,
  usualOrigins,
} from "@rosetta/protocol";
import type { Rates } from "../connection/rates.ts";
import { type Answer, text } from "./answers.ts";

/** A request that is refused, with its answer, or one that may come in. */
export type Admission =
  | { refusal: Answer }
  | {
      refusal?: undefined;
      /** The headers of every response to this request. */
      headers: Record<string, string>;
      /** The address that the request counts for, behind the trusted proxies. */
      address: string;
    };

interface DoorOptions {
  settings: Settings;
  rates: Rates;
  /** Returns how full the server is for a request from this address. */
  load(address: string): Load;
  /** Notes that a request was refused, and with which answer. */
  refused(answer: Answer, facts: RequestFacts): void;
}

/** Decides who may come in. */
export class Door {
  readonly #options: DoorOptions;
  #policy: DoorPolicy;
  /** The newest handshake that may upgrade. `admit` is asked next, and need not look at all its headers again. */
  #mayUpgrade: RequestFacts | undefined;

  constructor(options: DoorOptions) {
    const { exposed, limits } = options.settings;
    this.#options = options;
    this.#policy = { origins: new Set(), exposed, limits };
  }

  /** Opens the door of a server that listens on `port` at `url`. If no origins were listed, allows the usual ones. */
  open(port: number, url: string): void {
    const { origins, servers } = this.#options.settings;
    const listed = new Set(origins ?? [...usualOrigins(port, servers), url]);
    this.#policy = { ...this.#policy, origins: listed };
    this.#mayUpgrade = undefined;
  }

  /** Decides whether a request may come in, and counts it. */
  admit(facts: RequestFacts, remote: string): Admission {
    const address = this.#addressOf(facts, remote);
    const judge = facts === this.#mayUpgrade ? admitAgain : admit;
    // Not kept, because it holds its connection.
    this.#mayUpgrade = undefined;
    const refusal = judge(
      facts,
      this.#policy,
      this.#load(address, () => this.#options.rates.request(address)),
    );
    const headers = commonHeaders(facts, this.#policy);
    if (!refusal) return { headers, address };
    const answer = text(refusal.status, refusal.reason, { ...headers, ...refusal.headers });
    this.#options.refused(answer, facts);
    return { refusal: answer };
  }

  /** Returns whether a request is a handshake that would be admitted now. Counts nothing. */
  mayUpgrade(facts: RequestFacts, remote: string): boolean {
    if (!facts.wantsWebSocket) return false;
    const address = this.#addressOf(facts, remote);
    const load = this.#load(address, () => this.#options.rates.wait(address));
    const mayUpgrade = admit(facts, this.#policy, load) === undefined;
    if (mayUpgrade) this.#mayUpgrade = facts;
    return mayUpgrade;
  }

  /** Returns the headers of the page. */
  pageHeaders(): Record<string, string> {
    return {
      "Content-Security-Policy": contentSecurityPolicy(this.#policy.origins),
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-cache",
      // Some stacks name Accept-Encoding only in answers that are compressed, and a cache needs it in all of them.
      Vary: "Origin, Accept-Encoding",
    };
  }

  #addressOf(facts: RequestFacts, remote: string): string {
    return clientAddress(remote, facts.header("x-forwarded-for"), this.#options.settings.proxies);
  }

  #load(address: string, waitMs: () => number): Load {
    return { ...this.#options.load(address), waitMs };
  }
}
