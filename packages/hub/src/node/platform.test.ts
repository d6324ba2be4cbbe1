import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { atMost, platform, resolveHost } from "./platform.ts";

test("a hash is computed over MiB of zeros, and reported MiB by MiB", async () => {
  const steps: number[] = [];
  const digest = await platform.hash(3, (done) => steps.push(done) > 0);
  expect(digest).toBe(
    createHash("sha256")
      .update(new Uint8Array(3 * 1024 * 1024))
      .digest("hex"),
  );
  expect(steps).toEqual([1, 2, 3]);
});

test("an abandoned hash rejects and stops working", async () => {
  const steps: number[] = [];
  await expect(platform.hash(100, (done) => steps.push(done) < 2)).rejects.toThrow("abandoned");
  expect(steps).toEqual([1, 2]);
});

test("a hash lets other work run in between", async () => {
  let turns = 0;
  const count = setInterval(() => (turns += 1), 0);
  await platform.hash(20, () => true);
  clearInterval(count);
  expect(turns).toBeGreaterThan(2);
});

test("all hashes together do at most one MiB in a turn of the event loop", async () => {
  let [now, most] = [0, 0];
  let isOver = false;
  const turn = (): void => {
    most = Math.max(most, now);
    now = 0;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const step = (): boolean => {
    now += 1;
    return true;
  };
  await Promise.all(Array.from({ length: 8 }, () => platform.hash(4, step)));
  isOver = true;
  // Two if one comes before our own check in the same turn and another one after it.
  expect(most).toBeLessThanOrEqual(2);
});

test("hashes take turns: a short one does not wait for a long one to end", async () => {
  const long = platform.hash(256, () => !isOver);
  let isOver = false;
  await platform.hash(2, () => true);
  isOver = true;
  await expect(long).rejects.toThrow("abandoned");
});

test("time is monotonic", () => {
  // The wall clock counts from 1970, this clock from the start of the process.
  expect(platform.now()).toBeLessThan(Date.now() / 2);
  expect(Math.abs(platform.now() - performance.now())).toBeLessThan(1_000);
  expect(Math.abs(platform.date() - Date.now())).toBeLessThan(1_000);
});

test("a token is 128 bits in hex, different each time", () => {
  const tokens = Array.from({ length: 1_000 }, () => platform.token());
  for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(tokens).size).toBe(1_000);
});

test("a timer runs once unless it is cancelled, and both clocks advance", async () => {
  const before = [platform.now(), platform.date()] as const;
  let runs = 0;
  const cancel = platform.after(1, () => (runs += 100));
  await new Promise<void>((resolve) => platform.after(5, resolve)).then(() => (runs += 1));
  expect(runs).toBe(101);
  cancel();
  platform.after(0, () => (runs += 1_000))();
  await new Promise<void>((resolve) => platform.after(5, resolve));
  expect(runs).toBe(101);
  expect(platform.now()).toBeGreaterThan(before[0]);
  expect(platform.date()).toBeGreaterThanOrEqual(before[1]);
});

test("a process ends if it waits only for timers", async () => {
  const module = JSON.stringify(new URL("./platform.ts", import.meta.url).href);
  const script = `
    import { resolveHost, atMost, platform } from ${module};
    platform.after(120_000, () => {});
    await atMost(120_000, Promise.resolve());
    console.log("stopped");`;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  expect((await run).stdout).toBe("stopped\n");
}, 10_000);

test("a stop that never comes is waited for only so long", async () => {
  await atMost(5, new Promise(() => {}));
  await expect(atMost(1_000, Promise.reject(new Error("no stop")))).rejects.toThrow("no stop");
});

test("time is not affected when somebody sets the wall clock", () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const before = platform.now();
  vi.setSystemTime(0);
  expect(platform.date()).toBeLessThan(1_000);
  expect(platform.now()).toBeGreaterThanOrEqual(before);
  expect(platform.now() - before).toBeLessThan(60_000);
  vi.setSystemTime(8_000_000_000_000);
  expect(platform.now() - before).toBeLessThan(60_000);
  vi.useRealTimers();
});

test("a name resolves to an address, and an address to itself", async () => {
  expect(isIP(await resolveHost("localhost"))).not.toBe(0);
  expect(await resolveHost("127.0.0.1")).toBe("127.0.0.1");
  expect(await resolveHost("::1")).toBe("::1");
});

test.each(["127.0.0.1:3000", "[::1]", "http://localhost", "no such host"])(
  "%s has no address",
  async (text) => {
    expect(await resolveHost(text)).toBe(text);
  },
);
