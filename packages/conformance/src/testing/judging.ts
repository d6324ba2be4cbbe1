// What the tests of the judge have in common.

import { allCases } from "../cases/index.ts";
import type { Case } from "../model/case.ts";
import type { Result } from "../model/result.ts";
import { type RunOptions, runConformance } from "../run/server-run.ts";
import { type Rules, startServer } from "./faulty-server.ts";

/** The cases about frames that need no extension. The handshake and permessage-deflate have their own faults. */
export const frameCases: readonly Case[] = allCases.filter(
  (each) => each.kind === "frames" && each.offer === undefined,
);

/** Returns the cases with these ids, or of these groups and families. */
export function casesIn(ids: readonly string[]): Case[] {
  return allCases.filter(({ id }) => ids.some((each) => id === each || id.startsWith(`${each}.`)));
}

/** Returns the results of the cases at a URL, by their ids. */
export async function judgedAt(url: string, options: RunOptions): Promise<Map<string, Result>> {
  const results = new Map<string, Result>();
  for await (const result of runConformance(url, options)) results.set(result.id, result);
  return results;
}

/** Returns the results of the cases at a server with these rules, which runs only for them. */
export async function judged(rules: Partial<Rules>, options: RunOptions): Promise<Map<string, Result>> {
  const server = await startServer({ rules });
  try {
    return await judgedAt(server.url, { revive: server.revive, ...options });
  } finally {
    await server.stop();
  }
}

/** Describes what is not as it should be. */
export function oddOnes(results: Iterable<Result>): string[] {
  const odd = [...results].filter(({ verdict }) => verdict !== "pass" && verdict !== "info");
  return odd.map(({ id, verdict, behaviour, close }) => `${id} ${verdict}: ${behaviour.why ?? close.why}`);
}
