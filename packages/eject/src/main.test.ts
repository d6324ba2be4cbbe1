import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readManifests } from "@rosetta/manifest";
import { afterAll, expect, test } from "vitest";

const outside = mkdtempSync(join(tmpdir(), "eject-main-"));
const [server = { id: "" }] = readManifests();

afterAll(() => rmSync(outside, { recursive: true }));

function start(args: string[], temporary = tmpdir()) {
  const env = { ...process.env, INIT_CWD: outside, TMPDIR: temporary };
  return spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], { env });
}

async function eject(...args: string[]): Promise<{ code: number; output: string }> {
  const child = start(args);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (output += text));
  const [code] = await once(child, "close");
  return { code, output };
}

test("a folder is meant from where the command was typed, and the next two commands are named", async () => {
  const { code, output } = await eject(server.id, "My Chat");
  expect(code).toBe(0);
  expect(output).toContain("Begin with My Chat/README.md");
  expect(output).toContain('cd "My Chat" && npm install\n  npm start');
  expect(JSON.parse(readFileSync(join(outside, "My Chat/package.json"), "utf8")).name).toBe("my-chat");
});

test("what is wrong is said in one line, and nothing is written", async () => {
  const { code, output } = await eject("no-such-server", "none");
  expect(code).toBe(2);
  expect(output).toMatch(/^pnpm eject: there is no server "no-such-server"; there are: .+\n$/);
  expect(output).toContain(server.id);
  expect(existsSync(join(outside, "none"))).toBe(false);
});

test("--help says what there is", async () => {
  expect(await eject("--help")).toMatchObject({ code: 0, output: expect.stringContaining("--step 6") });
});

test.skipIf(process.platform === "win32")("Ctrl-C leaves nothing half written", async () => {
  const temporary = join(outside, "temporary");
  mkdirSync(temporary);
  const watcher = watch(temporary);
  const began = once(watcher, "change");
  const child = start([server.id, "interrupted"], temporary);
  const exited = once(child, "exit");
  await began;
  watcher.close();
  child.kill("SIGINT");
  expect(await exited).toEqual([130, null]);
  expect(readdirSync(temporary)).toEqual([]);
  expect(readdirSync(outside).filter((name) => name.includes("interrupted"))).toEqual([]);
});
