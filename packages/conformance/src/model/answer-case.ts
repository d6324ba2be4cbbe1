// A case about the opening handshake of a client: its request, or how it takes an answer (RFC 6455 §4.1).

import type { HandshakeResponse } from "../wire/handshake.ts";
import type { CaseHead } from "./case-head.ts";
import type { Cuts, Play } from "./frame-case.ts";
import type { Random } from "./random.ts";
import type { Judgement } from "./verdict.ts";

/** A case for clients only. It is about their opening handshake: the request, or how they take an answer. */
export interface AnswerCase extends CaseHead {
  kind: "answer";
  peer: "client";
  offer?: never;
  heavy?: never;
  /** The offer that `--explain` assumes. Default: permessage-deflate with a window that the server may choose. */
  sampleOffer?: string;
  /** Returns the whole head of the answer, or nothing if the client does not offer what the case is about. */
  answer: (request: ClientRequest) => string | undefined;
  /** How the answer is cut into pieces. `joined`: it is sent in one piece with the first frames. */
  cuts?: Cuts | "joined" | undefined;
  /** A verdict on the request itself. */
  inspect?: (request: ClientRequest) => Judgement;
  play: (random: Random) => Play;
}

/** A client's request to open a WebSocket, as a server reads it. */
export interface ClientRequest extends Pick<HandshakeResponse, "headers"> {
  method: string;
  /** The target in the request line: path and query. */
  target: string;
  /** The HTTP version, such as `1.1`. */
  httpVersion: string;
  /** The only correct `Sec-WebSocket-Accept` (RFC 6455 §4.2.2, 5.4). */
  accept: string;
  /** The `Sec-WebSocket-Extensions` that it offers. */
  offer: string;
  /** The `Sec-WebSocket-Key`s of this client's earlier connections. */
  earlierKeys: ReadonlySet<string>;
}
