// The README names the tests behind its table of failures. They must exist.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const here = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const readme = here("../README.md");
const named = [...readme.matchAll(/^ {2}- `src\/(.+)`: (.+)$/gm)].map(([, file = "", title = ""]) => ({
  file,
  title,
}));
const rows = [...readme.matchAll(/^- (.+)\n {2}- `src/gm)].map(([, row]) => row);
const [, table = ""] = /^\| what fails \|.*\n\|[-|]+\n((?:\|.*\n)+)/m.exec(readme) ?? [];

test("each row of the table of failures has tests", () => {
  const failures = table.trim().split("\n");
  expect(failures.length).toBeGreaterThan(10);
  expect(rows).toEqual(failures.map((row) => row.split(" | ")[0]?.replace("| ", "")));
});

test.each(named)("$file has: $title", ({ file, title }) => {
  const text = here(file);
  for (const part of title.split(" > ")) expect(text).toContain(`"${part}"`);
});
