import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { Lines } from "./lines.ts";

const module = fileURLToPath(new URL("./lines.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "lines-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts a process that writes `count` lines to its unread stderr, reports how many were lost, and ends. */
async function writer(count: number, stderr: number | "pipe") {
  const script = `
    import { Lines } from ${JSON.stringify(module)};
    const lines = new Lines(2);
    for (let index = 0; index < ${count}; index++) lines.write("x".repeat(99) + "\\n");
    await lines.flushed(300);
    console.log(\`\${lines.lost}\`);
    process.exit(7);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", stderr],
  });
  // Otherwise Node would read ahead.
  child.stderr?.pause();
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [code] = await once(child, "exit");
  return { code, lost: Number(said) };
}

test("lines arrive whole and in order", async () => {
  const file = join(folder, "log");
  const descriptor = openSync(file, "w");
  const lines = new Lines(descriptor);
  for (let index = 0; index < 1_000; index++) lines.write(`${index}\n`);
  await lines.flushed(5_000);
  closeSync(descriptor);
  expect(readFileSync(file, "utf8")).toBe(Array.from({ length: 1_000 }, (_, index) => `${index}\n`).join(""));
  expect(lines.lost).toBe(0);
});

test("a pipe that nobody reads loses excess lines, and does not keep the process alive", async () => {
  const { code, lost } = await writer(20_000, "pipe");
  expect(code).toBe(7);
  expect(lost).toBeGreaterThan(10_000);
  expect(lost).toBeLessThan(20_000);
});

test("a full disk loses lines, and does not keep the process alive", async () => {
  const full = openSync("/dev/full", "w");
  const { code, lost } = await writer(100, full);
  closeSync(full);
  expect({ code, lost }).toEqual({ code: 7, lost: 100 });
});

test("a failed write is not retried at once: a thousand lines are one attempt", () => {
  const lines = new Lines(99);
  lines.write("one\n");
  return lines.flushed(1_000).then(() => {
    for (let index = 0; index < 1_000; index++) lines.write("more\n");
    expect(lines.lost).toBe(1_001);
  });
});
