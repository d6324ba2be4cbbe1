import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folderOf, readManifests } from "./index.ts";

test.each(readManifests())("$id is started with the same options by everybody", ({ id, start }) => {
  const { scripts } = JSON.parse(readFileSync(join(folderOf(id), "package.json"), "utf8"));
  expect(scripts.start).toBe(start.join(" "));
});
