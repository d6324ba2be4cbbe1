// Reads the answer to a request that opens no WebSocket, and finds out what becomes of its connection: RFC 9112
// §6.3, §9.

import type { Fate } from "../model/opening-case.ts";
import { describeBytes } from "../wire/bytes.ts";
import {
  type Address,
  HandshakeError,
  type HandshakeResponse,
  handshakeProblem,
  readAnswer,
  subprotocolsOf,
  upgradeRequest,
  valuesOf,
} from "../wire/handshake.ts";
import type { TcpDuplex } from "../wire/tcp.ts";
import type { WireLog } from "../wire/wire-log.ts";
import { within } from "./within.ts";

// How reading an answer can stop, other than at its own end.
type BodyEnd = "fin" | "reset" | "broken";

// More than any answer to a handshake has.
const maxBodyBytes = 1024 * 1024;

/** An HTTP exchange in progress. */
export interface Exchange {
  duplex: TcpDuplex;
  address: Address;
  log: WireLog;
  deadlineMs: number;
  /** For the request that follows. */
  key: string;
}

/** Reads an answer to its end, and finds out whether its connection can be used again. */
export async function fateOf(exchange: Exchange, head: HandshakeResponse, hasBody: boolean): Promise<Fate> {
  const { duplex, deadlineMs } = exchange;
  const isRead = !hasBody || isEmpty(head);
  const body = isRead ? "complete" : await within(readBody(exchange, head), deadlineMs);
  if (body === undefined) return "endless";
  if (body !== "complete") return endOf(body, exchange);
  if (!saysClose(head)) return next(exchange);
  const end = await within(untilEnd(duplex), deadlineMs);
  return end === undefined ? "left" : endOf(end, exchange);
}

function endOf(end: BodyEnd, { log }: Exchange): Fate {
  if (end === "broken") return "broken";
  log.add("received", "end", end === "fin" ? "FIN: the peer sends no more" : "the connection was reset");
  return "closed";
}

// RFC 9112 §9.3: another request on the same connection, this one without a fault.
async function next(exchange: Exchange): Promise<Fate> {
  const { duplex, address, log, key } = exchange;
  const request = Buffer.from(upgradeRequest(address, key));
  log.add("sent", "http", "the next request: a handshake without a fault", request);
  void duplex.write(request);
  try {
    const head = await readAnswer(duplex, log, exchange.deadlineMs);
    return head.status === 101 && handshakeProblem(head, key, "", subprotocolsOf(address))
      ? "broken"
      : "kept";
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
    if (error.fault === "ended") return "closed";
    return error.fault === "silent" ? "stuck" : "broken";
  }
}

// RFC 9112 §9.3 says when a connection persists.
function saysClose(head: HandshakeResponse): boolean {
  const tokens = valuesOf(head, "connection").join().toLowerCase().split(",");
  const options = tokens.map((token) => token.trim());
  return options.includes("close") || (head.version === "1.0" && !options.includes("keep-alive"));
}

/** Returns whether the connection ends in time, whatever comes first, up to a limit. */
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
  if (ended) log.add("received", "end", "FIN: the peer sends no more");
  return ended;
}

// Nothing but the end may follow.
function untilEnd(duplex: TcpDuplex): Promise<BodyEnd> {
  const { promise, resolve } = Promise.withResolvers<BodyEnd>();
  duplex.listen({ data: () => resolve("broken"), end: resolve });
  return promise;
}

// Reads a body to its end. What comes after it stays for the next listener.
function readBody({ duplex, log }: Exchange, head: HandshakeResponse): Promise<"complete" | BodyEnd> {
  const { promise, resolve } = Promise.withResolvers<"complete" | BodyEnd>();
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

// Returns nothing if more is to come. RFC 9112 §6.3: without a length, a body ends with its connection.
function endOfBody(bytes: Buffer, head: HandshakeResponse): number | undefined {
  if (valuesOf(head, "transfer-encoding").length > 0) return endOfChunks(bytes);
  const length = Number(valuesOf(head, "content-length")[0] ?? Number.POSITIVE_INFINITY);
  return bytes.length >= length ? length : undefined;
}

// RFC 9112 §7.1: chunks, each after its size in hexadecimal digits, and trailers after the chunk of size 0.
function endOfChunks(bytes: Buffer): number | undefined {
  let at = 0;
  for (;;) {
    const line = bytes.indexOf("\r\n", at);
    if (line === -1) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    const end = size === 0 ? bytes.indexOf("\r\n\r\n", line) : -1;
    if (size === 0) return end === -1 ? undefined : end + 4;
    // An invalid size never ends the body. The reader's limit does.
    if (Number.isNaN(size)) return undefined;
    at = line + 2 + size + 2;
  }
}

function isEmpty(head: HandshakeResponse): boolean {
  return head.status === 204 || head.status === 304 || valuesOf(head, "content-length")[0] === "0";
}
