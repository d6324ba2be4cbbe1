// What comes back to a request that is no WebSocket, and what becomes of its connection: RFC 9112 §6.3, §9.

import {
  HandshakeError,
  type Head,
  problemOf,
  readAnswer,
  subprotocolsOf,
  type Target,
  upgradeRequest,
  valuesOf,
} from "./http1.ts";
import type { TcpDuplex } from "./tcp.ts";
import { describeBytes, type WireLog } from "./wire.ts";

/**
 * What became of a connection after an answer. `closed`: it is over. `kept`: it takes the next request. `left`: the
 * answer said close, but the peer did not. `stuck`: it is neither closed nor does it answer. `endless`: the answer
 * did not end. `broken`: what came is no HTTP.
 */
export type Fate = "closed" | "kept" | "left" | "stuck" | "endless" | "broken";

// How the reading of an answer ends, beside its own end.
type End = "fin" | "reset" | "broken";

// More than any answer to a handshake has.
const maxBodyBytes = 1024 * 1024;

/** An exchange of HTTP under way. */
export interface Exchange {
  duplex: TcpDuplex;
  target: Target;
  log: WireLog;
  deadlineMs: number;
  /** For the request that follows. */
  key: string;
}

/** Reads an answer to its end, and finds out whether its connection can be used again. */
export async function fateOf(exchange: Exchange, head: Head, hasBody: boolean): Promise<Fate> {
  const { duplex, deadlineMs } = exchange;
  const isRead = !hasBody || isEmpty(head);
  const body = isRead ? "complete" : await within(readBody(exchange, head), deadlineMs);
  if (body === undefined) return "endless";
  if (body !== "complete") return endOf(body, exchange);
  if (!saysClose(head)) return next(exchange);
  const end = await within(untilEnd(duplex), deadlineMs);
  return end === undefined ? "left" : endOf(end, exchange);
}

function endOf(end: End, { log }: Exchange): Fate {
  if (end === "broken") return "broken";
  log.add("received", "end", end === "fin" ? "FIN: the peer is done" : "the connection was reset");
  return "closed";
}

// RFC 9112 §9.3: another request on the same connection, this one without a fault.
async function next(exchange: Exchange): Promise<Fate> {
  const { duplex, target, log, key } = exchange;
  const request = Buffer.from(upgradeRequest(target, key));
  log.add("sent", "http", "the next request: a handshake without a fault", request);
  void duplex.write(request);
  try {
    const head = await readAnswer(duplex, log, exchange.deadlineMs);
    return head.status === 101 && problemOf(head, key, "", subprotocolsOf(target)) ? "broken" : "kept";
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
    if (error.fault === "ended") return "closed";
    return error.fault === "silent" ? "stuck" : "broken";
  }
}

// RFC 9112 §9.3: what decides whether a connection goes on.
function saysClose(head: Head): boolean {
  const tokens = valuesOf(head, "connection").join().toLowerCase().split(",");
  const options = tokens.map((token) => token.trim());
  return options.includes("close") || (head.version === "1.0" && !options.includes("keep-alive"));
}

/** Whether the connection ends in time, whatever comes before, as far as that is bounded. */
export async function endsSoon({ duplex, log, deadlineMs }: Exchange): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let left = maxBodyBytes;
  duplex.listen({
    data: ({ length }) => {
      left -= length;
      if (left < 0) resolve(false);
    },
    end: () => resolve(true),
  });
  const ended = (await within(promise, deadlineMs)) ?? false;
  if (ended) log.add("received", "end", "FIN: the peer is done");
  return ended;
}

// Nothing may come any more but the end.
function untilEnd(duplex: TcpDuplex): Promise<End> {
  const { promise, resolve } = Promise.withResolvers<End>();
  duplex.listen({ data: () => resolve("broken"), end: resolve });
  return promise;
}

// Reads a body to its end; what comes after it stays for the next listener.
function readBody({ duplex, log }: Exchange, head: Head): Promise<"complete" | End> {
  const { promise, resolve } = Promise.withResolvers<"complete" | End>();
  let bytes = Buffer.alloc(0);
  duplex.listen({
    data: (more) => {
      bytes = Buffer.concat([bytes, more]);
      const end = endOfBody(bytes, head);
      if (end === undefined && bytes.length <= maxBodyBytes) return;
      log.add(
        "received",
        "bytes",
        `the body: ${describeBytes(bytes.subarray(0, end))}`,
        bytes.subarray(0, end),
      );
      duplex.unread(bytes.subarray(end));
      resolve(end === undefined ? "broken" : "complete");
    },
    end: resolve,
  });
  return promise;
}

// Nothing if more is to come. RFC 9112 §6.3: without a length, a body ends with its connection.
function endOfBody(bytes: Buffer, head: Head): number | undefined {
  if (valuesOf(head, "transfer-encoding").length > 0) return endOfChunks(bytes);
  const length = Number(valuesOf(head, "content-length")[0] ?? Number.POSITIVE_INFINITY);
  return bytes.length >= length ? length : undefined;
}

// RFC 9112 §7.1: chunks, each after its size in hexadecimal digits, and trailers after the one of no size.
function endOfChunks(bytes: Buffer): number | undefined {
  let at = 0;
  for (;;) {
    const line = bytes.indexOf("\r\n", at);
    if (line === -1) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    const end = size === 0 ? bytes.indexOf("\r\n\r\n", line) : -1;
    if (size === 0) return end === -1 ? undefined : end + 4;
    // What is no size never ends; who reads has a bound.
    if (Number.isNaN(size)) return undefined;
    at = line + 2 + size + 2;
  }
}

function isEmpty(head: Head): boolean {
  return head.status === 204 || head.status === 304 || valuesOf(head, "content-length")[0] === "0";
}

/** What comes of a promise, or nothing if time was up before. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  if (ms === Number.POSITIVE_INFINITY) return promise;
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const deadline = setTimeout(resolve, ms, undefined);
  return Promise.race([promise, late]).finally(() => clearTimeout(deadline));
}
