// Fan-out: one publishes, a thousand listen, and each of them checks what it gets.

import { randomBytes } from "node:crypto";
import type { FanoutJob, Slice } from "../job.ts";
import { FrameCounter } from "./counter.ts";
import { maskedText } from "./frames.ts";
import { openSocket } from "./handshake.ts";
import type { Link } from "./link.ts";
import { pause, watch } from "./look.ts";
import { hello, json } from "./waves.ts";

const digits = 9;
const settleMs = 5_000;
// Checking each of millions of deliveries would measure the check.
const checkEvery = 16;

/** Measures one slice; rejects if a message is lost, comes twice or in another order. */
export async function fanout(job: FanoutJob): Promise<Slice> {
  // A new one each time: an old one would begin with what it remembers.
  const topic = `room/bench-${randomBytes(6).toString("hex")}`;
  const trouble = Promise.withResolvers<never>();
  trouble.promise.catch(() => {});
  const failed = (why: string) => trouble.reject(new Error(why));
  let deliveries = 0;
  let published = 0;
  let publisher: Link | undefined;
  const publish = () => {
    // The publisher is paced by what arrived, so that nobody's queue grows without bound.
    while (publisher && published * job.subscribers - deliveries < job.depth * job.subscribers) {
      publisher.write(publication(job, topic, published++));
    }
  };
  const delivered = () => {
    deliveries++;
    if (deliveries % job.subscribers === 0) publish();
  };
  const opening = Array.from({ length: job.subscribers }, () => subscribe(job, topic, delivered, failed));
  const subscribers = await Promise.all(opening);
  const author = await openSocket(job.peer, { data: () => {}, drain: () => {}, closed: failed });
  try {
    if (job.dialect === "typed") author.write(hello());
    publisher = author;
    publish();
    const slice = await watch(job, () => deliveries, trouble.promise);
    publisher = undefined;
    const missing = () => published * job.subscribers - deliveries;
    await Promise.race([settled(missing), trouble.promise]);
    if (missing() !== 0)
      throw new Error(`${missing()} of ${published * job.subscribers} deliveries did not come`);
    return slice;
  } finally {
    publisher = undefined;
    for (const link of [...subscribers, author]) link.end();
  }
}

// Resolves when whoever subscribes has been told so.
async function subscribe(
  job: FanoutJob,
  topic: string,
  delivered: () => void,
  failed: (why: string) => void,
): Promise<Link> {
  const ready = Promise.withResolvers<void>();
  // `welcome` and `subscribed`.
  let greetings = job.dialect === "typed" ? 2 : 0;
  let count = 0;
  const counter = new FrameCounter((opcode, piece, _start, end = 0) => {
    if (opcode !== 1) return;
    if (greetings > 0) {
      if (--greetings === 0) ready.resolve();
      return;
    }
    if (piece && count % checkEvery === 0) {
      const number = sequence(piece, end);
      if (number !== count)
        failed(`message ${number} came where ${count} was due: lost, doubled or out of order`);
    }
    count++;
    delivered();
  });
  const link = await openSocket(job.peer, {
    data: (bytes) => counter.push(bytes),
    drain: () => {},
    closed: failed,
  });
  if (job.dialect === "bytes") return link;
  link.write(hello());
  link.write(maskedText(json({ type: "subscribe", id: "subscribe", topic })));
  await ready.promise;
  return link;
}

// The bytes that a bare server hands on are as long as the event that a server of the house makes of a publication.
function publication({ dialect }: FanoutJob, topic: string, number: number): Uint8Array {
  const text = String(number).padStart(digits, "0");
  if (dialect === "typed")
    return maskedText(json({ type: "publish", id: text, topic, to: "others", text }), key);
  const event = { type: "event", topic, epoch: "0123456789abcdef", offset: 100_000, at: 1_795_382_641_553 };
  const rest = { from: "guest-e16255", to: "others", data: { kind: "chat", text } };
  return maskedText(json({ ...event, ...rest }), key);
}

const key = Uint8Array.of(1, 2, 3, 4);

// The text is the last thing in a message: `…"text":"000000042"}}`.
function sequence(piece: Uint8Array, end: number): number {
  let number = 0;
  for (let at = end - 3 - digits; at < end - 3; at++) number = number * 10 + (piece[at] ?? 0) - 48;
  return number;
}

// Gives what is still under way a while to come.
async function settled(missing: () => number): Promise<void> {
  const deadline = performance.now() + settleMs;
  while (missing() > 0 && performance.now() < deadline) await pause(1);
}
