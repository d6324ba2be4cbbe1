// Text on a terminal.

import { stripVTControlCharacters, styleText } from "node:util";

/** A colour or a weight. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "magenta";
/** Returns text in a style, or as it is where nothing is coloured. */
export type Paint = (style: Style, text: string) => string;

/** Where to print text. */
export interface Screen {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** Colours text on terminals only, and never with NO_COLOR (https://no-color.org). */
export function painter({ isTTY }: Screen, env = process.env): Paint {
  if (!isTTY || env.NO_COLOR) return (_style, text) => text;
  return (style, text) => styleText(style, text, { validateStream: false });
}

/** Returns how many columns text may take: the terminal's width, or that of a page if it is not known. */
export function widthOf({ columns = 100 }: Screen): number {
  return Math.max(40, Math.min(columns, 140));
}

/** Removes everything that a terminal would obey, so that what a peer sent is shown and not executed. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return character === "\n" ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** Returns how many columns text takes. Colours take none. */
export function lengthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** Shortens text that is too long with an ellipsis. */
export function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}

/** Wraps text to this width. A longer word is broken. */
export function wrap(text: string, width: number): string[] {
  return plain(text)
    .split("\n")
    .flatMap((line) => wrapLine(line, Math.max(10, width)));
}

function wrapLine(line: string, width: number): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ").flatMap((each) => pieces(each, width))) {
    if (current !== "" && lengthOf(current) + 1 + lengthOf(word) > width) {
      lines.push(current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

function pieces(word: string, width: number): string[] {
  const characters = [...word];
  if (characters.length <= width) return [word];
  const count = Math.ceil(characters.length / width);
  return Array.from({ length: count }, (_, at) => characters.slice(at * width, (at + 1) * width).join(""));
}

/** Writes a paragraph beside a label. */
export function labelled(label: string, text: string, indent: number, width: number): string {
  const [first = "", ...rest] = wrap(text, width - indent);
  const space = " ".repeat(indent);
  return [
    label + " ".repeat(Math.max(0, indent - lengthOf(label))) + first,
    ...rest.map((line) => space + line),
  ].join("\n");
}

/** Aligns rows as columns. The first `left` columns are flush left, the others flush right. */
export function table(rows: readonly (readonly string[])[], left: number, gap = "  "): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, lengthOf(cell));
  }
  const pad = (cell: string, at: number) => {
    const space = " ".repeat((widths[at] ?? 0) - lengthOf(cell));
    return at < left ? cell + space : space + cell;
  };
  return rows.map((row) => row.map(pad).join(gap).trimEnd());
}

/** Writes a number with its noun: `1 case`, `2 cases`. */
export function plural(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** Writes a duration: `40 ms`, `3.2 s`, `1 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 100) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`;
}
