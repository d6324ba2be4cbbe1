import type { styleText } from "node:util";
import type { Manifest } from "@rosetta/manifest";

/** A server of the run, and where to open it; without a URL it could not be started. */
export interface BoardRow {
  manifest: Manifest;
  url: string | undefined;
}

/** Lists the servers of a run: where to open them, and where to read them. `paint` is Node's `styleText`. */
export function printBoard(rows: BoardRow[], paint: typeof styleText): string {
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
  return ["", ...lines, paint("dim", "Ctrl-C stops all"), ""].join("\n");
}
