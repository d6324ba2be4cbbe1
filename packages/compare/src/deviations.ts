import type { ServerFacts, ServerResult, SuiteResults, TestResult } from "./suite-results.ts";

/** A deviation, shared by all servers that have it for the same reason. */
interface SharedDeviation {
  test: string;
  reason: string;
  links: string[];
  servers: ServerFacts[];
}

/** Writes the list of known differences: a section for each set of servers, with each reason once. */
export function markdownDeviations(app: SuiteResults, steps: SuiteResults): string[] {
  const all = sharedDeviations(app, steps);
  const bySet = Map.groupBy(all, ({ servers }) => servers.map(({ id }) => id).join(" "));
  const sections = [...bySet.values()].sort((a, b) => countOf(b) - countOf(a));
  return sections.flatMap((shared) => ["", `### ${nameOf(shared, app.servers)}`, "", ...reasonRows(shared)]);
}

function countOf(shared: SharedDeviation[]): number {
  return shared[0]?.servers.length ?? 0;
}

const inWords = new Intl.ListFormat("en-GB");

function nameOf([first]: SharedDeviation[], all: ServerFacts[]): string {
  const titles = (first?.servers ?? []).map(({ title }) => title);
  return titles.length > 1 && titles.length === all.length ? "Every server" : inWords.format(titles);
}

function reasonRows(shared: SharedDeviation[]): string[] {
  return [...Map.groupBy(shared, ({ reason }) => reason)].map(([reason, same]) => {
    const links = new Set(same.flatMap(({ links }) => links));
    const sources = [...links].map((link) => `[source](${link})`).join(", ");
    return `- ${same.map(({ test }) => test).join(", ")}: ${reason}${sources && ` (${sources})`}`;
  });
}

// A deviation in a test of rungs alone shows on the last rung, which is meant to pass everything.
function sharedDeviations(app: SuiteResults, steps: SuiteResults): SharedDeviation[] {
  const last = steps.servers
    .map(({ rung }) => rung?.name ?? "")
    .sort()
    .at(-1);
  const top = steps.servers.filter(({ rung }) => rung?.name === last);
  const onlySteps = steps.tests.filter(({ id }) => !app.tests.some((test) => test.id === id));
  return [...deviationsOf(app.servers, app.tests), ...deviationsOf(top, onlySteps, serverOfRung)];
}

function serverOfRung(server: ServerFacts): ServerFacts {
  return { ...server, id: server.rung?.server ?? server.id };
}

function deviationsOf(
  servers: ServerFacts[],
  tests: TestResult[],
  named: (server: ServerFacts) => ServerFacts = (server) => server,
): SharedDeviation[] {
  return tests.flatMap((test) => {
    const resultOf = ({ id }: ServerFacts): Partial<ServerResult> => test.results[id] ?? {};
    const deviating = servers.filter((server) => resultOf(server).verdict === "deviates");
    const byReason = Map.groupBy(deviating, (server) => resultOf(server).reason ?? "no reason given");
    return [...byReason].map(([reason, sharing]) => ({
      test: test.id,
      reason,
      links: sharing.flatMap((server) => resultOf(server).link ?? []),
      servers: sharing.map(named),
    }));
  });
}
