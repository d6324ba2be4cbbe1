// Cases about the opening handshake: what a server answers to a request, byte by byte (RFC 6455 §4.2, RFC 9112).

import type { CaseFrame, CaseHead } from "./case.ts";
import type { Target } from "./http1.ts";
import type { Random } from "./random.ts";
import type { CaseContext, Outcome } from "./run.ts";

/** A case that judges the answer to a request. It is for servers only. */
export interface OpeningCase extends CaseHead {
  kind: "opening";
  offer?: string;
  heavy?: true;
  peer?: "server";
  /** The request, in the pieces in which it is sent. */
  request: (context: { target: Target; key: string; random: Random }) => readonly Uint8Array[];
  /** Sent after the request, in the same piece as its last. Default: one text after the answer. */
  frames?: readonly CaseFrame[];
  /** Every answer that the clause allows, the best first. */
  allowed: readonly AllowedAnswer[];
}

/** One answer that is allowed. */
export interface AllowedAnswer {
  verdict: "pass" | "non-strict" | "info";
  /** `accepted`: 101 with everything it needs, and an echo. `refused`: a status of 400 to 599. `dropped`: no answer. */
  answer: "accepted" | "refused" | "dropped";
  /** Of a refusal: only these. */
  statuses?: readonly number[];
  because?: string;
}

/** Sends the request of a case and judges the answer. */
export async function performOpening(_case: OpeningCase, _context: CaseContext): Promise<Outcome> {
  throw new Error("not yet");
}
