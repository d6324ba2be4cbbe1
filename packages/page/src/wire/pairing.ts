import { endpoints, paths } from "@rosetta/protocol";
import type { WireRecord } from "./record.ts";

/** Requests of one connection that wait for their reply, by number; more are given up, the oldest first. */
const mostWaiting = 1000;

interface Waiting {
  /** Where a request carries an `id` and its reply the same as `re`. */
  byId: Map<string, WireRecord>;
  /** Where only the order decides: `/echo` and HTTP. */
  inOrder: WireRecord[];
}

/**
 * Ties each reply to its request as it comes in. On `/ws` they have a number in common; `/echo` and HTTP answer in the
 * order of the questions. A request that still waits when its connection ends got no reply.
 */
export class Pairing {
  readonly #connections = new Map<string, Waiting>();

  add(entry: WireRecord): void {
    const key = `${entry.server} ${entry.path} ${entry.connection}`;
    const waiting = this.#connections.get(key) ?? { byId: new Map(), inOrder: [] };
    this.#connections.set(key, waiting);
    if (entry.kind === "close") {
      this.#connections.delete(key);
      return ended(waiting, entry);
    }
    if (entry.direction === "out") asked(waiting, entry);
    else tie(answered(waiting, entry), entry);
  }

  /** Forgets all waiting requests. */
  clear(): void {
    this.#connections.clear();
  }
}

// A server closes properly for a reason: on `/echo` that is the oldest message without an answer.
function ended({ byId, inOrder }: Waiting, close: WireRecord): void {
  if (close.direction === "in" && !close.isCut) tie(inOrder.shift(), close);
  for (const request of [...byId.values(), ...inOrder]) request.isLost = true;
}

function asked({ byId, inOrder }: Waiting, entry: WireRecord): void {
  const id = entry.head?.id;
  if (id !== undefined) {
    byId.set(id, entry);
    const [oldest] = byId.keys();
    if (byId.size > mostWaiting && oldest !== undefined) byId.delete(oldest);
  }
  if (!isAnsweredInOrder(entry)) return;
  inOrder.push(entry);
  if (inOrder.length > mostWaiting) inOrder.shift();
}

function answered({ byId, inOrder }: Waiting, entry: WireRecord): WireRecord | undefined {
  if (entry.kind === "response") return inOrder.shift();
  if (entry.path === endpoints.echo && entry.data !== undefined) return inOrder.shift();
  const re = entry.head?.re;
  if (re === undefined) return undefined;
  const request = byId.get(re);
  byId.delete(re);
  return request;
}

// A stream is one answer that does not end.
function isAnsweredInOrder({ kind, path, data }: WireRecord): boolean {
  if (kind === "request") return path !== paths.events;
  return path === endpoints.echo && data !== undefined;
}

function tie(request: WireRecord | undefined, reply: WireRecord): void {
  if (!request) return;
  request.partner = reply.number;
  reply.partner = request.number;
  reply.afterMs = reply.at - request.at;
}
