// The outcome of a case, once it is over.

import { describeExpected, describeObservation } from "../judge/describe.ts";
import { judge } from "../judge/judge.ts";
import { worst } from "../judge/judgement.ts";
import type { CaseHead } from "../model/case-head.ts";
import type { Observation, Play } from "../model/frame-case.ts";
import type { CaseOutcome, Result } from "../model/result.ts";
import type { WireLog } from "../wire/wire-log.ts";

/** Returns a case with its result. */
export function resultOf(each: CaseHead, outcome: CaseOutcome, log: WireLog, ms: number): Result {
  const { id, title, clause, gist, level } = each;
  const verdict = worst(outcome.behaviour.verdict, outcome.close.verdict);
  const { entries: wire, omitted } = log;
  return { id, title, clause, gist, level, verdict, ...outcome, ms: Math.round(ms), wire, omitted };
}

/** Judges a play by what was observed. */
export function outcomeOf(play: Play, observation: Observation, strict = false): CaseOutcome {
  const { broken: _, ...opinion } = judge(play, observation, strict);
  return {
    ...opinion,
    expected: describeExpected(play),
    received: describeObservation(observation),
  };
}

/** Returns the result for a peer that does not offer what the case is about. */
export function unsupported(why: string): CaseOutcome {
  const verdict = "unsupported";
  return {
    behaviour: { verdict, why },
    close: { verdict: "info" },
    expected: "the extension",
    received: "none",
  };
}

/**
 * Returns how many bytes an echo of everything expected takes, with room for a peer that uses the smallest fragments.
 */
export function bound({ steps, allowed }: Play): number {
  const expected = allowed.map(({ messages }) =>
    messages.reduce((sum, { data }) => sum + 16 + data.length, 0),
  );
  // Leaves room for echoes of frames that must not be echoed: the judge has to see them.
  const sent = steps.flatMap((step) => (step.kind === "send" ? step.frames : []));
  const echoed = sent.reduce((sum, { payload }) => sum + 16 + (payload?.length ?? 0), 0);
  return 1024 * 1024 + 8 * Math.max(0, ...expected) + echoed;
}
