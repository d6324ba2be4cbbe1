import { expect, test } from "vitest";
import { concurrently } from "./concurrently.ts";

test("no more than the given number run at a time, and every result comes", async () => {
  let running = 0;
  let most = 0;
  const act = async (item: number) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    return item * 2;
  };
  const results: number[] = [];
  for await (const result of concurrently([1, 2, 3, 4, 5], 2, act)) results.push(result);
  expect(results.toSorted()).toEqual([10, 2, 4, 6, 8]);
  expect(most).toBe(2);
});

test("results come in the order in which they are done", async () => {
  const slow = Promise.withResolvers<string>();
  const results: string[] = [];
  for await (const result of concurrently([slow.promise, Promise.resolve("fast")], 2, (each) => each)) {
    results.push(result);
    slow.resolve("slow");
  }
  expect(results).toEqual(["fast", "slow"]);
});

test("a failure rejects the generator", async () => {
  const act = async (item: number) => {
    if (item === 2) throw new Error("two");
    return item;
  };
  await expect(all(concurrently([1, 2, 3], 1, act))).rejects.toThrow("two");
});

test("with nothing to do it is done at once", async () => {
  expect(await all(concurrently([], 4, async () => 1))).toEqual([]);
});

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const result of results) list.push(result);
  return list;
}

test("a failure while nobody waits for a result is reported with the next one", async () => {
  const results = concurrently([1, 2], 1, async (item) => {
    if (item === 2) throw new Error("too late");
    return item;
  });
  expect(await results.next()).toEqual({ done: false, value: 1 });
  // One turn of the event loop, in which an unhandled rejection would end the process.
  await new Promise((resolve) => setImmediate(resolve));
  await expect(results.next()).rejects.toThrow("too late");
});
