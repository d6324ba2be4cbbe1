import { spawn, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { countCalls, readCalls } from "./system-calls.ts";

const table = `strace: Process 4711 attached with 7 threads
strace: Process 4711 detached
    calls syscall
--------- ----------------
     2048 read
     1024 writev
--------- ----------------
     3072 total
`;

test("the number of calls is the total of strace's table", () => {
  expect(readCalls(table)).toBe(3_072);
  expect(readCalls("strace: attach: ptrace(PTRACE_SEIZE, 4711): Operation not permitted\n")).toBeNaN();
});

test("a process that does not exist makes an unknown number of calls", async () => {
  const end = await countCalls(2 ** 22 + 1);
  expect(await end()).toBeNaN();
});

const canTrace = process.platform === "linux" && spawnSync("strace", ["-c", "true"]).status === 0;

test.skipIf(!canTrace)(
  "the calls of a process are counted while it runs, and it runs on afterwards",
  async () => {
    const busy = spawn(process.execPath, [
      "-e",
      'setInterval(() => fs.statSync("/"), 5); console.log("ready")',
    ]);
    try {
      await new Promise((resolve) => busy.stdout.once("data", resolve));
      const end = await countCalls(busy.pid ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await end()).toBeGreaterThan(20);
      expect(busy.exitCode).toBeNull();
    } finally {
      busy.kill("SIGKILL");
    }
  },
);
