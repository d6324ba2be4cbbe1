// How many connections a second a server accepts, and how much memory an idle one costs.

import { constants, deflateRawSync } from "node:zlib";
import { residentBytes } from "@rosetta/testkit/process";
import type { ConnectJob, IdleJob, Slice } from "../generator-job.ts";
import { FrameCounter } from "./counter.ts";
import { inTime } from "./in-time.ts";
import type { Link, LinkHandlers } from "./link.ts";
import { between, look, pause, watch } from "./look.ts";
import { openSocket } from "./open-socket.ts";
import { Trouble } from "./trouble.ts";
import { letters, maskedText } from "./write-frames.ts";

const silent = { data: () => {}, drain: () => {}, closed: () => {} };

/** Opens and drops connections, `depth` at a time, and counts those that were upgraded. */
export async function connections(job: ConnectJob): Promise<Slice> {
  const trouble = new Trouble();
  let opened = 0;
  let ended = false;
  const again = async () => {
    while (!ended) {
      const link = await openSocket(job.peer, silent);
      opened++;
      link.end();
    }
  };
  const loops = Array.from({ length: job.atOnce }, () =>
    again().catch((error: Error) => trouble.tell(error.message)),
  );
  try {
    return await watch(job, () => opened, trouble);
  } finally {
    ended = true;
    await Promise.all(loops);
  }
}

// Some connections are opened beforehand, so that what a server allocates only once is not counted.
const firstOnes = 50;
const atOnce = 64;
const looks = 3;
const lookMs = 200;

/** Opens connections that send nothing, or one message, and reports how much the server's memory grew. */
export async function idle({ peer, connections, compressed }: IdleJob): Promise<Slice> {
  let lost = 0;
  const handlers = { ...silent, closed: () => void lost++ };
  const open = compressed ? () => openCompressed(peer, handlers) : () => openSocket(peer, handlers);
  for (const link of await openMany(open, firstOnes)) link.end();
  await pause(lookMs);
  lost = 0;
  const before = await least(peer.pid);
  const began = look(peer.pid, 0);
  const links = await openMany(open, connections);
  try {
    const grownBytes = (await least(peer.pid)) - before;
    if (lost > 0) throw new Error(`${lost} of ${connections} idle connections were closed`);
    return { ...between(began, look(peer.pid, connections)), grownBytes };
  } finally {
    for (const link of links) link.end();
  }
}

// Sends a message of 2 KiB, compressed as in RFC 7692 §7.2.1. Its echo may be compressed or not.
const message = letters(2_048);
const compressedFrame = maskedText(deflateMessage(message));
compressedFrame[0] = (compressedFrame[0] ?? 0) | 0x40;

async function openCompressed(peer: IdleJob["peer"], idle: LinkHandlers): Promise<Link> {
  const answered = Promise.withResolvers<void>();
  // If the handshake fails, nobody awaits this promise.
  answered.promise.catch(() => {});
  const counter = new FrameCounter((opcode) => {
    if (opcode === 1) answered.resolve();
  });
  const closed = (why: string) => {
    answered.reject(new Error(why));
    idle.closed(why);
  };
  const handlers = { ...idle, data: (bytes: Uint8Array) => counter.push(bytes), closed };
  const link = await openSocket({ ...peer, extensions: "permessage-deflate" }, handlers);
  link.write(compressedFrame);
  await inTime(answered.promise, "the echo of a compressed message");
  return link;
}

function deflateMessage(data: Uint8Array): Uint8Array {
  return deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** Opens the given number of connections, a few at a time. `open` receives the number of each. */
export async function openMany<Opened>(
  open: (index: number) => Promise<Opened>,
  count: number,
): Promise<Opened[]> {
  const opened: Opened[] = [];
  while (opened.length < count) {
    const begun = opened.length;
    const width = Math.min(atOnce, count - begun);
    opened.push(...(await Promise.all(Array.from({ length: width }, (_, index) => open(begun + index)))));
  }
  return opened;
}

// The smallest of several readings: garbage that is not collected yet does not belong to the connections.
async function least(pid: number): Promise<number> {
  let smallest = Number.POSITIVE_INFINITY;
  for (let count = 0; count < looks; count++) {
    smallest = Math.min(smallest, residentBytes(pid) ?? Number.NaN);
    await pause(lookMs);
  }
  return smallest;
}
