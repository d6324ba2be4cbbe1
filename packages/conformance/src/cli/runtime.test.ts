import { expect, test } from "vitest";
import { outdated } from "./runtime.ts";

test.each(["22.0.0", "26.10.0", process.versions.node])("Node %s is new enough", (node) => {
  expect(outdated({ node })).toBeUndefined();
});

test.each(["18.20.4", "20.20.2", "21.7.3"])("Node %s gets one line with the needed version", (node) => {
  expect(outdated({ node })).toBe(`conform needs Node 22 or later, or Bun; this is Node ${node}`);
});
