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
      cause: "Nobody agreed on it: a proxy that ends connections says 1000, too.",
    },
  ],
  [
    1001,
    { what: "the other side goes away", cause: "A page was left, or something on the way is taken down." },
  ],
  [
    1002,
    {
      what: "the other side saw a breach of the protocol",
      cause: "Bytes that are no frames: a program with a bug.",
    },
  ],
  [
    1003,
    { what: "this kind of data is not spoken here", cause: "A binary message where only text is read." },
  ],
  [
    1005,
    {
      what: "closed without a code; 1005 stands for its absence",
      cause: "Somebody called close() and named no code.",
    },
  ],
  [
    1006,
    {
      what: "the connection was lost without a goodbye",
      cause: "A process was killed, or the network was lost.",
    },
  ],
  [1007, { what: "text that is not UTF-8", cause: "An encoder with a bug." }],
  [
    1008,
    {
      what: "against the policy of the other side",
      cause: "A message in too many fragments, or a client that the server refuses.",
    },
  ],
  [1009, { what: "a message was too big", cause: "A message over the server's limit." }],
  [
    1011,
    { what: "an error inside of the server", cause: "A handler threw: a bug in the server, which lives on." },
  ],
  [1012, { what: "the server restarts", cause: "A new version is put in place." }],
  [
    1013,
    {
      what: "no place for this connection right now",
      cause: "A server or a proxy that is full, or a room that had to make way for another.",
    },
  ],
  [
    1015,
    {
      what: "TLS failed; the browser's own word for it",
      cause: "A certificate that is wrong or has expired.",
    },
  ],
  [
    4001,
    { what: "the other side was silent for too long", cause: "A network that was lost without a sign." },
  ],
  [4002, { what: "this side reads too slowly", cause: "More was sent than this side or its network takes." }],
  [4003, { what: "too many messages", cause: "A loop in the client that sends and never waits." }],
  [4004, { what: "no hello in time", cause: "A client that connects and does not speak the protocol." }],
  [
    4005,
    {
      what: "a message that was not finished in time",
      cause: "The client stopped in the middle of a message, or the network is too slow for it.",
    },
  ],
  [4500, { what: "messages that could not be read", cause: "Client and server are of different versions." }],
  [
    4509,
    { what: "another connection took this one's place", cause: "The same client has connected once more." },
  ],
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
  if (!opened) return "The handshake was refused, or nobody listens there. A page is not told which.";
  if (code === Close.Abnormal && idleMs >= proxyIdleMs) {
    return `Lost after ${formatDuration(idleMs)} without a message: a proxy's timeout.`;
  }
  if (code === Close.Normal && (byPage || agreed)) return "It was asked for.";
  return meanings.get(code)?.cause ?? rangeOf(code);
}

/** Writes what a client does after an end: the policy of the protocol, and why. */
export function policyText({ code, agreed }: Pick<Ending, "code" | "agreed">): string {
  if (closePolicy(code, agreed) === "stop")
    return agreed ? "stop: the end was agreed on" : "stop: the same would meet the same answer";
  if (code === Close.Restart) return "retry, a second later at the earliest";
  if (code === Close.InternalError) return "retry, five times at most";
  return "retry, after a random wait";
}

// RFC 6455 §7.4.2.
function rangeOf(code: number): string {
  if (code >= 4000) return "A code of the application's own: only its authors know.";
  if (code >= 3000) return "A code that a library has registered.";
  return "A code that this page does not know.";
}
