/** A row of the alignment: for each column, which of its lines stands here, or none. */
type AlignedRow = (number | undefined)[];

/**
 * Returns in which row each line of some columns is to stand, so that equal lines face each other. The rows are in
 * order; each has one place for every column. Lines are compared without the blanks around them. What differs faces
 * whatever stands in its place in the other columns, from the top.
 */
export function align(columns: string[][]): AlignedRow[] {
  const keys = columns.map((lines) => lines.map((line) => line.trim()));
  let rows: AlignedRow[] = [];
  for (const [column, lines] of keys.entries()) rows = merge(rows, column, lines, keys);
  return rows;
}

function merge(rows: AlignedRow[], column: number, lines: string[], keys: string[][]): AlignedRow[] {
  const known = rows.map((row) => new Set(row.flatMap((at, index) => textAt(keys, index, at))));
  const merged: AlignedRow[] = [];
  let [row, line] = [0, 0];
  for (const [nextRow, nextLine] of [...common(known, lines), [rows.length, lines.length] as const]) {
    // What lies before the next pair of equal lines differs.
    while (row < nextRow || line < nextLine) {
      const here = row < nextRow ? (rows[row++] ?? []) : empty(column);
      merged.push([...here, line < nextLine ? line++ : undefined]);
    }
    if (row < rows.length && line < lines.length) merged.push([...(rows[row++] ?? []), line++]);
  }
  return merged;
}

function textAt(keys: string[][], column: number, at: number | undefined): string[] {
  const text = at === undefined ? undefined : keys[column]?.[at];
  return text === undefined ? [] : [text];
}

function empty(columns: number): AlignedRow {
  return Array.from({ length: columns }, () => undefined);
}

// The heaviest common subsequence: pairs of places at which both have the same line or a similar one, in order.
function common(rows: Set<string>[], lines: string[]): [row: number, line: number][] {
  const width = lines.length + 1;
  const best = new Float64Array((rows.length + 1) * width);
  const at = (row: number, line: number): number => best[row * width + line] ?? 0;
  const pair = (row: number, line: number): number => {
    const weight = weightOf(rows[row] ?? new Set(), lines[line] ?? "");
    return weight > 0 ? at(row + 1, line + 1) + weight : 0;
  };
  for (let row = rows.length - 1; row >= 0; row--) {
    for (let line = lines.length - 1; line >= 0; line--) {
      best[row * width + line] = Math.max(at(row + 1, line), at(row, line + 1), pair(row, line));
    }
  }
  const pairs: [row: number, line: number][] = [];
  for (let [row, line] = [0, 0]; row < rows.length && line < lines.length; ) {
    if (pair(row, line) > 0 && pair(row, line) === at(row, line)) pairs.push([row++, line++]);
    else if (at(row + 1, line) >= at(row, line + 1)) row++;
    else line++;
  }
  return pairs;
}

function weightOf(row: Set<string>, line: string): number {
  // A bracket or a blank line is everywhere, and says little about what corresponds.
  if (row.has(line)) return /\w/.test(line) ? 1 : 1 / 64;
  const alike = Math.max(0, ...[...row].map((other) => similarity(other, line)));
  return alike >= 0.5 ? alike / 2 : 0;
}

// The share of words that two lines have in common (Sørensen–Dice), 0 to 1.
function similarity(one: string, other: string): number {
  const [words, others] = [wordsOf(one), wordsOf(other)];
  const shared = [...words].filter((word) => others.has(word)).length;
  return shared === 0 ? 0 : (2 * shared) / (words.size + others.size);
}

function wordsOf(line: string): Set<string> {
  return new Set(line.match(/\w+/g));
}
