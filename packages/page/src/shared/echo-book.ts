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
 *
 * Times are those of the socket's frames, and so of the wire: when a panel is drawn does not matter to them.
 */
export class EchoBook {
  /** Newest first. */
  lines: EchoLine[] = [];
  #count = 0;
  #open: Array<{ number: number; data: string | Uint8Array; leftAt?: number }> = [];

  /** Notes a message that is about to be given to the socket. */
  add(label: string, data: string | Uint8Array): void {
    this.#count += 1;
    const line: EchoLine = {
      number: this.#count,
      kind: typeof data === "string" ? "text" : "binary",
      label,
      size: byteLength(data),
      outcome: "queued",
    };
    this.lines = [line, ...this.lines].slice(0, shown);
    this.#open.push({ number: line.number, data });
  }

  /** Notes that the socket did not take the newest message. */
  rejected(): void {
    const message = this.#open.pop();
    if (message) this.#change(message.number, { outcome: "rejected" });
  }

  /** Notes that the oldest message that waited has left. */
  left(at: number): void {
    const message = this.#open.find(({ leftAt }) => leftAt === undefined);
    if (!message) return;
    message.leftAt = at;
    this.#change(message.number, { outcome: "sent" });
  }

  /** Notes that something came back. */
  answer(data: string | Uint8Array, at: number): void {
    const [message] = this.#open;
    // It answers something that was sent before this book began.
    if (message?.leftAt === undefined) return;
    this.#open.shift();
    const outcome = sameData(message.data, data) ? "equal" : "different";
    this.#change(message.number, { outcome, roundTripMs: at - message.leftAt });
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
