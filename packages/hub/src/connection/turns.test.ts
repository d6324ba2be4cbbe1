import { expect, test } from "vitest";
import { settled } from "../testing/index.ts";
import { Turns } from "./turns.ts";

/** Requests whose end a test decides. */
function stage() {
  const done: string[] = [];
  const failures: unknown[] = [];
  const turns = new Turns({ failed: (error) => failures.push(error) });
  const slow = (name: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    turns.take(10, () => {
      done.push(`${name} begins`);
      return promise.then(() => void done.push(`${name} ends`));
    });
    return { resolve, reject };
  };
  const quick = (name: string) => turns.take(10, () => void done.push(name));
  return { turns, done, failures, slow, quick };
}

test("a request that need not wait is done at once", () => {
  const { turns, done, quick } = stage();
  quick("one");
  quick("two");
  expect(done).toEqual(["one", "two"]);
  expect(turns.bytes).toBe(0);
});

test("requests wait for the one before them, in order", async () => {
  const { turns, done, slow, quick } = stage();
  const one = slow("one");
  quick("two");
  const three = slow("three");
  quick("four");
  expect(done).toEqual(["one begins"]);
  expect(turns.bytes).toBeGreaterThan(30);
  one.resolve();
  await settled();
  expect(done).toEqual(["one begins", "one ends", "two", "three begins"]);
  three.resolve();
  await settled();
  expect(done.slice(-2)).toEqual(["three ends", "four"]);
  expect(turns.bytes).toBe(0);
});

test("a request that fails is reported, and the next has its turn", async () => {
  const { turns, done, failures, slow, quick } = stage();
  const one = slow("one");
  turns.take(10, () => {
    throw new Error("two");
  });
  quick("three");
  one.reject(new Error("one"));
  await settled();
  expect(failures).toEqual([new Error("one"), new Error("two")]);
  expect(done).toEqual(["one begins", "three"]);
});

test("what is forgotten takes no memory and has no effect", async () => {
  const { turns, done, slow, quick } = stage();
  const one = slow("one");
  quick("two");
  turns.clear();
  expect(turns.bytes).toBe(0);
  one.resolve();
  await settled();
  quick("three");
  expect(done).toEqual(["one begins", "one ends", "three"]);
});
