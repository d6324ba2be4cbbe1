import { expect, test } from "vitest";
import { checkTypeNames, typesIn } from "./type-names.ts";

/** Checks files in memory, by their paths. */
function check(files: Record<string, string>): string[] {
  const types = Object.entries(files).flatMap(([file, text]) => typesIn(file, text));
  return checkTypeNames(types).map(({ file, line, message }) => `${file}:${line} ${message}`);
}

test("classes, interfaces and type aliases are found with their lines, and nothing else is", () => {
  const text = `import type { Kept } from "./log.ts";
export type { Passed } from "./passed.ts";
export abstract class Panel {}
interface Inner<T> {}
export type Way = "in" | "out";
export const type = 1;
function inside() {
  type Local = 1;
}`;
  expect(typesIn("a.ts", text)).toEqual([
    { name: "Panel", exported: true, file: "a.ts", line: 3 },
    { name: "Inner", exported: false, file: "a.ts", line: 4 },
    { name: "Way", exported: true, file: "a.ts", line: 5 },
  ]);
});

test("two exported types of one name are found at both places, in whatever package they are", () => {
  expect(
    check({
      "packages/hub/src/answers.ts": "\nexport interface Answer {}",
      "e2e/answers.ts": "export type Answer = 1;",
    }),
  ).toEqual([
    "packages/hub/src/answers.ts:2 e2e/answers.ts:1 exports another type called Answer: " +
      "name each after its own job (CONTRIBUTING.md, glossary)",
    "e2e/answers.ts:1 packages/hub/src/answers.ts:2 exports another type called Answer: " +
      "name each after its own job (CONTRIBUTING.md, glossary)",
  ]);
});

test("a type of one file may not have the name of an exported type of its package, but of another package's", () => {
  const findings = check({
    "packages/hub/src/topics.ts": "export class Topic {}",
    "packages/hub/src/log.ts": "interface Topic {}",
    "packages/client/src/topics.ts": "interface Topic {}",
    "packages/client/src/log.ts": "interface Topic {}",
  });
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatch(
    /^packages\/hub\/src\/log\.ts:1 packages\/hub\/src\/topics\.ts:1 exports another/,
  );
});
