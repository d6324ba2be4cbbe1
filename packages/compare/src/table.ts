import { stripVTControlCharacters } from "node:util";

/** Aligns rows as columns. The first `left` columns are flush left, the others flush right. */
export function table(rows: string[][], left = 1): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, width(cell));
  }
  return rows
    .map((row) =>
      row
        .map((cell, at) => padded(cell, widths[at] ?? 0, at < left))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function padded(cell: string, to: number, left: boolean): string {
  const space = " ".repeat(to - width(cell));
  return left ? cell + space : space + cell;
}

// A colour takes no space on the screen.
function width(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
