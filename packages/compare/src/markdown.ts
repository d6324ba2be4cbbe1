import { groups, printTally, type Results, tally } from "./results.ts";

const begin = "<!-- matrix:begin -->";
const end = "<!-- matrix:end -->";

/** Replaces what stands between the markers of a text, or gives `undefined` if it has no markers. */
export function replaceMatrix(text: string, matrix: string): string | undefined {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) return undefined;
  return `${text.slice(0, from + begin.length)}\n${matrix}\n${text.slice(to)}`;
}

/** The matrix of the README: for each server what its documentation's example does, and what ours does. */
export function markdownMatrix(app: Results, bare: Results): string {
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
    ...deviations(app),
    "",
    provenance(app),
  ].join("\n");
}

function deviations({ servers, tests }: Results): string[] {
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

function provenance({ date, commit, machine, servers }: Results): string {
  const versions = servers.map(({ title, runtime, versions = {} }) => {
    const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    return `${title}: ${[runtime, ...packages].join(", ")}`;
  });
  const when = `Run on ${date.slice(0, 10)}${commit ? ` at ${commit.slice(0, 8)}` : ""}`;
  return `${when} (${machine.platform}, ${machine.cores} × ${machine.cpu}). ${versions.join("; ")}.`;
}
