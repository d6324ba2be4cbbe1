import { Close, closeName, closePolicy } from "@rosetta/protocol";
import { formatDuration } from "./format.ts";

/** The meaning of a close code. */
interface Meaning {
  /** In a few words. The names are those of `Close`, which a program goes by. */
  what: string;
  /** Its usual cause. */
  cause: string;
}

const meanings = new Map<number, Meaning>([
  [
    1000,
    {
      what: "the end, as agreed",
      cause: "Nobody asked for it. Some proxies send 1000 when they end a connection.",
    },
  ],
  [
    1001,
    {
      what: "the other side goes away",
      cause: "Somebody left the page, or a server on the way is shut down.",
    },
  ],
  [
    1002,
    {
      what: "the other side received invalid frames",
      cause: "A bug in a program that writes frames.",
    },
  ],
  [
    1003,
    { what: "this kind of data is not accepted", cause: "A binary message where only text is accepted." },
  ],
  [
    1005,
    {
      what: "closed without a code",
      cause: "Somebody called close() without a code.",
    },
  ],
  [
    1006,
    {
      what: "the connection ended without a close frame",
      cause: "A process was killed, or the network was lost.",
    },
  ],
  [1007, { what: "text that is not UTF-8", cause: "An encoder with a bug." }],
  [
    1008,
    {
      what: "not allowed by the other side",
      cause: "A message in too many fragments, or a client that the server refuses.",
    },
  ],
  [1009, { what: "a message was too big", cause: "A message over the server's limit." }],
  [1011, { what: "an error inside the server", cause: "A handler threw an error. The server goes on." }],
  [1012, { what: "the server restarts", cause: "A new version is deployed." }],
  [
    1013,
    {
      what: "no room for this connection right now",
      cause: "A server or proxy is full, or a room had to make way for another.",
    },
  ],
  [
    1015,
    {
      what: "TLS failed",
      cause: "The certificate is wrong or has expired.",
    },
  ],
  [
    4001,
    {
      what: "the other side was silent for too long",
      cause: "The network was lost, and neither side was told.",
    },
  ],
  [
    4002,
    {
      what: "this side reads too slowly",
      cause: "The server sent more than this side or its network could take.",
    },
  ],
  [4003, { what: "too many messages", cause: "The client sends in a loop and never waits." }],
  [4004, { what: "no hello in time", cause: "A client connected and does not speak the protocol." }],
  [
    4005,
    {
      what: "a message was not finished in time",
      cause: "The client stopped in the middle of a message, or its network is too slow.",
    },
  ],
  [4500, { what: "messages that could not be read", cause: "Client and server have different versions." }],
  [4509, { what: "another connection took its place", cause: "The same client connected again." }],
]);

/** Writes a close code in words: `1012 Restart: the server restarts`. Unknown codes stand for themselves. */
export function closeText(code: number): string {
  return [codeTitle(code), meaningOf(code)].filter(Boolean).join(": ");
}

/** Writes a close code with its name, if it has one: `1012 Restart`. */
export function codeTitle(code: number): string {
  const name = closeName(code);
  return name ? `${code} ${name}` : String(code);
}

/** Returns what a close code says, in a few words, or nothing for one that is not known. */
export function meaningOf(code: number): string | undefined {
  return meanings.get(code)?.what;
}

/** The codes that this page can explain, in order. */
export const knownCodes: number[] = [...meanings.keys()];

/**
 * Returns whether a browser may send this code: 1000, or one that is free for applications (WebSockets §3.1,
 * `close`).
 */
export function isSendableCode(code: number): boolean {
  return Number.isInteger(code) && (code === 1000 || (code >= 3000 && code <= 4999));
}

/** Returns whether the code can stand in a close frame. Three never do (RFC 6455 §7.4.1). */
export function isOnWire(code: number): boolean {
  return ![Close.NoStatus, Close.Abnormal, 1015].includes(code);
}

/** The known facts of an end. */
export interface Ending {
  code: number;
  /** False if the handshake failed. */
  opened: boolean;
  byPage: boolean;
  /** Both sides knew that it would come: one asked for it. */
  agreed: boolean;
  idleMs: number;
}

/** Milliseconds of silence after which proxies are known to cut: nginx 60 s, others from 30 s on. */
const proxyIdleMs = 30_000;

/** Writes where an end probably came from. Nobody can know: a close frame says what its sender likes. */
export function likelyCause({ code, opened, byPage, agreed, idleMs }: Ending): string {
  if (!opened)
    return "The server refused the handshake, or nobody listens there. The browser does not say which.";
  if (code === Close.Abnormal && idleMs >= proxyIdleMs) {
    return `Lost after ${formatDuration(idleMs)} without a message, probably by a proxy’s timeout.`;
  }
  if (code === Close.Normal && (byPage || agreed)) return "It was asked for.";
  return meanings.get(code)?.cause ?? rangeOf(code);
}

/** Writes what a client does after an end: the policy of the protocol, and why. */
export function policyText({ code, agreed }: Pick<Ending, "code" | "agreed">): string {
  if (closePolicy(code, agreed) === "stop")
    return agreed ? "stop: the end was agreed on" : "stop: trying again would fail again";
  if (code === Close.Restart) return "retry, after at least a second";
  if (code === Close.InternalError) return "retry, five times at most";
  return "retry, after a random wait";
}

// RFC 6455 §7.4.2.
function rangeOf(code: number): string {
  if (code >= 4000) return "The application chose this code, so only its authors know.";
  if (code >= 3000) return "A library registered this code.";
  return "This page does not know this code.";
}
