import type { AppSources } from "./app-sources.ts";
import { placesOf } from "./overview.ts";
import { groups, printDealt, printTally, type SuiteResults, tally } from "./suite-results.ts";

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
  ["hello.ts", { life: "a first lesson", instead: "the stack as its documentation writes it" }],
  ["main.ts", { life: "the process", instead: "the same to the byte everywhere" }],
  ["server.ts", { life: "the process", instead: "" }],
  ["http.ts", { life: "a request", instead: "" }],
  ["connection.ts", { life: "a socket", instead: "" }],
]);

/** Writes the README's table of files and their regions. */
export function markdownRegions(house: AppSources): string {
  const places = placesOf(house);
  const names = new Set([...files.keys(), ...house.sources.map(({ name }) => name)]);
  const rows = [...names].map((name) => {
    const own = places.filter((place) => place.name === name).map(({ region }) => region);
    const { life = "", instead = "" } = files.get(name) ?? {};
    return `| \`${name}\` | ${life} | ${own.length === 0 ? `none: ${instead}` : own.join(", ")} |`;
  });
  return ["| file | lives as long as | regions |", "|---|---|---|", ...rows].join("\n");
}

/** Writes the README's matrix: for each server, the results of its documentation's example and of ours. */
export function markdownMatrix(app: SuiteResults, bare: SuiteResults): string {
  const columns = app.servers.flatMap(({ id, title }) => [
    { head: `${title}, as the docs write it`, tests: bare.tests, id },
    { head: `${title}, as this repository writes it`, tests: app.tests, id },
  ]);
  const row = (name: string, cell: (column: (typeof columns)[number]) => string) =>
    `| ${[name, ...columns.map(cell)].join(" | ")} |`;
  const names = groups([...app.tests, ...bare.tests]).map(([group]) => group);
  return [
    row("", ({ head }) => head),
    `|---|${columns.map(() => "--:|").join("")}`,
    ...names.map((name) =>
      row(name, ({ tests, id }) =>
        printTally(
          tally(
            tests.filter(({ group }) => group === name),
            id,
          ),
        ),
      ),
    ),
    row("all", ({ tests, id }) => `**${printTally(tally(tests, id))}**`),
    ...dealt(app),
    ...deviations(app),
    "",
    provenance(app),
  ].join("\n");
}

function dealt(results: SuiteResults): string[] {
  const sentence = printDealt(results);
  return sentence ? ["", sentence] : [];
}

function deviations({ servers, tests }: SuiteResults): string[] {
  const rows = tests.flatMap((test) =>
    servers.flatMap(({ id, title }) => {
      const result = test.results[id];
      if (result?.verdict !== "deviates") return [];
      const source = result.link ? ` ([source](${result.link}))` : "";
      return [`- ${test.id}, ${title}: ${result.reason ?? "no reason given"}${source}`];
    }),
  );
  return rows.length === 0
    ? []
    : ["", "≠ is a known difference of the stack; the test runs and fails as described:", "", ...rows];
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
