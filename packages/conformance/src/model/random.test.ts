import { expect, test } from "vitest";
import { random } from "./random.ts";

const draw = (seed: number, name: string) => random(seed, name).bytes(32);

test("a seed and a name always give the same numbers", () => {
  expect(draw(1, "1.1.1")).toEqual(draw(1, "1.1.1"));
});

test("another seed or another name gives other numbers", () => {
  expect(draw(1, "1.1.1")).not.toEqual(draw(2, "1.1.1"));
  expect(draw(1, "1.1.1")).not.toEqual(draw(1, "1.1.2"));
});

test("whole numbers below a bound, each of which occurs", () => {
  const numbers = random(1, "dice");
  const seen = new Set(Array.from({ length: 1_000 }, () => numbers.below(6)));
  expect([...seen].toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
});
