import { expect, test } from "vitest";
import { edgeBetween, edges } from "./graph.ts";

test("the number of a way is its place in the list", () => {
  expect(edges.map(({ number }) => number)).toEqual(edges.map((_, index) => index + 1));
});

test("a way is found by its ends, in its direction", () => {
  expect(edgeBetween("waiting", "connecting")?.number).toBe(4);
  expect(edgeBetween("connecting", "waiting")?.number).toBe(3);
  expect(edgeBetween("stopped", "open")).toBeUndefined();
});
