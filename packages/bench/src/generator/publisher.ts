// One publisher and its listeners, in two dialects: bytes that go to all others, or a topic of rosetta.v1.json.

import { randomBytes } from "node:crypto";
import type { FanoutJob, PeerAddress } from "../generator-job.ts";
import { FrameCounter } from "./counter.ts";
import { inTime } from "./in-time.ts";
import type { Link } from "./link.ts";
import { openSocket } from "./open-socket.ts";
import { Outbox } from "./outbox.ts";
import { hello, json } from "./waves.ts";
import { letters, maskedText } from "./write-frames.ts";

const digits = 9;
const maskingKey = Uint8Array.of(1, 2, 3, 4);

/** Where to publish. */
export interface PublishTarget {
  peer: PeerAddress;
  dialect: FanoutJob["dialect"];
  name: string;
}

/** Returns a topic that nobody has used before. An old one would begin with a replay of what it remembers. */
export function newTopic({ peer, dialect }: Pick<FanoutJob, "peer" | "dialect">): PublishTarget {
  return { peer, dialect, name: `room/bench-${randomBytes(6).toString("hex")}` };
}

export interface Subscriber {
  /** Returns the number of a message if it arrived in one piece. */
  message(number: (() => number) | undefined): void;
  closed(code: number): void;
}

/** Subscribes to a topic. Resolves when the server has confirmed the subscription. */
export async function subscribe(
  { peer, dialect, name }: PublishTarget,
  subscriber: Subscriber,
): Promise<Link> {
  const ready = Promise.withResolvers<void>();
  // Nobody awaits this if there is no greeting, or if the connection ends first.
  ready.promise.catch(() => {});
  // The server sends `welcome` and `subscribed`.
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

/** The publisher. It sends numbered messages, each with a text of at least this many bytes. */
export interface Publisher {
  publish(number: number, size?: number): void;
  end(): void;
}

export async function openPublisher(topic: PublishTarget, failed: (why: string) => void): Promise<Publisher> {
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

// A bare server forwards the bytes as they are, so they are as long as the event that an app makes of a
// publication.
function publication({ dialect, name }: PublishTarget, number: number, size: number): Uint8Array {
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
  const rest = { from: "guest-e16255b07a", to: "others", data: { kind: "chat", text } };
  return maskedText(json({ ...event, ...rest }), maskingKey);
}

let filled = "";

function filling(size: number): string {
  if (filled.length !== size) filled = Buffer.from(letters(Math.max(0, size))).toString();
  return filled;
}

// The text comes last in a message: `…"text":"000000042"}}`.
function sequence(piece: Uint8Array, end: number): number {
  let number = 0;
  for (let at = end - 3 - digits; at < end - 3; at++) number = number * 10 + (piece[at] ?? 0) - 48;
  return number;
}
