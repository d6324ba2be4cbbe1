import type { Manifest } from "@rosetta/manifest";
import type { AppSources } from "./app-sources.ts";

/** One way in which the stacks differ, and where its cells come from. */
export type DifferenceRow = { says: string } & (
  | {
      /** A test: `yes`, or `no` where the server's manifest declares a deviation. */
      test: string;
    }
  | {
      /** A region of the apps. The first of these texts that an app has in it gives the word for its cell. */
      region: string;
      words: Record<string, string>;
    }
  | {
      /** A row of the table in the bench's README. */
      measure: string;
      unit: string;
    }
);

/** The evidence for the cells. */
export interface DifferenceEvidence {
  servers: Pick<Manifest, "id" | "title" | "deviations">[];
  house: AppSources;
  /** The README of the bench. */
  bench: string;
}

/** A row with its cells, one for each server. A cell without evidence is `undefined`. */
export interface FilledDifference {
  row: DifferenceRow;
  cells: (string | undefined)[];
}

/** The rows of the README's table. A row is worth its place only as long as its cells differ. */
export const differenceRows: DifferenceRow[] = [
  {
    says: "A WebSocket is a route of the framework",
    region: "upgrade",
    words: { 'server.on("upgrade"': "no", "app.get(": "yes" },
  },
  {
    says: "Text arrives as",
    region: "messages",
    words: { "data: Buffer": "a Buffer", 'typeof data === "string"': "a string" },
  },
  {
    says: "A broadcast is",
    region: "broadcast",
    words: { "for (const ws of": "a loop", ".publish(topic, text": "one call" },
  },
  { says: "A slow reader is told why it is closed", test: "SLOW-02" },
  { says: "A message that never ends is cut off", test: "SOCK-08" },
  { says: "A request is answered before the next one is acted on", test: "FUZZ-02" },
  { says: "Compression offered with a bad parameter is only declined", test: "UPG-49" },
  { says: "The page honours `If-Match`", test: "HTTP-52" },
  {
    says: "Memory of an idle connection",
    measure: "10,000 idle connections, KiB per connection",
    unit: "KiB",
  },
  {
    says: "The same with compression",
    measure: "2,000 idle connections, compression on, after one compressed message each, KiB per connection",
    unit: "KiB",
  },
];

/** Fills the rows from the evidence. */
export function fillDifferences(rows: DifferenceRow[], evidence: DifferenceEvidence): FilledDifference[] {
  return rows.map((row) => ({ row, cells: evidence.servers.map((server) => cellOf(row, server, evidence)) }));
}

/** Writes the README's table of differences. */
export function markdownDifferences(evidence: DifferenceEvidence, rows = differenceRows): string {
  const titles = evidence.servers.map(({ title }) => title);
  return [
    `| | ${titles.join(" | ")} | evidence |`,
    `|---|${"---|".repeat(titles.length)}---|`,
    ...fillDifferences(rows, evidence).map(
      ({ row, cells }) =>
        `| ${row.says} | ${cells.map((cell) => cell ?? "?").join(" | ")} | ${sourceOf(row)} |`,
    ),
  ].join("\n");
}

function cellOf(
  row: DifferenceRow,
  server: DifferenceEvidence["servers"][number],
  { house, bench }: DifferenceEvidence,
): string | undefined {
  if ("test" in row) return server.deviations.some(({ test }) => test === row.test) ? "**no**" : "yes";
  if ("measure" in row) return measuredCell(bench, row.measure, row.unit, server.title);
  const source = house.sources.find(({ app, regions }) => app === server.id && regions.has(row.region));
  const code = source?.regions.get(row.region)?.lines.join("\n") ?? "";
  return Object.entries(row.words).find(([text]) => code.includes(text))?.[1];
}

// A server that was added later may have no column yet.
function measuredCell(bench: string, measure: string, unit: string, title: string): string | undefined {
  const lines = bench.split("\n");
  const at = lines.findIndex((line) => line.startsWith(`| ${measure} |`));
  const head = lines.slice(0, Math.max(at, 0)).findLast((line) => /^\| +\|/.test(line));
  if (!head) return undefined;
  const column = cellsOf(head).findIndex((name) => name !== "" && `${title} `.startsWith(`${name} `));
  if (column === -1) return "not measured";
  const [figure = ""] = (cellsOf(lines[at] ?? "")[column] ?? "").split(" ");
  return Number.isFinite(Number.parseFloat(figure)) ? `${figure} ${unit}` : figure;
}

function cellsOf(line: string): string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function sourceOf(row: DifferenceRow): string {
  if ("test" in row) return `test ${row.test}`;
  return "region" in row ? `region \`${row.region}\`` : "[bench](packages/bench/README.md#what-it-found)";
}
