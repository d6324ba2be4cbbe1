import type { AppSources } from "./app-sources.ts";
import { markdownClimbs } from "./climb.ts";
import { markdownDeviations } from "./deviations.ts";
import { placesOf } from "./overview.ts";
import {
  groups,
  printDealt,
  printTally,
  type ServerFacts,
  type SuiteResults,
  tally,
} from "./suite-results.ts";

/** The generated parts of README.md and RESULTS.md. Each stands between two comments with its name. */
export type ReadmePart = "differences" | "matrix" | "regions";

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

/** The results that the tables of RESULTS.md are made of. */
export interface MatrixResults {
  app: SuiteResults;
  engine: SuiteResults;
  steps: SuiteResults;
}

/** Writes RESULTS.md: group × server, the same for servers with an engine, rung × server, and the known differences. */
export function markdownMatrix({ app, engine, steps }: MatrixResults): string {
  return [
    ...scores(app),
    ...paragraph(printDealt(app)),
    ...withEngine(engine),
    ...climbed(steps),
    ...knownDifferences(app, steps),
    "",
    "## The run",
    "",
    provenance(app),
  ].join("\n");
}

/** The subject of each group. A group is named by the letters before the number in its tests' ids. */
const groupNames: Record<string, string> = {
  ALT: "Event streams and long polling",
  BROWSER: "The browser’s ladder",
  CLOSE: "The closing handshake and its codes",
  CLUSTER: "Several servers as one application",
  CONF: "RFC 6455 and RFC 7692, case by case",
  COURSE: "The lessons",
  DEAD: "Heartbeats",
  ECHO: "The echo endpoint",
  FEED: "The server’s feeds",
  FUZZ: "Malformed input",
  HTTP: "Plain requests",
  JOB: "Jobs",
  LOG: "The server’s log as a topic",
  MSG: "The messages of the protocol",
  PAGE: "The page",
  RESUME: "Coming back without a gap",
  SLOW: "Backpressure",
  SOCK: "TCP connections without a session",
  STEP: "What rungs promise",
  STOP: "Graceful shutdown",
  TOPIC: "Rooms",
  UPG: "The opening handshake",
};

/** Returns a group in words, with its letters behind them. */
function nameOfGroup(group: string): string {
  const words = groupNames[group];
  return words ? `${words} (${group})` : group;
}

function scores({ servers, tests }: SuiteResults): string[] {
  const row = (name: string, cell: (server: ServerFacts) => string) =>
    `| ${[name, ...servers.map(cell)].join(" | ")} |`;
  return [
    row("", ({ title }) => title),
    `|---|${"--:|".repeat(servers.length)}`,
    ...groups(tests).map(([name, members]) =>
      row(nameOfGroup(name), ({ id }) => printTally(tally(members, id))),
    ),
    row("all", ({ id }) => `**${printTally(tally(tests, id))}**`),
  ];
}

function withEngine(engine: SuiteResults): string[] {
  if (engine.tests.length === 0) return [];
  const sentence =
    "`pnpm e2e --cluster` runs the groups that concern delivery once more, on servers that keep what they know in Redis. The group CLUSTER has all of these servers as one application.";
  return ["", "## With an engine", "", sentence, "", ...scores(engine)];
}

function paragraph(sentence: string): string[] {
  return sentence ? ["", sentence] : [];
}

function climbed(steps: SuiteResults): string[] {
  const rows = markdownClimbs(steps);
  if (rows.length === 0) return [];
  const sentence =
    "How many of the tests that concern a rung pass on it. The first rung is the stack as its own documentation writes it, so the rows below show what each subject buys. `pnpm e2e --steps` says which tests each rung turns green.";
  return ["", "## The ladder", "", sentence, "", ...rows];
}

function knownDifferences(app: SuiteResults, steps: SuiteResults): string[] {
  const sections = markdownDeviations(app, steps);
  const sentence =
    "These are the ≠ in the tables. Each is a test that a stack cannot pass. It still runs, and must fail as described.";
  return sections.length === 0 ? [] : ["", "## Known differences", "", sentence, ...sections];
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
