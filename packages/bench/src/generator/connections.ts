// Connections: how many a second a server takes, and what one that is idle costs.

import type { ConnectJob, IdleJob, Slice } from "../job.ts";
import { residentBytes } from "../processor.ts";
import { openSocket } from "./handshake.ts";
import type { Link } from "./link.ts";
import { between, look, pause, watch } from "./look.ts";

const silent = { data: () => {}, drain: () => {}, closed: () => {} };

/** Opens and drops connections, so many at a time, and counts those that were upgraded. */
export async function connections(job: ConnectJob): Promise<Slice> {
  const trouble = Promise.withResolvers<never>();
  trouble.promise.catch(() => {});
  let opened = 0;
  let ended = false;
  const again = async () => {
    while (!ended) {
      const link = await openSocket(job.peer, silent);
      opened++;
      link.end();
    }
  };
  const loops = Array.from({ length: job.atOnce }, () => again().catch((error) => trouble.reject(error)));
  try {
    return await watch(job, () => opened, trouble.promise);
  } finally {
    ended = true;
    await Promise.all(loops);
  }
}

// Before, some have been there already: what a server makes once for all is not counted.
const firstOnes = 50;
const atOnce = 64;
const looks = 5;
const lookMs = 200;

/** Opens connections that say nothing, and tells what the server's memory grew by. */
export async function idle({ peer, connections }: IdleJob): Promise<Slice> {
  for (const link of await openMany(peer, firstOnes)) link.end();
  await pause(lookMs);
  const before = await least(peer.pid);
  const began = look(peer.pid, 0);
  const links = await openMany(peer, connections);
  try {
    const grownBytes = (await least(peer.pid)) - before;
    return { ...between(began, look(peer.pid, connections)), grownBytes };
  } finally {
    for (const link of links) link.end();
  }
}

async function openMany(peer: IdleJob["peer"], count: number): Promise<Link[]> {
  const links: Link[] = [];
  while (links.length < count) {
    const width = Math.min(atOnce, count - links.length);
    links.push(...(await Promise.all(Array.from({ length: width }, () => openSocket(peer, silent)))));
  }
  return links;
}

// The smallest of several looks: garbage that was not collected yet is not the connections'.
async function least(pid: number): Promise<number> {
  let smallest = Number.POSITIVE_INFINITY;
  for (let count = 0; count < looks; count++) {
    smallest = Math.min(smallest, residentBytes(pid) ?? Number.NaN);
    await pause(lookMs);
  }
  return smallest;
}
