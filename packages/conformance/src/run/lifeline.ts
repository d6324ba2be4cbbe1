// One connection beside the cases, whose fate shows whether the server lives. A TCP connect would not, because the
// kernel still accepts for a process that is dying.

import { setTimeout as sleep } from "node:timers/promises";
import { describeClose, describeMessages } from "../judge/describe.ts";
import type { ObservedMessage } from "../model/frame-case.ts";
import { random } from "../model/random.ts";
import { frame } from "../model/writing.ts";
import { OurEndpoint } from "../play/endpoint.ts";
import type { Timing } from "../play/perform.ts";
import { equal } from "../wire/bytes.ts";
import { type Address, open } from "../wire/handshake.ts";
import { WireLog } from "../wire/wire-log.ts";

const question = "Does this endpoint echo?";
const questionBytes = new TextEncoder().encode(question);

// How many bytes the server may send on it in a whole run.
const maxReceivedBytes = 64 * 1024 * 1024;

// An endpoint that echoes does so at once: within a second, or ten times as long as it took to answer the
// handshake.
const patienceMs = 800;
// A greeting may come after the echo.
const lingerMs = 100;

/** The endpoint does not echo. The message says what it did instead. */
export class NoEcho extends Error {
  override readonly name = "NoEcho";
}

/** A connection that stays open beside the cases. */
export class Lifeline {
  readonly #endpoint: OurEndpoint;
  readonly #handshakeMs: number;

  private constructor(endpoint: OurEndpoint, handshakeMs: number) {
    this.#endpoint = endpoint;
    this.#handshakeMs = handshakeMs;
  }

  /** Opens it. Rejects with a `ConnectError` or a `HandshakeError`. */
  static async open(address: Address, deadlineMs: number): Promise<Lifeline> {
    const log = new WireLog();
    const began = performance.now();
    const { duplex } = await open(address, "", log, deadlineMs);
    const options = { role: "client", random: random(1, "lifeline"), maxReceived: maxReceivedBytes } as const;
    return new Lifeline(new OurEndpoint({ duplex, log, ...options }), performance.now() - began);
  }

  /** Whether the server has ever answered on it. */
  get hasAnswered(): boolean {
    return this.#endpoint.messages.length + this.#endpoint.pongs.length > 0;
  }

  /** Whether the server ended it without a close frame, because it died or cut its connections. */
  get cut(): boolean {
    const { close, ended, violation } = this.#endpoint;
    return ended !== undefined && close === undefined && violation === undefined;
  }

  /** Whether it can no longer be used to ask anything. */
  get over(): boolean {
    return this.#endpoint.over || this.#endpoint.close !== undefined;
  }

  /** Returns whether the server answers on it in time, with anything at all. */
  async answers(ms: number): Promise<boolean> {
    const endpoint = this.#endpoint;
    const before = endpoint.messages.length + endpoint.pongs.length;
    await endpoint.send([frame.text(question)]);
    const answered = () => endpoint.messages.length + endpoint.pongs.length > before;
    await endpoint.until(() => answered() || endpoint.close !== undefined, ms);
    return answered();
  }

  /** Checks that the endpoint echoes. Throws a `NoEcho` if it clearly does something else. */
  async mustEcho({ deadlineMs, settleMs }: Timing): Promise<void> {
    const endpoint = this.#endpoint;
    // A server in a debugger has no deadline, so this waits for ever, as everything does then.
    const patience = Math.min(deadlineMs, Math.max(patienceMs, 10 * this.#handshakeMs));
    const ms = deadlineMs === Number.POSITIVE_INFINITY ? deadlineMs : patience;
    await endpoint.send([frame.text(question)]);
    const echoed = () => endpoint.messages.some(isEcho);
    const answered = () => endpoint.messages.length > 0 || endpoint.close !== undefined;
    await endpoint.until(answered, ms);
    // A busy server answers neither. One that does not echo answers the ping, which came after the text.
    if (!answered() && !endpoint.over) {
      await endpoint.send([frame.ping(question)]);
      await endpoint.until(() => answered() || endpoint.pongs.length > 0, deadlineMs);
    }
    // The server may have greeted first.
    await endpoint.until(() => echoed() || endpoint.close !== undefined, lingerMs);
    if (echoed()) await sleep(Math.min(lingerMs, settleMs));
    const instead = this.#instead(ms);
    if (instead !== undefined) throw new NoEcho(`this endpoint does not echo: ${instead}`);
  }

  // Says what the server did instead of an echo. The cases will find whatever breaks the rules or never ends.
  #instead(ms: number): string | undefined {
    const { messages, close, ended, violation, amidMessage } = this.#endpoint;
    const others = messages.filter((message) => !isEcho(message));
    if (violation !== undefined || amidMessage) return undefined;
    const asked = `to the text ${JSON.stringify(question)} it answered with`;
    if (others.length < messages.length) {
      return others.length > 0 ? `beside the text it also sent ${describeMessages(others)}` : undefined;
    }
    if (others.length > 0) return `${asked} ${describeMessages(others)}`;
    if (close) return `${asked} a close frame, ${describeClose(close)}`;
    if (ended) return `${asked} the end of the connection`;
    return `it did not answer the text ${JSON.stringify(question)} within ${Math.round(ms)} ms`;
  }

  /** Drops it. */
  drop(): void {
    this.#endpoint.destroy();
  }
}

// The message may be of the other kind, text for binary: the cases judge which one comes back.
function isEcho({ data }: ObservedMessage): boolean {
  return equal(data, questionBytes);
}
