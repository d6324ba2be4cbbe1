import { formatCount } from "../shared/format.ts";
import type { CodePlace, CodeTest, CodeToken } from "./code.ts";

/** The folder of files that can be shown whole, each as its lines in JSON. */
export const wholeFiles = "assets/code";

/** Returns where a whole file is, seen from the course. */
export function wholeFileUrl(file: string): string {
  return `${wholeFiles}/${file}.json`;
}

/** Returns what an answer says in JSON, or `undefined` if it is another, such as that of a proxy. */
export function jsonOf<T>({ status, text }: { status: number; text: string }): T | undefined {
  if (status !== 200) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

/** Returns code as it is copied: without the gaps in which other columns have lines. */
export function textOf(lines: readonly (CodeToken[] | null)[]): string {
  const there = lines.filter((line) => line !== null);
  return `${there.map((tokens) => tokens.map(([, text]) => text).join("")).join("\n")}\n`;
}

/**
 * Returns the address that opens a place in VS Code, or `undefined` if the page was not built on the visitor's own
 * machine. `folder` is the repository where the page was built, `hostname` where the page came from.
 */
export function editorUrl(
  { file, line }: CodePlace,
  folder: string | undefined,
  hostname: string,
): string | undefined {
  if (folder === undefined || !isLoopback(hostname)) return undefined;
  const path = `${folder.replaceAll("\\", "/")}/${file}`.replace(/^\/?/, "/");
  return `vscode://file${encodeURI(path)}:${line}`;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/** A piece of text: code, or a word that the glossary explains. */
export interface Piece {
  text: string;
  /** The word as the glossary has it. */
  term?: string;
}

/** Cuts the text of a token where it has a word of the glossary. `terms` are those words. */
export function piecesOf([kind, text]: CodeToken, terms: readonly string[]): Piece[] {
  // In comments and strings a word is not a name in the code.
  if (terms.length === 0 || !["", "f", "t"].includes(kind)) return [{ text }];
  // The hub's port has functions. Otherwise `port` is a number, the one of TCP.
  const words = terms.map((term) => (term === "port" ? "port(?=\\.)" : term));
  return text
    .split(new RegExp(`\\b(${words.join("|")})\\b`, "i"))
    .map((piece, index) => (index % 2 === 0 ? { text: piece } : { text: piece, term: piece.toLowerCase() }))
    .filter((piece) => piece.text !== "");
}

/** Returns the tests that prove a region in a sentence: how many, and what they found on the servers if they ran. */
export function summaryOf(tests: readonly CodeTest[], servers: number): string {
  const count = formatCount(tests.length, "test");
  const verdicts = tests.flatMap((test) => Object.values(test.verdicts));
  if (verdicts.length === 0) return count;
  const of = (wanted: string): number => verdicts.filter((verdict) => verdict === wanted).length;
  const found = [
    of("passed") === verdicts.length ? "all passed" : `${of("passed")} passed`,
    of("deviates") > 0 ? `${of("deviates")} deviate as declared` : "",
    of("failed") > 0 ? `${of("failed")} failed` : "",
  ];
  return `${count} on ${servers} servers: ${found.filter(Boolean).join(", ")}`;
}
