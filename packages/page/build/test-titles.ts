import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "@rosetta/manifest";

/** A test of the suite as its source has it. */
export interface TestTitle {
  id: string;
  level: string;
  title: string;
  /** The regions whose behaviour it proves. */
  regions: string[];
  /** Whether it runs on one server only, whichever that is. */
  isForAnyServer: boolean;
}

/** Returns the files of the suite. None if this copy of the repository has no suite. */
function suiteFiles(): string[] {
  return globSync("e2e/tests/*.ts", { cwd: root }).map((name) => join(root, name));
}

/** Returns the tests of the suite, without running anything. Titles that a loop makes are left out. */
export function readTestTitles(): TestTitle[] {
  return suiteFiles().flatMap((file) => parseTestTitles(readFileSync(file, "utf8")));
}

/** Returns the tests in a file of the suite, in order. */
export function parseTestTitles(text: string): TestTitle[] {
  const found = text.matchAll(
    /^test\(\s*"([A-Z][A-Z0-9]*-\d+) (MUST|SHOULD|MAY) ((?:[^"\\]|\\.)+)",\s*\{\s*tag: \[([^\]]*)\]/gm,
  );
  return [...found].map(([, id = "", level = "", title = "", list = ""]) => {
    const tags = [...list.matchAll(/"@([a-z-]+)"/g)].map(([, tag = ""]) => tag);
    return {
      id,
      level,
      title: title.replaceAll(/\\(.)/g, "$1"),
      regions: tags,
      isForAnyServer: tags.includes("any-server"),
    };
  });
}
