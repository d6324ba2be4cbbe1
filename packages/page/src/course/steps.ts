// A step of a lesson is done when the page sees it done: a panel tells of each action and of each fact it found.
import type { Act } from "../panels/actions.ts";
import type { Fact } from "../shared/findings.ts";

/** Returns the names of an action, from the general to the particular: `sendText`, `sendText:stop`. */
export function tellingsOfAct({ name, given }: Act): string[] {
  const [first] = given;
  const details = typeof first === "object" && first !== null ? Object.values(first) : [first];
  return [name, ...details.filter(isPlain).map((detail) => `${name}:${detail}`)];
}

/** Returns the names of what a panel found out: `Recovered`, `Recovered=yes`. */
export function tellingsOfFacts(facts: Fact[]): string[] {
  return facts.flatMap(({ name, value }) => [name, `${name}=${value}`]);
}

/**
 * Returns which steps are done, by their place. A step that names nothing is to look at something: it is done with the
 * step before.
 */
export function doneSteps(steps: { done?: string }[], told: ReadonlySet<string>): boolean[] {
  const done: boolean[] = [];
  for (const step of steps) done.push(step.done === undefined ? (done.at(-1) ?? false) : told.has(step.done));
  return done;
}

function isPlain(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}
