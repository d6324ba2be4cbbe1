import { styleText } from "node:util";
import type { Finding } from "./app-sources.ts";

/** Prints the findings. Returns the exit code. */
export function printFindings(findings: Finding[]): number {
  for (const { file, line, message } of findings) {
    console.log(`${styleText("bold", `${file}:${line}`)}  ${message}`);
  }
  console.log(styleText("red", `\n${count(findings.length, "finding")}`));
  return 1;
}

/** Writes a number with its noun: `1 finding`, `2 findings`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
