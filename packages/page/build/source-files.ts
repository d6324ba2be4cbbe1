import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "@rosetta/manifest";
import type { CodeToken } from "../src/course/code.ts";
import { highlight } from "./highlight.ts";

/** Reads files of the repository for the page: each once, with what its pieces are. */
export class SourceFiles {
  readonly #files = new Map<string, CodeToken[][]>();

  /** Returns the lines of a file, by its path from the root of the repository. */
  lines(file: string): CodeToken[][] {
    const known = this.#files.get(file);
    if (known) return known;
    const text = readFileSync(join(root, file), "utf8").trimEnd();
    const lines = highlight(text, file.endsWith(".html") ? "html" : "typescript");
    this.#files.set(file, lines);
    return lines;
  }

  /** Returns some lines of a file, without the indentation that they share. `first` counts from 1. */
  part(file: string, first: number, count: number): CodeToken[][] {
    return dedent(this.lines(file).slice(first - 1, first - 1 + count));
  }

  /** Every file that was read. */
  get all(): ReadonlyMap<string, CodeToken[][]> {
    return this.#files;
  }
}

/** Returns lines without the indentation that all share, apart from blank ones. */
export function dedent(lines: CodeToken[][]): CodeToken[][] {
  const filled = lines.map(textOf).filter((text) => text.trim() !== "");
  const shared = filled.length === 0 ? 0 : Math.min(...filled.map((text) => text.search(/\S/)));
  return lines.map((tokens) => cut(tokens, shared));
}

/** Returns a line as it is in the file. */
export function textOf(tokens: CodeToken[]): string {
  return tokens.map(([, text]) => text).join("");
}

function cut(tokens: CodeToken[], count: number): CodeToken[] {
  let left = count;
  return tokens.flatMap(([kind, text]): CodeToken[] => {
    const rest = text.slice(left);
    left -= text.length - rest.length;
    return rest === "" ? [] : [[kind, rest]];
  });
}
