// The published package works without this repository: packed, installed and started, on Node and on Bun.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "@rosetta/publish";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer } from "./testing/faulty-server.ts";

const bun = join(import.meta.dirname, "../../../apps/bun-hono/node_modules/.bin/bun");
// For machines that have a Node of their own. The workspace brings the one that runs everything.
const olderNode = "/usr/bin/node";
const folder = mkdtempSync(join(tmpdir(), "conformance-"));
const installed = join(folder, "installed");

const library = `import { groups, runConformance } from "@rosetta/conformance";
const { cases } = groups.find(({ name }) => name === "framing");
const verdicts = new Set();
for await (const { verdict } of runConformance(process.argv[2], { cases })) verdicts.add(verdict);
console.log([...verdicts].sort().join());
`;

const client = `import { groups, runClient } from "@rosetta/conformance";
const { cases } = groups.find(({ name }) => name === "framing");
const verdicts = new Set();
for await (const { verdict } of runClient({ client: JSON.parse(process.argv[2]), cases })) verdicts.add(verdict);
console.log([...verdicts].sort().join());
`;

const consumer = `import { type Result, runConformance, runClient, serveConformance } from "@rosetta/conformance";
export async function failing(url: string): Promise<Result[]> {
  const results: Result[] = [];
  for await (const result of runConformance(url, { jobs: 4 })) if (result.verdict === "fail") results.push(result);
  return results;
}
export { runClient, serveConformance };
`;

beforeAll(async () => {
  const built = build(join(import.meta.dirname, ".."));
  await run("npm", ["pack", "--pack-destination", folder], built);
  const [packed = ""] = globSync("*.tgz", { cwd: folder });
  mkdirSync(installed);
  writeFileSync(join(installed, "package.json"), '{ "private": true, "type": "module" }');
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", `../${packed}`], installed);
  for (const [name, text] of Object.entries({
    "library.js": library,
    "client.js": client,
    "consumer.ts": consumer,
  })) {
    writeFileSync(join(installed, name), text);
  }
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Asynchronous, because the server that it judges runs in this process.
async function run(program: string, args: readonly string[], cwd = installed): Promise<string> {
  const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes) => {
      output += bytes;
    });
  }
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once("close", resolve);
  const code = await promise;
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: exit code ${code}\n${output}`);
  return output;
}

test("nothing of the tests is packed, neither their files nor the old servers that they judge", () => {
  const packed = join(installed, "node_modules/@rosetta/conformance");
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(packed, "package.json"), "utf8"));
  expect([dependencies, devDependencies]).toEqual([undefined, undefined]);
  expect(globSync("**/*{.test.,faulty,mortal}*", { cwd: packed })).toEqual([]);
});

test.runIf(existsSync(olderNode))("an older Node gets one line with the needed version", async () => {
  const command = join(installed, "node_modules/@rosetta/conformance/lib/cli/bin.js");
  const { stderr, status } = spawnSync(olderNode, [command, "--help"], { encoding: "utf8" });
  if (status !== 0) expect(stderr).toMatch(/^conform needs Node 22 or later, or Bun; this is Node [\d.]+\n$/);
});

test("npx finds the command, and it prints how to use it", async () => {
  expect(await run("npx", ["--no-install", "conform", "--help"])).toContain("conform <ws-url>");
});

test.each([
  { runtime: "node", program: process.execPath },
  { runtime: "bun", program: bun },
])("the command and the library judge a server on $runtime", async ({ program }) => {
  const server = await startServer();
  try {
    const command = join(installed, "node_modules/@rosetta/conformance/lib/cli/bin.js");
    expect(await run(program, [command, server.url, "--only", "framing"])).toContain(" 0 fail");
    expect((await run(program, ["library.js", server.url])).trim()).toBe("pass");
  } finally {
    await server.stop();
  }
});

test.each([
  { runtime: "node", program: process.execPath },
  { runtime: "bun", program: bun },
])("clients are judged on $runtime", async ({ program }) => {
  const driver = join(installed, "node_modules/@rosetta/conformance/lib/run/drivers/global.js");
  const output = await run(program, ["client.js", JSON.stringify({ run: [process.execPath, driver] })]);
  expect(output.trim().split(",")).not.toContain("fail");
});

test("its types stand on their own", async () => {
  const compiler = join(import.meta.dirname, "../../../node_modules/typescript/bin/tsc");
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024"];
  // Without Node's types, and with every type of the package checked. No output means that all is well.
  expect(await run(process.execPath, [compiler, ...options, "--types", "", "consumer.ts"])).toBe("");
});
