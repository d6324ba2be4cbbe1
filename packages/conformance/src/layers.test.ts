// Holds the source to the table of its layers in the README.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
const layers = new Map(
  [...readme.matchAll(/^\| `(\w+)\/` \|.*\| (.*) \|$/gm)].map(([, folder = "", others = ""]) => [
    folder,
    [folder, ...[...others.matchAll(/`(\w+)\/`/g)].map(([, other = ""]) => other)],
  ]),
);

const files = globSync("*/**/*.ts", { cwd: import.meta.dirname }).filter(
  (file) => !file.endsWith(".test.ts") && !file.startsWith("testing/"),
);

function folderOf(file: string): string {
  return file.split("/", 1)[0] ?? "";
}

test("every folder is a layer, and no two layers import from each other", () => {
  expect([...layers.keys()].toSorted()).toEqual([...new Set(files.map(folderOf))].toSorted());
  const order = [...layers.keys()];
  for (const [folder, others] of layers) {
    expect(others.filter((other) => order.indexOf(other) > order.indexOf(folder))).toEqual([]);
  }
});

test("a file imports only from the layers that its own may import from", () => {
  expect(files.length).toBeGreaterThan(50);
  const wrong = files.flatMap((file) => {
    const text = readFileSync(join(import.meta.dirname, file), "utf8");
    return [...text.matchAll(/from "(\..+?)"/g)]
      .map(([, path = ""]) => join(file, "..", path))
      .filter((path) => !layers.get(folderOf(file))?.includes(folderOf(path)))
      .map((path) => `${file} imports ${path}`);
  });
  expect(wrong).toEqual([]);
});
