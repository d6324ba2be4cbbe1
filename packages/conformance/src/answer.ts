// Helpers to write cases about the answer to a client's handshake.

import type { AnswerCase, ClientRequest } from "./answering.ts";
import { echoes, frame, send, settle, text } from "./build.ts";
import type { Allowed, Play, Step } from "./case.ts";

/** The head of an answer, without the empty line that ends it. */
export type Lines = (request: ClientRequest) => readonly string[];

export const statusLine = "HTTP/1.1 101 Switching Protocols";
export const upgrade = "Upgrade: websocket";
export const connection = "Connection: Upgrade";
export const accept = ({ accept: value }: ClientRequest) => `Sec-WebSocket-Accept: ${value}`;

/** The answer that opens a WebSocket: RFC 6455 §4.2.2. */
export function right(request: ClientRequest): string[] {
  return [statusLine, upgrade, connection, accept(request)];
}

/** The whole head of an answer. */
export function head(lines: Lines): AnswerCase["answer"] {
  return (request) => `${lines(request).join("\r\n")}\r\n\r\n`;
}

/** A client that accepted the answer echoes this. */
export const hello = send(frame.text("Hello"));
export const opened: Allowed[] = echoes(text("Hello"));
export const unopened: Allowed[] = [{ verdict: "pass", messages: [], end: { kind: "unopened" } }];

/** Sends frames after the answer, by default one text, and lists the allowed behaviours. */
export function play(allowed: readonly Allowed[], ...steps: readonly Step[]): () => Play {
  return () => ({ steps: steps.length > 0 ? steps : [hello], allowed });
}

/** The client must fail the connection because of the answer. */
export const mustFail = {
  level: "MUST",
  kind: "answer",
  peer: "client",
  play: play(unopened, hello, settle),
} as const;
/** The client must open the connection with this answer. */
export const mustOpen = { level: "MUST", kind: "answer", peer: "client", play: play(opened) } as const;
