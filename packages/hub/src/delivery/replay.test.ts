import { describe, expect, test } from "vitest";
import { MemoryLog } from "./memory-log.ts";
import { replayBudget, replayOf } from "./replay.ts";
import { newest } from "./rings.ts";

const stream = { name: "room/a", mode: "stream" } as const;
const latest = { name: "weather/quito", mode: "latest" } as const;

/** Returns a log with `count` events of 1 KiB in both topics. Every second one is of author `a` to the others. */
async function logWith(count: number): Promise<MemoryLog> {
  const log = new MemoryLog(() => "0123456789abcdef");
  for (let index = 0; index < count; index++) {
    const own =
      index % 2 === 0 && ({ to: "others", request: { client: "a", id: `${index}`, body: index } } as const);
    const data = { kind: "chat", text: "x".repeat(1_024) } as const;
    for (const { name } of [stream, latest]) await log.append(name, { at: 0, data, ...own });
  }
  return log;
}

const offsetsOf = ({ entries }: ReturnType<typeof replayOf>): number[] => entries.map(({ offset }) => offset);

describe("a replay", () => {
  test("is everything after the cursor, or the newest events without one", async () => {
    const log = await logWith(50);
    const since = { ...log.head(stream.name), offset: 10 };
    const resumed = replayOf(stream, log, { since });
    expect(resumed.recovered).toBe(true);
    expect(offsetsOf(resumed)).toEqual(Array.from({ length: 40 }, (_, index) => 11 + index));
    const first = replayOf(stream, log, {});
    expect(first.recovered).toBe(false);
    expect(offsetsOf(first)).toEqual(Array.from({ length: newest }, (_, index) => 19 + index));
  });

  test("is the last event where only that one matters", async () => {
    const log = await logWith(9);
    const since = { ...log.head(latest.name), offset: 3 };
    expect(offsetsOf(replayOf(latest, log, { since }))).toEqual([9]);
    expect(offsetsOf(replayOf(latest, log, { budget: 0 }))).toEqual([9]);
  });

  test("leaves out what its reader published to others", async () => {
    const log = await logWith(6);
    expect(offsetsOf(replayOf(stream, log, { key: "a" }))).toEqual([2, 4, 6]);
    expect(offsetsOf(replayOf(stream, log, { key: "b" }))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(offsetsOf(replayOf(stream, log, {}))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("is never a part of the gap: over its budget it is the newest part, and says so", async () => {
    const log = await logWith(50);
    const since = { ...log.head(stream.name), offset: 10 };
    const [event] = replayOf(stream, log, {}).entries;
    const bytes = event?.bytes ?? 0;
    expect(replayOf(stream, log, { since, budget: 41 * bytes }).recovered).toBe(true);
    const cut = replayOf(stream, log, { since, budget: 3.5 * bytes });
    expect(cut.recovered).toBe(false);
    expect(offsetsOf(cut)).toEqual([48, 49, 50]);
    expect(offsetsOf(replayOf(stream, log, { since, budget: 0 }))).toEqual([]);
  });

  test("may fill at most half of a queue, with what already waits there", () => {
    expect(replayBudget(1_000, 0)).toBe(500);
    expect(replayBudget(1_000, 400)).toBe(100);
    expect(replayBudget(1_000, 900)).toBe(0);
  });
});
