import { expect, test } from "vitest";
import { residentBytes } from "./holding.ts";
import { runProgram } from "./run-program.ts";

const cwd = import.meta.dirname;
const node = (script: string) => [process.execPath, "-e", script];

// Starts a program that would run for ever, and names it. Nothing resolves while it keeps our pipes open.
const leave = `const { spawn } = require("node:child_process");
const left = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
console.log(left.pid);`;

test("a program ends with its code and what it said", async () => {
  const script = 'process.stdout.write(process.env.WORD + " "); console.error("é"); process.exitCode = 3';
  expect(await runProgram(node(script), { cwd, env: { WORD: "hello" } })).toEqual({
    code: 3,
    output: "hello é\n",
    timedOut: false,
  });
});

test("what a program leaves behind is killed with its end", async () => {
  const { output, code } = await runProgram(node(`${leave} setTimeout(() => process.exit(), 50)`), { cwd });
  expect(code).toBe(0);
  await expect.poll(() => residentBytes(Number(output))).toBeUndefined();
});

test("a program that takes too long is killed, with all it has started", async () => {
  const { output, timedOut, code } = await runProgram(node(`${leave} setInterval(() => {}, 1000)`), {
    cwd,
    deadlineMs: 500,
  });
  expect({ timedOut, code }).toEqual({ timedOut: true, code: null });
  await expect.poll(() => residentBytes(Number(output))).toBeUndefined();
});

test("an aborted program may end in order, or is killed", async () => {
  for (const handler of ["process.exit()", "undefined"]) {
    const stop = new AbortController();
    const script = `process.on("SIGINT", () => ${handler}); setInterval(() => {}, 1000)`;
    const running = runProgram(node(script), { cwd, signal: stop.signal, patienceMs: 500 });
    setTimeout(() => stop.abort(new Error("stopped")), 100);
    await expect(running).rejects.toThrow("stopped");
  }
});

test("nothing is started once it is aborted, and what cannot be started rejects", async () => {
  await expect(
    runProgram(node("1"), { cwd, signal: AbortSignal.abort(new Error("before")) }),
  ).rejects.toThrow("before");
  await expect(runProgram(["/no/such/program"], { cwd })).rejects.toThrow("ENOENT");
});
