// One who publishes and those who listen, in two dialects: bytes that go to all others, or a topic of rosetta.v1.json.

import { randomBytes } from "node:crypto";
import type { FanoutJob, Peer } from "../job.ts";
import { FrameCounter } from "./counter.ts";
import { letters, maskedText } from "./frames.ts";
import { openSocket } from "./handshake.ts";
import { inTime } from "./in-time.ts";
import type { Link } from "./link.ts";
import { Outbox } from "./outbox.ts";
import { hello, json } from "./waves.ts";

const digits = 9;
const maskingKey = Uint8Array.of(1, 2, 3, 4);

/** Where something is published. */
export interface Topic {
  peer: Peer;
  dialect: FanoutJob["dialect"];
  name: string;
}

/** A topic that nobody used before: an old one would begin with what it remembers. */
export function newTopic({ peer, dialect }: Pick<FanoutJob, "peer" | "dialect">): Topic {
  return { peer, dialect, name: `room/bench-${randomBytes(6).toString("hex")}` };
}

export interface Subscriber {
  /** The number of a message, if it lay whole in one piece. */
  message(number: (() => number) | undefined): void;
  closed(code: number): void;
}

/** Listens to a topic; resolves when the server has confirmed it. */
export async function subscribe({ peer, dialect, name }: Topic, subscriber: Subscriber): Promise<Link> {
  const ready = Promise.withResolvers<void>();
  // Nobody waits for it where there is no greeting, nor where the connection ends before.
  ready.promise.catch(() => {});
  // `welcome` and `subscribed`.
  let greetings = dialect === "typed" ? 2 : 0;
  let closeCode = 1006;
  const counter = new FrameCounter((opcode, piece, start = 0, end = 0) => {
    if (opcode === 8)
      closeCode = piece && end - start >= 2 ? ((piece[start] ?? 0) << 8) | (piece[start + 1] ?? 0) : 1005;
    if (opcode !== 1) return;
    if (greetings === 0) return subscriber.message(piece && (() => sequence(piece, end)));
    if (--greetings === 0) ready.resolve();
  });
  const link = await openSocket(peer, {
    data: (bytes) => counter.push(bytes),
    drain: () => {},
    closed: (why) => {
      ready.reject(new Error(why));
      subscriber.closed(closeCode);
    },
  });
  if (dialect === "bytes") return link;
  link.write(Buffer.concat([hello(), maskedText(json({ type: "subscribe", id: "subscribe", topic: name }))]));
  await inTime(ready.promise, "the answer to the subscription");
  return link;
}

/** Who publishes: numbered messages, each with a text of at least so many bytes. */
export interface Publisher {
  publish(number: number, size?: number): void;
  end(): void;
}

export async function openPublisher(topic: Topic, failed: (why: string) => void): Promise<Publisher> {
  const outbox = new Outbox();
  const drain = () => outbox.drain();
  const link = await openSocket(topic.peer, { data: () => {}, drain, closed: failed });
  outbox.open(link);
  if (topic.dialect === "typed") outbox.send(hello());
  return {
    publish: (number, size = digits) => outbox.send(publication(topic, number, size)),
    end: () => link.end(),
  };
}

// The bytes that a bare server hands on are as long as the event that a server of the house makes of a publication.
function publication({ dialect, name }: Topic, number: number, size: number): Uint8Array {
  const text = filling(size - digits) + String(number).padStart(digits, "0");
  const id = String(number);
  if (dialect === "typed") {
    return maskedText(json({ type: "publish", id, topic: name, to: "others", text }), maskingKey);
  }
  const event = {
    type: "event",
    topic: name,
    epoch: "0123456789abcdef",
    offset: 100_000,
    at: 1_795_382_641_553,
  };
  const rest = { from: "guest-e16255", to: "others", data: { kind: "chat", text } };
  return maskedText(json({ ...event, ...rest }), maskingKey);
}

let filled = "";

function filling(size: number): string {
  if (filled.length !== size) filled = Buffer.from(letters(Math.max(0, size))).toString();
  return filled;
}

// The text is the last thing in a message: `…"text":"000000042"}}`.
function sequence(piece: Uint8Array, end: number): number {
  let number = 0;
  for (let at = end - 3 - digits; at < end - 3; at++) number = number * 10 + (piece[at] ?? 0) - 48;
  return number;
}
