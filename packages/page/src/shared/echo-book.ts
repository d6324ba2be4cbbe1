import type { SendResult } from "@rosetta/client";
import { byteLength, sameData } from "./format.ts";

/** The outcome of a message to `/echo`. */
export type EchoOutcome = "queued" | "sent" | "equal" | "different" | "lost" | "rejected" | "closed";

/** One message to `/echo` and its answer. */
export interface EchoLine {
  number: number;
  kind: "text" | "binary";
  /** The text itself, or the name of the file. */
  label: string;
  size: number;
  outcome: EchoOutcome;
  roundTripMs?: number;
}

/** Lines shown; older ones are forgotten. */
const shown = 20;

/**
 * Which answer belongs to which message. `/echo` carries no ids: one connection keeps the order, so the oldest
 * message without an answer is the one that is answered. What was under way when a connection broke is lost.
 */
export class EchoBook {
  /** Newest first. */
  lines: EchoLine[] = [];
  #count = 0;
  #open: Array<{ number: number; data: string | Uint8Array; leftAt?: number }> = [];

  /** Notes a message and what the socket said about it. */
  add(label: string, data: string | Uint8Array, result: SendResult, now: number): void {
    this.#count += 1;
    const line: EchoLine = {
      number: this.#count,
      kind: typeof data === "string" ? "text" : "binary",
      label,
      size: byteLength(data),
      outcome: result,
    };
    this.lines = [line, ...this.lines].slice(0, shown);
    if (result === "rejected") return;
    this.#open.push({ number: line.number, data, ...(result === "sent" && { leftAt: now }) });
  }

  /** Notes that there is a connection: what was queued leaves, in order. */
  opened(now: number): void {
    for (const message of this.#open) {
      message.leftAt ??= now;
      this.#change(message.number, { outcome: "sent" });
    }
  }

  /** Notes that something came back. */
  answer(data: string | Uint8Array, now: number): void {
    const message = this.#open.shift();
    if (!message) return;
    const outcome = sameData(message.data, data) ? "equal" : "different";
    this.#change(message.number, { outcome, roundTripMs: now - (message.leftAt ?? now) });
  }

  /** Notes that the connection ended. What had left is answered by that (`stop`) or lost; what is queued waits on. */
  closed(code: number | undefined): void {
    for (const { number, data, leftAt } of this.#open) {
      if (leftAt === undefined) continue;
      this.#change(number, { outcome: data === stopText && code === 1000 ? "closed" : "lost" });
    }
    this.#open = this.#open.filter((message) => message.leftAt === undefined);
  }

  #change(number: number, change: Partial<EchoLine>): void {
    this.lines = this.lines.map((line) => (line.number === number ? { ...line, ...change } : line));
  }
}

/** The bare text that `/echo` answers by closing with 1000. */
export const stopText = "stop";
