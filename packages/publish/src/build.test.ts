// The client and the protocol work without this repository: built, put into a folder of their own, compiled against
// and run. @rosetta/conformance has such a test beside its sources.

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { build, publishedPackages } from "./index.ts";

const packages = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "published-"));
const installed = join(folder, "node_modules");

const consumer = `import { Client, RequestError, type SocketState } from "@rosetta/client";
import { encode, parseClient, type ServerMessage } from "@rosetta/protocol";
export async function say(url: string): Promise<number> {
  const client = new Client(url);
  client.on("state", (state: SocketState) => console.log(state.name));
  client.open();
  client.subscribe("room/lobby", ({ offset, data }) => console.log(offset, data));
  return (await client.publish("room/lobby", "hello", "others")).offset;
}
export function burst(message: ServerMessage): number | undefined {
  return message.type === "welcome" ? message.limits.burst : undefined;
}
export { encode, parseClient, RequestError };
`;

const program = `import { Client } from "@rosetta/client";
import { encode, parseClient } from "@rosetta/protocol";
const { message } = parseClient(encode({ type: "echo", id: "1", text: "hello" }));
console.log(new Client("ws://127.0.0.1:1/ws").state.name, message.text);
`;

beforeAll(() => {
  for (const name of ["protocol", "client"]) {
    cpSync(build(join(packages, name)), join(installed, "@rosetta", name), { recursive: true });
  }
  symlinkSync(realpathSync(join(packages, "protocol/node_modules/zod")), join(installed, "zod"));
  const files = { "package.json": '{ "type": "module" }', "consumer.ts": consumer, "program.js": program };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function node(...args: string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  return stdout + stderr;
}

test("three packages are meant for others", () => {
  const names = publishedPackages().map((source) => source.slice(packages.length + 1));
  expect(names).toEqual(["client", "conformance", "protocol"]);
});

test("their manifests name versions that a registry knows, and nothing of the workspace", () => {
  const manifest = JSON.parse(readFileSync(join(installed, "@rosetta/client/package.json"), "utf8"));
  const { private: isPrivate, scripts, devDependencies, publishConfig, dependencies } = manifest;
  expect([isPrivate, scripts, devDependencies, publishConfig]).toEqual(Array(4).fill(undefined));
  expect(dependencies).toEqual({ "@rosetta/protocol": expect.stringMatching(/^\^\d+\.\d+\.\d+$/) });
});

test("their types stand on their own", () => {
  const compiler = join(packages, "../node_modules/typescript/bin/tsc");
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--types", ""];
  // Every type of the packages is checked, and no output means that all is well.
  expect(node(compiler, ...options, "consumer.ts")).toBe("");
});

test("they run as JavaScript", () => {
  expect(node("program.js")).toBe("idle hello\n");
});
