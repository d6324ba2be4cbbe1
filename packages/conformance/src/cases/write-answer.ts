// Helpers to write cases about the answer to a client's handshake.

import type { ClientRequest } from "../model/answer-case.ts";
import type { Allowed, Play, Step } from "../model/frame-case.ts";
import { echoes, frame, send, settle, text } from "../model/writing.ts";

/** The head of an answer, without the empty line that ends it. */
export type AnswerLines = (request: ClientRequest) => readonly string[];

/** The status line of an answer that opens a WebSocket. */
export const statusLine = "HTTP/1.1 101 Switching Protocols";
/** Its `Upgrade`. */
export const upgrade = "Upgrade: websocket";
/** Its `Connection`. */
export const connection = "Connection: Upgrade";
/** Returns the `Sec-WebSocket-Accept` header, which proves that the server has read the key. */
export const accept = ({ accept: value }: ClientRequest) => `Sec-WebSocket-Accept: ${value}`;

/** Returns the answer that opens a WebSocket: RFC 6455 §4.2.2. */
export function right(request: ClientRequest): string[] {
  return [statusLine, upgrade, connection, accept(request)];
}

/** Returns the whole head of an answer. */
export function head(lines: AnswerLines): (request: ClientRequest) => string {
  return (request) => `${lines(request).join("\r\n")}\r\n\r\n`;
}

/** Returns the whole head of the answer that opens a WebSocket and agrees to these extensions. Default: none. */
export function openingAnswer(request: ClientRequest, extensions = ""): string {
  const agreed = extensions ? [`Sec-WebSocket-Extensions: ${extensions}`] : [];
  return head(() => [...right(request), ...agreed])(request);
}

/** A client that accepted the answer echoes this. */
export const hello = send(frame.text("Hello"));
/** The client opens the WebSocket, and it works. */
export const opened: Allowed[] = echoes(text("Hello"));
/** The client does not open the WebSocket. */
export const unopened: Allowed[] = [{ verdict: "pass", messages: [], end: { kind: "unopened" } }];

/** Sends frames after the answer, by default one text, and lists the allowed behaviours. */
export function afterAnswer(allowed: readonly Allowed[], ...steps: readonly Step[]): () => Play {
  return () => ({ steps: steps.length > 0 ? steps : [hello], allowed });
}

/** The client must fail the connection because of the answer. */
export const mustFail = {
  level: "MUST",
  kind: "answer",
  peer: "client",
  play: afterAnswer(unopened, hello, settle),
} as const;
/** The client must open the connection with this answer. */
export const mustOpen = { level: "MUST", kind: "answer", peer: "client", play: afterAnswer(opened) } as const;
