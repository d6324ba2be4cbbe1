import {
  admit,
  clientAddress,
  commonHeaders,
  contentSecurityPolicy,
  type Load,
  type RequestFacts,
  type Settings,
  usualOrigins,
  wantsWebSocket,
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
  #origins: ReadonlySet<string> = new Set();

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** Opens the door of a server that listens on `port` at `url`. If no origins were listed, allows the usual ones. */
  open(port: number, url: string): void {
    const { origins, servers } = this.#options.settings;
    this.#origins = new Set(origins ?? [...usualOrigins(port, servers), url]);
  }

  /** Decides whether a request may come in, and counts it. */
  admit(facts: RequestFacts, remote: string): Admission {
    const admission = this.#judge(facts, remote, (address) => this.#options.rates.request(address));
    if (admission.refusal) this.#options.refused(admission.refusal, facts);
    return admission;
  }

  /** Returns whether a request is a handshake that would be admitted now. Counts nothing. */
  mayUpgrade(facts: RequestFacts, remote: string): boolean {
    const wait = (address: string): number => this.#options.rates.wait(address);
    return wantsWebSocket(facts) && this.#judge(facts, remote, wait).refusal === undefined;
  }

  /** Returns the headers of the page. */
  pageHeaders(): Record<string, string> {
    return {
      "Content-Security-Policy": contentSecurityPolicy(this.#origins),
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-cache",
      // Some stacks name Accept-Encoding only in answers that are compressed, and a cache needs it in all of them.
      Vary: "Origin, Accept-Encoding",
    };
  }

  #judge(facts: RequestFacts, remote: string, wait: (address: string) => number): Admission {
    const { exposed, limits, proxies } = this.#options.settings;
    const address = clientAddress(remote, facts.header("x-forwarded-for"), proxies);
    const policy = { origins: this.#origins, exposed, limits };
    const refusal = admit(facts, policy, {
      ...this.#options.load(address),
      waitMs: () => wait(address),
    });
    const headers = commonHeaders(facts, policy);
    if (!refusal) return { headers, address };
    return { refusal: text(refusal.status, refusal.reason, { ...headers, ...refusal.headers }) };
  }
}
