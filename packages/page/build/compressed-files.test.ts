import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { compress, compressedFiles } from "./compressed-files.ts";

const folder = mkdtempSync(join(tmpdir(), "compressed-"));

afterAll(() => rmSync(folder, { recursive: true }));

test("a file gets copies from which it can be restored, and stays as it is", async () => {
  const text = "all work and no play ".repeat(50);
  const path = join(folder, "page.js");
  writeFileSync(path, text);
  await compress(path);
  expect(readFileSync(path, "utf8")).toBe(text);
  expect(brotliDecompressSync(readFileSync(`${path}.br`)).toString()).toBe(text);
  expect(gunzipSync(readFileSync(`${path}.gz`)).toString()).toBe(text);
});

test("a copy that would not be smaller is left out", async () => {
  const path = join(folder, "short.css");
  writeFileSync(path, "a{b:c}");
  await compress(path);
  expect(readdirSync(folder).filter((name) => name.startsWith("short"))).toEqual(["short.css"]);
});

// The dev loop writes into index.html after the build, and would not change a copy of it.
test("a build of the dev loop has no copies", () => {
  const { apply } = compressedFiles();
  const applies = (mode: string) =>
    typeof apply === "function" && apply.call(undefined as never, {}, { command: "build", mode });
  expect([applies("production"), applies("development")]).toEqual([true, false]);
});
