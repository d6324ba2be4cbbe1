import { expect, test } from "vitest";
import { pool } from "./pool.ts";

test("results keep the order of the items, and a slot has one item at a time", async () => {
  const busy = new Set<number>();
  let most = 0;
  const results = await pool([1, 2, 3, 4, 5], 2, async (item, slot) => {
    expect(busy.has(slot)).toBe(false);
    busy.add(slot);
    most = Math.max(most, busy.size);
    await Promise.resolve();
    busy.delete(slot);
    return item * 10;
  });
  expect(results).toEqual([10, 20, 30, 40, 50]);
  expect(most).toBe(2);
});

test("after an error nothing more starts, and what has started is awaited", async () => {
  const begun: number[] = [];
  let ended = false;
  const work = async (item: number) => {
    begun.push(item);
    if (item === 1) throw new Error("no");
    await new Promise((resolve) => setImmediate(resolve));
    ended = true;
  };
  await expect(pool([1, 2, 3], 2, work)).rejects.toThrow("no");
  expect(begun).toEqual([1, 2]);
  expect(ended).toBe(true);
});
