import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { redisRemedy } from "@rosetta/cluster/testing";
import { afterEach, expect, test } from "vitest";
import { whyNot } from "../plan.ts";
import { DevEngine, noEngine } from "./engine.ts";

const path = process.env.PATH;
const engines: DevEngine[] = [];
afterEach(async () => {
  process.env.PATH = path;
  await Promise.all(engines.splice(0).map((engine) => engine.stop()));
});

function found(port: number): DevEngine {
  const engine = DevEngine.find({}, port);
  if (!engine) throw new Error(redisRemedy);
  engines.push(engine);
  return engine;
}

const fail = () => {
  throw new Error("it ended by itself");
};

async function listenSomewhere() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const end = () => new Promise((resolve) => server.close(resolve));
  return { port: (server.address() as AddressInfo).port, end };
}

async function freePort(): Promise<number> {
  const { port, end } = await listenSomewhere();
  await end();
  return port;
}

/** Sends commands to a Redis, and returns all of its answers. */
async function ask(port: number, ...commands: string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.end(`${[...commands, "QUIT"].join("\r\n")}\r\n`);
  let answer = "";
  for await (const bytes of socket) answer += bytes;
  return answer;
}

test("a Redis of its own keeps nothing on disk and forgets nothing by itself", async () => {
  const port = await freePort();
  const engine = found(port);
  await engine.start(fail);
  expect(engine.url).toBe(`redis://127.0.0.1:${port}`);
  expect(engine.title).toMatch(new RegExp(`^(redis|valkey)-server on port ${port}$`));
  const settings = ["maxmemory-policy", "save", "appendonly"].map((name) => `CONFIG GET ${name}`);
  const answer = await ask(port, ...settings);
  expect(answer.split("\r\n").filter((line) => !/^[*$+]/.test(line))).toEqual([
    "maxmemory-policy",
    "noeviction",
    "save",
    "",
    "appendonly",
    "no",
    "",
  ]);
  await engine.stop();
  expect(await whyNot("127.0.0.1", port)).toBeUndefined();
});

test("if it ends by itself, that is reported", async () => {
  const port = await freePort();
  const ended = Promise.withResolvers<unknown>();
  await found(port).start(ended.resolve);
  await ask(port, "SHUTDOWN NOSAVE");
  expect(await ended.promise).toEqual({ code: 0, signal: null });
});

test("a Redis that does not start says why", async () => {
  const { port, end } = await listenSomewhere();
  await expect(found(port).start(fail)).rejects.toThrow(/does not start: .*(listen|bind|port)/i);
  await end();
});

test("the Redis that REDIS_URL names is used, and shown without its password", async () => {
  const engine = DevEngine.find({ REDIS_URL: "rediss://me:secret@redis.example.org" }, 0);
  expect(engine).toMatchObject({
    url: "rediss://me:secret@redis.example.org",
    title: "rediss://…@redis.example.org",
  });
  await engine?.start(fail);
  await engine?.stop();
});

test("without a Redis there is one line with what to do on each system", () => {
  process.env.PATH = "/nowhere";
  expect(DevEngine.find({}, 0)).toBeUndefined();
  expect(noEngine).not.toContain("\n");
  for (const word of ["Debian", "macOS", "Windows", "Docker"]) expect(noEngine).toContain(word);
});
