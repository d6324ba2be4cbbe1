import type { styleText } from "node:util";
import type { Manifest } from "@rosetta/manifest";

/** A server of the run, and where to open it; without a URL it could not be started. */
export interface BoardRow {
  manifest: Manifest;
  url: string | undefined;
}

/** Servers that are one application. */
export interface BoardOfCluster {
  /** Where to open it. */
  url: string;
  /** Names the engine behind it. */
  engine: string;
  /** True if a server has reached the engine, and so serves. */
  isServing: boolean;
}

/** The report of a run that has started. */
export interface Board {
  rows: BoardRow[];
  /** If the servers are one application. */
  cluster?: BoardOfCluster;
}

/** Lists the servers of a run: where to open them, and where to read them. `paint` is Node's `styleText`. */
export function printBoard({ rows, cluster }: Board, paint: typeof styleText): string {
  const titles = Math.max(...rows.map(({ manifest }) => manifest.title.length));
  const places = rows.map(({ url }) => url ?? "broken, see above");
  const width = Math.max(...places.map((place) => place.length));
  const lines = rows.map(({ manifest: { id, title, runtime }, url }, row) =>
    [
      paint("bold", title.padEnd(titles)),
      paint(url === undefined ? "red" : "cyan", (places[row] ?? "").padEnd(width)),
      runtime.padEnd(4),
      `apps/${id}/src`,
    ].join("  "),
  );
  const whole = cluster
    ? [
        "",
        `${paint("bold", "One application")} on all of them: ${paint("cyan", cluster.url)}`,
        cluster.isServing
          ? paint("dim", `each connection goes to the next server; they share ${cluster.engine}`)
          : paint("red", `it answers 503 until a server can use ${cluster.engine}`),
      ]
    : [];
  return ["", ...lines, ...whole, paint("dim", "Ctrl-C stops all"), ""].join("\n");
}
