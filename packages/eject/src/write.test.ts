import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "@rosetta/manifest";
import { afterAll, expect, test } from "vitest";
import { checkFolder, writeProject } from "./write.ts";

const outside = mkdtempSync(join(tmpdir(), "eject-write-"));

afterAll(() => rmSync(outside, { recursive: true }));

test("a folder that does not exist is written with all its files, for everybody to read", () => {
  const folder = join(outside, "deep/project");
  checkFolder(folder);
  writeProject(folder, new Map([["src/main.ts", "main"]]));
  expect(readFileSync(join(folder, "src/main.ts"), "utf8")).toBe("main");
  expect(statSync(folder).mode & 0o777).toBe(0o755);
  expect(readdirSync(join(outside, "deep"))).toEqual(["project"]);
});

test("an empty folder is as good as none", () => {
  const folder = join(outside, "empty");
  mkdirSync(folder);
  checkFolder(folder);
  writeProject(folder, new Map([["a", "b"]]));
  expect(readdirSync(folder)).toEqual(["a"]);
});

test("a folder with something in it is left alone", () => {
  const folder = join(outside, "full");
  mkdirSync(folder);
  writeFileSync(join(folder, "mine"), "");
  expect(() => checkFolder(folder)).toThrow("is not an empty folder");
  expect(() => checkFolder(join(folder, "mine"))).toThrow("is not an empty folder");
});

test("no folder in this repository will do, and one beside it will", () => {
  for (const inside of ["", "project", "packages/project", "..project"]) {
    expect(() => checkFolder(join(root, inside)), inside).toThrow("is inside this repository");
  }
  expect(() => checkFolder(join(root, "../no-such-project"))).not.toThrow();
});

test("what cannot be written whole is not written at all", () => {
  const folder = join(outside, "half/project");
  const files = new Map([
    ["a", "a file"],
    ["a/b", "and a folder of the same name"],
  ]);
  expect(() => writeProject(folder, files)).toThrow();
  expect(existsSync(folder)).toBe(false);
  expect(readdirSync(join(outside, "half"))).toEqual([]);
});
