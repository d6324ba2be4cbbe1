// Helpers to write cases about the opening handshake.

import type { AllowedAnswer, Demand, RequestContext, StatusPattern } from "../model/opening-case.ts";
import { describeBytes } from "../wire/bytes.ts";
import { type Address, valuesOf } from "../wire/handshake.ts";

/** The headers of a handshake (RFC 6455 §4.1), in the order they are sent. */
type Name = "Host" | "Upgrade" | "Connection" | "Sec-WebSocket-Key" | "Sec-WebSocket-Version";

/** Changes to a request. */
export interface Changes {
  /** Replaces `GET /path HTTP/1.1`. */
  requestLine?: (address: Address) => string;
  /** Lines that replace the one of that name. An empty list leaves it out. */
  lines?: Partial<Record<Name, readonly string[]>>;
  /** Lines before all others, or after them. */
  before?: readonly string[];
  after?: readonly string[];
  /** The end of each line except the last two. Default: CRLF. */
  newline?: string;
  /** What comes before the request line, and after the head. */
  prefix?: string;
  body?: string;
}

/** Returns a handshake as in RFC 6455 §4.1, with the changes. */
export function handshake({ address, key }: RequestContext, changes: Changes = {}): string {
  const { requestLine = plainLine, lines = {}, before = [], after = [] } = changes;
  const { newline = "\r\n", prefix = "", body = "" } = changes;
  const plain: Record<Name, string> = {
    Host: address.authority,
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": key,
    "Sec-WebSocket-Version": "13",
  };
  const own = Object.entries(plain).flatMap(([name, value]) => lines[name as Name] ?? [`${name}: ${value}`]);
  const asked = (address.headers ?? []).map(([name, value]) => `${name}: ${value}`);
  const all = [requestLine(address), ...before, ...own, ...asked, ...after];
  return `${prefix}${all.join(newline)}\r\n\r\n${body}`;
}

function plainLine({ path }: Address): string {
  return `GET ${path} HTTP/1.1`;
}

/** Demands that the handshake is accepted and the WebSocket works. */
export function accepts(demand?: Demand): AllowedAnswer[] {
  return [{ verdict: "pass", answer: "accepted", ...(demand && { demand }) }];
}

/**
 * Demands that the handshake is refused with one of the statuses. Hanging up without an answer is allowed, but says
 * nothing.
 */
export function refuses(statuses: readonly StatusPattern[] = ["4xx"], demand?: Demand): AllowedAnswer[] {
  return [
    { verdict: "pass", answer: "refused", statuses, ...(demand && { demand }) },
    {
      verdict: "non-strict",
      answer: "refused",
      ...(demand && { demand }),
      because: "another status would describe the problem better",
    },
    { verdict: "non-strict", answer: "dropped", because: "it closes the connection without an answer" },
    { verdict: "non-strict", answer: "bare", because: "it answers as in HTTP/0.9, without a status" },
  ];
}

/** Allows any answer to an ordinary request, because this one does not ask for a WebSocket. */
export function refusesOrIgnores(statuses?: readonly StatusPattern[], demand?: Demand): AllowedAnswer[] {
  const because = "it answers as if the request did not ask for a WebSocket";
  return [...refuses(statuses, demand), { verdict: "info", answer: "ignored", because }];
}

/** Allows the same answers where they are not the best. */
export function tolerated(because: string, allowed: readonly AllowedAnswer[]): AllowedAnswer[] {
  return allowed.map((each) => ({ ...each, verdict: "non-strict", because }));
}

/** Allows the same answers where there is no right or wrong. */
export function told(because: string, allowed: readonly AllowedAnswer[]): AllowedAnswer[] {
  return allowed.map((each) => (each.verdict === "pass" ? { ...each, verdict: "info", because } : each));
}

/** Allows the same answer, followed by the end of the connection. */
export function andCloses(allowed: AllowedAnswer): AllowedAnswer {
  return allowed.answer === "dropped" ? allowed : { ...allowed, closes: true };
}

/** Returns a head without these headers. */
export function without(words: string, ...names: readonly string[]): Demand {
  return {
    words: `without ${words}`,
    problem(head) {
      const found = names.find((name) => valuesOf(head, name).length > 0);
      if (found === undefined) return undefined;
      return `${found} in the answer: ${describeBytes(Buffer.from(valuesOf(head, found).join(", "), "latin1"))}`;
    },
  };
}
