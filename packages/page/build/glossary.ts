import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "@rosetta/manifest";

/** The document with the words of this repository and what each means. */
const glossaryFile: string = join(root, "CONTRIBUTING.md");

/** The words that are explained where they stand in code, because they come from elsewhere. */
export const explained: ReadonlySet<string> = new Set([
  "hub",
  "session",
  "port",
  "refusal",
  "topic",
  "epoch",
  "offset",
  "cursor",
  "replay",
  "member",
  "reader",
]);

/** Returns what the explained words mean, as far as the glossary of this copy of the repository has them. */
export function readTerms(): Record<string, string> {
  if (!existsSync(glossaryFile)) return {};
  const glossary = parseGlossary(readFileSync(glossaryFile, "utf8"));
  return Object.fromEntries([...glossary].filter(([word]) => explained.has(word)));
}

/** Returns the rows of the table of words: each with its meaning, as plain text. */
export function parseGlossary(text: string): Map<string, string> {
  const [, table = ""] = text.split(/^\| word \| what it means \|\n\|---\|---\|\n/m);
  const rows = table.slice(0, table.search(/^(?!\|)/m)).matchAll(/^\| ([\w ]+) \| (.+) \|$/gm);
  return new Map([...rows].map(([, word = "", meaning = ""]) => [word, meaning.replaceAll(/[`*]/g, "")]));
}
