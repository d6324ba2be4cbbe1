// Correctness comes before ranking: a server that loses, changes or reorders a message is not measured.

import type { Candidate } from "./candidates.ts";
import { GeneratorEnded } from "./generator.ts";
import type { CheckJob, PeerAddress } from "./generator-job.ts";
import { MeasuredServer } from "./measured-server.ts";
import type { Bench } from "./method-session.ts";

// The sizes that are measured, and those at which the frame header grows (RFC 6455 §5.2).
const messages: CheckJob["messages"] = [
  { size: 64, count: 2_000 },
  { size: 125, count: 100 },
  { size: 126, count: 100 },
  { size: 1_024, count: 300 },
  { size: 65_535, count: 16 },
  { size: 65_536, count: 16 },
];

/** Returns the job that every server has to do before it is measured. */
export function checkOf(peer: PeerAddress): CheckJob {
  return { kind: "check", peer, connections: 8, depth: 16, messages, patienceMs: 5_000 };
}

/** Checks the candidates and their controls. Returns the reason for each one that fails, by id. */
export async function findWrong(bench: Omit<Bench, "refused">): Promise<Map<string, string>> {
  const wrong = new Map<string, string>();
  for (const candidate of withControls(bench)) {
    bench.signal.throwIfAborted();
    bench.tell(`${candidate.title}: checking its echo`);
    const failure = await failureOf(candidate, bench);
    bench.signal.throwIfAborted();
    if (failure !== undefined) wrong.set(candidate.id, failure);
  }
  return wrong;
}

/** Returns how a candidate fails, or nothing if it passes. */
export async function failureOf(
  candidate: Candidate,
  { core, generator }: Pick<Bench, "core" | "generator">,
  jobOf: (peer: PeerAddress) => CheckJob = checkOf,
): Promise<string | undefined> {
  let server: MeasuredServer | undefined;
  try {
    server = await MeasuredServer.start(candidate, core);
    await generator.run(jobOf(server.peer));
    return undefined;
  } catch (error) {
    if (error instanceof GeneratorEnded) throw error;
    return (error as Error).message;
  } finally {
    await server?.stop();
  }
}

function withControls({ candidates, everybody }: Pick<Bench, "candidates" | "everybody">): Candidate[] {
  const ids = new Set(
    candidates.flatMap(({ id, control }) => (control === undefined ? [id] : [id, control])),
  );
  return everybody.filter(({ id }) => ids.has(id));
}
