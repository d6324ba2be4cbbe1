// What a case has shown.

import type { WireEntry } from "../wire/wire-log.ts";
import type { CaseHead } from "./case-head.ts";
import type { Gravity, Judgement, Verdict } from "./verdict.ts";

/** The result of one case. */
export interface Result extends Omit<CaseHead, "autobahn"> {
  /** The worse of the two halves. */
  verdict: Verdict;
  behaviour: Judgement;
  close: Judgement;
  /** The expected behaviour, in words. */
  expected: string;
  received: string;
  ms: number;
  wire: readonly WireEntry[];
  /** How many lines of the wire log were not kept. */
  omitted: number;
  /** Set if the failure is worse than any other. */
  grave?: Gravity;
}

/** The result of a case. */
export interface CaseOutcome extends Pick<Result, "behaviour" | "close" | "expected" | "received" | "grave"> {
  /** True if nothing answered the handshake in time, which may not be the case's fault. */
  late?: boolean;
}
