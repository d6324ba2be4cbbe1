import type { AppSources } from "./app-sources.ts";
import { markdownClimbs } from "./climb.ts";
import { placesOf } from "./overview.ts";
import {
  groups,
  printDealt,
  printTally,
  type ServerFacts,
  type ServerResult,
  type SuiteResults,
  type TestResult,
  tally,
} from "./suite-results.ts";

/** The generated parts of the README. Each stands between two comments with its name. */
export type ReadmePart = "matrix" | "regions";

/** Returns the content of a part and the line on which it begins, or `undefined` if the text has no such part. */
export function readPart(text: string, part: ReadmePart): { content: string; line: number } | undefined {
  const { from, to } = boundsOf(text, part);
  if (from === -1 || to < from) return undefined;
  return { content: text.slice(from, to).trim(), line: text.slice(0, from).split("\n").length + 1 };
}

/** Returns the text with new content in one of its parts, or `undefined` if it has no such part. */
export function replacePart(text: string, part: ReadmePart, content: string): string | undefined {
  const { from, to } = boundsOf(text, part);
  if (from === -1 || to < from) return undefined;
  return `${text.slice(0, from)}\n${content}\n${text.slice(to)}`;
}

/** Returns the bounds of a part: from after the comment that begins it to the one that ends it. */
function boundsOf(text: string, part: ReadmePart): { from: number; to: number } {
  const begin = `<!-- ${part}:begin -->`;
  const at = text.indexOf(begin);
  return { from: at === -1 ? -1 : at + begin.length, to: text.indexOf(`<!-- ${part}:end -->`) };
}

/** How long the content of each file lives, and what to read it for if it has no regions. In reading order. */
const files = new Map([
  ["main.ts", { life: "the process", instead: "the same to the byte everywhere" }],
  ["server.ts", { life: "the process", instead: "" }],
  ["http.ts", { life: "a request", instead: "" }],
  ["connection.ts", { life: "a socket", instead: "" }],
]);

/** Writes the README's table of files and their regions. `ladders`: the rungs, each with the regions it adds. */
export function markdownRegions(house: AppSources, ladders: AppSources): string {
  const places = placesOf(house);
  const names = new Set([...files.keys(), ...house.sources.map(({ name }) => name)]);
  const rows = [...names].map((name) => {
    const own = places.filter((place) => place.name === name).map(({ region }) => region);
    const { life = "", instead = "" } = files.get(name) ?? {};
    return `| \`${name}\` | ${life} | ${own.length === 0 ? `none: ${instead}` : own.join(", ")} |`;
  });
  return ["| file | lives as long as | regions |", "|---|---|---|", ...rungRows(ladders), ...rows].join("\n");
}

// Regions are listed where they first appear, and stay in every later rung.
function rungRows(ladders: AppSources): string[] {
  const places = placesOf(ladders);
  const names = [...new Set(ladders.sources.map(({ name }) => name))].sort();
  return names.map((name) => {
    const added = places.filter((place) => place.name === name).map(({ region }) => region);
    return `| \`steps/${name}\` | the process | ${added.length === 0 ? "none" : `adds ${added.join(", ")}`} |`;
  });
}

/** The results that the README's matrix is made of. */
export interface MatrixResults {
  app: SuiteResults;
  engine: SuiteResults;
  steps: SuiteResults;
}

/** Writes the README's matrix: group × server, the same for servers with an engine, and below it rung × server. */
export function markdownMatrix({ app, engine, steps }: MatrixResults): string {
  return [
    ...scores(app),
    ...paragraph(printDealt(app)),
    ...withEngine(engine),
    ...climbed(steps),
    ...deviations(app, steps),
    "",
    provenance(app),
  ].join("\n");
}

function scores({ servers, tests }: SuiteResults): string[] {
  const row = (name: string, cell: (server: ServerFacts) => string) =>
    `| ${[name, ...servers.map(cell)].join(" | ")} |`;
  return [
    row("", ({ title }) => title),
    `|---|${"--:|".repeat(servers.length)}`,
    ...groups(tests).map(([name, members]) => row(name, ({ id }) => printTally(tally(members, id)))),
    row("all", ({ id }) => `**${printTally(tally(tests, id))}**`),
  ];
}

function withEngine(engine: SuiteResults): string[] {
  if (engine.tests.length === 0) return [];
  const sentence =
    "With an engine (`pnpm e2e --cluster`): the groups that concern delivery once more, on servers that keep what they know in Redis, and CLUSTER, in which all of these servers are one application.";
  return ["", sentence, "", ...scores(engine)];
}

function paragraph(sentence: string): string[] {
  return sentence ? ["", sentence] : [];
}

function climbed(steps: SuiteResults): string[] {
  const rows = markdownClimbs(steps);
  if (rows.length === 0) return [];
  const sentence =
    "The ladder: how many of the tests that concern a rung pass on it. `pnpm e2e --steps` says which ones each rung turns green.";
  return ["", sentence, "", ...rows];
}

// A deviation in a test of rungs alone shows on the last rung, which is meant to pass everything.
function deviations(app: SuiteResults, steps: SuiteResults): string[] {
  const last = steps.servers
    .map(({ rung }) => rung?.name ?? "")
    .sort()
    .at(-1);
  const top = steps.servers.filter(({ rung }) => rung?.name === last);
  const onlySteps = steps.tests.filter(({ id }) => !app.tests.some((test) => test.id === id));
  const rows = [...deviationRows(app.servers, app.tests), ...deviationRows(top, onlySteps)];
  return rows.length === 0
    ? []
    : ["", "≠ is a known difference of the stack; the test runs and fails as described:", "", ...rows];
}

// Servers on the same library or runtime often share a deviation with its reason. They share its row, too.
function deviationRows(servers: ServerFacts[], tests: TestResult[]): string[] {
  return tests.flatMap((test) => {
    const deviating = servers.filter(({ id }) => test.results[id]?.verdict === "deviates");
    const byReason = Map.groupBy(deviating, ({ id }) => reasonOf(test.results[id]));
    return [...byReason].map(([reason, sharing]) => {
      const names = inWords.format(sharing.map(({ title }) => title));
      return `- ${test.id}, ${names}: ${reason}`;
    });
  });
}

const inWords = new Intl.ListFormat("en-GB");

function reasonOf({ reason, link }: Partial<ServerResult> = {}): string {
  return `${reason ?? "no reason given"}${link ? ` ([source](${link}))` : ""}`;
}

function provenance({ date, commit, machine, servers }: SuiteResults): string {
  const versions = servers.map(({ title, runtime, versions = {} }) => {
    const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    // A runtime can also be a package that the app depends on, as Bun is.
    return `${title}: ${[...new Set([runtime, ...packages])].join(", ")}`;
  });
  const when = `Run on ${date.slice(0, 10)}${commit ? ` at ${commit.slice(0, 8)}` : ""}`;
  return `${when} (${machine.platform}, ${machine.cores} × ${machine.cpu}). ${versions.join("; ")}.`;
}
