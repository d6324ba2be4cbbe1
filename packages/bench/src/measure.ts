// Measures everybody by one method, each beside its control.

import type { Candidate } from "./candidates.ts";
import { judge, type Pair } from "./judge.ts";
import type { Measure, Row } from "./results.ts";
import { type Bench, type Method, nowhere, Session, type Side, SideFailed } from "./session.ts";
import type { Noise } from "./statistics.ts";

/** A measure of which nothing is known yet. */
export function newMeasure({ scenario, title, unit, better, phrase, env }: Method): Measure {
  return { scenario, title, unit, better, phrase, ...(env && { settings: env }), rows: [] };
}

/**
 * Measures everybody and notes it in `measure` as it comes: a run that is interrupted keeps what it has. Without the
 * noise of equal servers nothing is decided.
 */
export async function fill(measure: Measure, method: Method, bench: Bench, noise?: Noise): Promise<void> {
  if (noise) measure.noise = noise;
  const session = new Session(method, bench);
  try {
    for (const candidate of ableIn(method, bench)) {
      bench.signal.throwIfAborted();
      bench.tell(candidate.title);
      measure.rows.push(await row(candidate, method, bench, session, noise));
    }
  } finally {
    await session.end();
  }
}

/** Who of the candidates can do it. */
export function ableIn({ job }: Method, { candidates }: Bench): Candidate[] {
  return candidates.filter((each) => job(each, nowhere) !== undefined);
}

async function row(
  candidate: Candidate,
  method: Method,
  bench: Bench,
  session: Session,
  noise: Noise | undefined,
): Promise<Row> {
  const wrong = bench.refused.get(candidate.id);
  if (wrong !== undefined) return refusal(candidate, new Error(wrong));
  const own = session.side(candidate);
  const control = controlOf(candidate, method, bench, session);
  // Who is compared with nobody here has mostly been measured already, beside those who are compared with it.
  const known = control ? [] : session.slicesAsControl(candidate);
  if (known.length >= method.pairs)
    return judge(
      method,
      candidate.id,
      known.map((slice): Pair => [slice]),
    );
  const pairs = await session.attempt(own, control);
  if (!(pairs instanceof Error)) {
    return judge(method, candidate.id, pairs, control && { control: control.candidate.id, noise });
  }
  if (!(pairs instanceof SideFailed) || pairs.side !== control) return refusal(candidate, pairs);
  // Its control's failure is not its own: it is measured alone.
  const alone = await session.attempt(own);
  if (alone instanceof Error) return refusal(candidate, alone);
  return { why: `not compared: ${control.candidate.id} failed`, ...judge(method, candidate.id, alone) };
}

function refusal({ id }: Candidate, { message }: Error): Row {
  return { candidate: id, verdict: "refused", why: message };
}

function controlOf(
  candidate: Candidate,
  { job, controlJob, pairs }: Method,
  { everybody, refused }: Bench,
  session: Session,
): Side | undefined {
  // One pair decides nothing.
  if (pairs < 2) return undefined;
  if (controlJob) return session.side(candidate, "control", controlJob);
  const control = everybody.find(({ id }) => id === candidate.control);
  if (!control || refused.has(control.id) || !job(control, nowhere)) return undefined;
  return session.side(control);
}
