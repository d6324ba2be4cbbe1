// Checks correctness before anything is measured: messages are numbered, and every byte of every echo is compared.

import type { CheckJob, PeerAddress, Slice } from "../generator-job.ts";
import { between, look, settled } from "./look.ts";
import { openSocket } from "./open-socket.ts";
import { Outbox } from "./outbox.ts";
import { Trouble } from "./trouble.ts";
import { letters, maskedText, plainText } from "./write-frames.ts";

/** Exchanges messages with a server on several connections at once. Rejects with the first thing that is wrong. */
export async function check(job: CheckJob): Promise<Slice> {
  const trouble = new Trouble();
  const before = look(job.peer.pid, 0);
  const conversations = Array.from({ length: job.connections }, (_, number) => new Conversation(job, number));
  const opening = conversations.map((each) => each.begin(trouble.tell));
  try {
    await trouble.orEnd(Promise.all(opening));
    await trouble.orEnd(completion(conversations, job.patienceMs));
    return between(before, look(job.peer.pid, total(conversations, "came")));
  } finally {
    await Promise.allSettled(opening);
    for (const each of conversations) each.end();
  }
}

// A slow server gets more time for as long as anything arrives.
async function completion(conversations: readonly Conversation[], patienceMs: number): Promise<void> {
  const due = total(conversations, "due");
  for (;;) {
    const came = total(conversations, "came");
    if (came === due) return;
    await settled(() => total(conversations, "came") > came, patienceMs);
    if (total(conversations, "came") > came) continue;
    const sent = total(conversations, "sent");
    throw new Error(
      `${sent - came} of ${sent} messages did not come back: nothing came for ${patienceMs} ms`,
    );
  }
}

function total(conversations: readonly Conversation[], what: "came" | "sent" | "due"): number {
  return conversations.reduce((sum, each) => sum + each[what], 0);
}

/** One connection. It keeps `depth` messages under way and expects their echoes in order. */
class Conversation {
  readonly due: number;
  sent = 0;
  came = 0;
  readonly #peer: PeerAddress;
  readonly #depth: number;
  readonly #sizes: readonly number[];
  readonly #number: number;
  readonly #outbox = new Outbox();
  #end = () => {};
  #failed: (why: string) => void = () => {};
  // The next expected echo, and what has arrived of it so far.
  #rest: Buffer = Buffer.alloc(0);
  readonly #expected: Uint8Array[] = [];

  constructor({ peer, depth, messages }: CheckJob, number: number) {
    this.#peer = peer;
    this.#depth = depth;
    this.#number = number;
    this.#sizes = messages.flatMap(({ size, count }) => Array.from({ length: count }, () => size));
    this.due = this.#sizes.length;
  }

  async begin(failed: (why: string) => void): Promise<void> {
    this.#failed = failed;
    const link = await openSocket(this.#peer, {
      data: (bytes) => this.#read(bytes),
      drain: () => this.#outbox.drain(),
      closed: (why) => failed(`${why} after ${this.came} of ${this.due} messages`),
    });
    this.#end = () => link.end();
    this.#outbox.open(link);
    this.#send();
  }

  end(): void {
    this.#end();
  }

  #send(): void {
    while (this.sent < this.due && this.sent - this.came < this.#depth) {
      const payload = numbered(this.#number, this.sent, this.#sizes[this.sent] ?? 0);
      const frame = maskedText(payload);
      this.sent++;
      this.#expected.push(this.#peer.path === undefined ? frame : plainText(payload));
      this.#outbox.send(frame);
    }
  }

  // A close frame is the only other thing that a server may send here: RFC 6455 §5.5.1.
  #closedWith(): number | undefined {
    const [first, length = 0, high = 0, low = 0] = this.#rest;
    if (this.#peer.path === undefined || first !== 0x88) return undefined;
    return length < 2 ? 1005 : (high << 8) | low;
  }

  #read(bytes: Uint8Array): void {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : Buffer.from(bytes);
    for (let due = this.#expected[0]; due && this.#rest.length >= due.length; due = this.#expected[0]) {
      const wrong = difference(due, this.#rest, this.came);
      if (wrong !== undefined) return this.#failed(wrong);
      this.#rest = this.#rest.subarray(due.length);
      this.#expected.shift();
      this.came++;
    }
    if (this.#closedWith() !== undefined) {
      return this.#failed(`closed with ${this.#closedWith()} after ${this.came} of ${this.due} messages`);
    }
    if (this.#expected.length === 0 && this.#rest.length > 0)
      return this.#failed("more came back than was sent");
    this.#send();
  }
}

/** Bytes that hold the number of the connection and that of the message: the smallest size a job can ask for. */
export const numberBytes = 16;

/** Returns a message that resembles no other: `0003/000001042/` and then letters, in a different order each time. */
export function numbered(connection: number, number: number, size: number): Uint8Array {
  const head = `${String(connection).padStart(4, "0")}/${String(number).padStart(9, "0")}/`;
  const filling = letters(26).subarray(number % 26);
  const payload = Buffer.alloc(size, Buffer.from(filling));
  payload.write(head, "latin1");
  return payload;
}

/** Describes what is wrong with an echo. Returns nothing if it is the expected one. */
export function difference(due: Uint8Array, came: Uint8Array, number: number): string | undefined {
  const at = due.findIndex((byte, index) => byte !== came[index]);
  if (at === -1) return undefined;
  const header = due.length - payloadOf(due);
  const head = Buffer.from(came.subarray(header, header + numberBytes)).toString("latin1");
  const [, other] = /^\d{4}\/(\d{9})\//.exec(head) ?? [];
  if (other === undefined || Number(other) === number) {
    return `message ${number} came back changed, at byte ${at} of its frame`;
  }
  return `message ${Number(other)} came instead of ${number}: lost, doubled or out of order`;
}

// Returns the payload length of a plain frame: RFC 6455 §5.2.
function payloadOf(frame: Uint8Array): number {
  const short = frame[1] ?? 0;
  if (short < 126) return frame.length - 2;
  return frame.length - (short === 126 ? 4 : 10);
}
