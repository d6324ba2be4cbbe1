import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { folderOf, readManifests } from "@rosetta/manifest";
import { afterEach, expect, test } from "vitest";
import { differenceOf, identityOf, SourceReader, type Sources } from "./sources.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function house(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "sources-"));
  folders.push(root);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

function namesOf(root: string, { entries, others }: Sources): string[] {
  const absolute = (names: readonly string[]) => names.map((name) => join(root, name));
  const found = new SourceReader(root).snapshot({ entries: absolute(entries), others: absolute(others) });
  return [...found.keys()].map((path) => relative(root, path)).sort();
}

test("a program is made of what it imports, directly or not, and of nothing else", () => {
  const root = house({
    "apps/one/src/main.ts":
      'import { hub } from "@rosetta/hub"; import "./own.ts"; import "ws"; await import("./late.ts");',
    "apps/one/src/own.ts": 'import data from "../server.json" with { type: "json" }; import "./main.ts";',
    "apps/one/src/late.ts":
      'new Worker(new URL("./worker.ts", import.meta.url)); new URL("../", import.meta.url);',
    "apps/one/src/worker.ts": "",
    "apps/one/src/unused.ts": "",
    "apps/one/server.json": '{ "start": "./src/unused.ts" }',
    "packages/hub/package.json": '{ "exports": { ".": "./src/index.ts", "./node": "./src/node.ts" } }',
    "packages/hub/src/index.ts": 'export { x } from "./hub.ts"; import { y } from "@rosetta/hub/node";',
    "packages/hub/src/hub.ts": 'import "./gone.ts"',
    "packages/hub/src/node.ts": "",
    "packages/hub/src/hub.test.ts": "",
  });
  expect(namesOf(root, { entries: ["apps/one/src/main.ts"], others: [] })).toEqual([
    "apps/one/server.json",
    "apps/one/src/late.ts",
    "apps/one/src/main.ts",
    "apps/one/src/own.ts",
    "apps/one/src/worker.ts",
    "packages/hub/src/hub.ts",
    "packages/hub/src/index.ts",
    "packages/hub/src/node.ts",
  ]);
  expect(namesOf(root, { entries: [], others: ["apps/one/src/main.ts"] })).toEqual(["apps/one/src/main.ts"]);
});

test("a changed text is told from a file that was only written again", () => {
  const root = house({ "a.ts": "1", "b.ts": "1", "c.ts": "1", "d.ts": "1" });
  const at = (name: string) => join(root, name);
  const sources = { entries: [], others: ["a.ts", "b.ts", "c.ts", "d.ts", "e.ts"].map(at) };
  const before = new SourceReader(root).snapshot(sources);
  writeFileSync(at("a.ts"), "2");
  utimesSync(at("b.ts"), new Date(1_000), new Date(1_000));
  rmSync(at("d.ts"));
  writeFileSync(at("e.ts"), "1");
  const after = new SourceReader(root).snapshot(sources);
  expect(differenceOf(before, after)).toEqual({
    changed: [at("a.ts"), at("e.ts"), at("d.ts")],
    touched: [at("b.ts")],
  });
  expect(differenceOf(after, after)).toEqual({ changed: [], touched: [] });
});

test("code has another name only if a text is another", () => {
  const root = house({ "a.ts": "1" });
  const sources = { entries: [], others: [join(root, "a.ts")] };
  const name = () => identityOf(new SourceReader(root).snapshot(sources));
  const first = name();
  utimesSync(join(root, "a.ts"), new Date(1_000), new Date(1_000));
  expect(name()).toBe(first);
  writeFileSync(join(root, "a.ts"), "2");
  expect(name()).not.toBe(first);
});

test("every server is made of its own files, the hub and the protocol, but not of tests or of the page", () => {
  const root = join(import.meta.dirname, "../../..");
  for (const { id } of readManifests()) {
    const names = namesOf(root, { entries: [relative(root, join(folderOf(id), "src/main.ts"))], others: [] });
    for (const file of ["server", "http", "connection"]) expect(names).toContain(`apps/${id}/src/${file}.ts`);
    expect(names).toContain(`apps/${id}/server.json`);
    expect(names).toContain("packages/hub/src/session.ts");
    expect(names).toContain("packages/protocol/src/messages.ts");
    expect(
      names.filter((name) => /\.test\.ts$|\/testing\/|^packages\/page\/src|^packages\/dev/.test(name)),
    ).toEqual([]);
  }
});
