// `pnpm dev --cluster` as somebody runs it, with a real Redis.
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { findRedis, redisRemedy } from "@rosetta/cluster/testing";
import { readManifests } from "@rosetta/manifest";
import { Conversation, Raw } from "@rosetta/testkit";
import { Process } from "@rosetta/testkit/process";
import { afterEach, expect, test } from "vitest";
import { ownerOf } from "../owner.ts";
import { whyNot } from "../plan.ts";

const command = fileURLToPath(new URL("../main.ts", import.meta.url));
const manifests = readManifests();
const [first, last] = [manifests[0]?.id ?? "", manifests.at(-1)?.id ?? ""];

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Starts the command, and waits until it has printed its board. */
async function runCluster() {
  const dev = new Process([process.execPath, command, "--cluster", "--port", "0", first, last], {
    cwd: process.cwd(),
    env: { ...process.env, REDIS_URL: "" },
    ownGroup: true,
  });
  stops.push(() => dev.stop(20_000));
  const lines: string[] = [];
  const ready = Promise.withResolvers<void>();
  for (const stream of [dev.stdout, dev.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(stripVTControlCharacters(line));
      if (lines.at(-1) === "Ctrl-C stops all") ready.resolve();
    });
  }
  void dev.closed.then(() => ready.reject(new Error(`pnpm dev has ended:\n${lines.join("\n")}`)));
  await ready.promise;
  const portIn = (pattern: RegExp): number => Number(pattern.exec(lines.join("\n"))?.[1]);
  return {
    dev,
    balancer: portIn(/^One application on all of them: http:\/\/127\.0\.0\.1:(\d+)$/m),
    redis: portIn(/they share \w+-server on port (\d+)$/m),
    portOf: (id: string) => portIn(new RegExp(`^.*http://127\\.0\\.0\\.1:(\\d+) .* apps/${id}/src$`, "m")),
  };
}

async function kill(port: number): Promise<void> {
  const pid = /\(process (\d+)\)$/.exec((await ownerOf(port)) ?? "")?.[1];
  if (pid === undefined) throw new Error(`nobody listens on port ${port}`);
  process.kill(Number(pid), "SIGKILL");
}

test("two stacks are one room, and whoever is on a server that is killed goes on at the other", async () => {
  if (!findRedis()) throw new Error(redisRemedy);
  const { dev, balancer, redis, portOf } = await runCluster();
  const raw = new Raw(balancer);
  stops.push(() => raw.end());
  const [anna, bert] = [await Conversation.open(raw), await Conversation.open(raw)];
  const servers = [await anna.hello(), await bert.hello()].map(({ server }) => server);
  expect(servers.toSorted()).toEqual([first, last].toSorted());

  const topic = "room/cluster";
  const say = (text: string) => anna.request({ type: "publish", topic, to: "all", text });
  const subscribed = await bert.request({ type: "subscribe", topic });
  await say("across stacks");
  expect(await bert.events(topic, 1)).toMatchObject([{ data: { text: "across stacks" } }]);

  await kill(portOf(servers[1] ?? ""));
  await bert.socket.closed();
  await say("while you were away");
  const again = await Conversation.open(raw, { client: bert.client });
  expect(await again.hello()).toMatchObject({ server: servers[0] });
  const since = { epoch: subscribed.epoch, offset: subscribed.offset + 1 };
  expect(await again.request({ type: "subscribe", topic, since })).toMatchObject({ recovered: true });
  expect(await again.events(topic, 1)).toMatchObject([{ data: { text: "while you were away" } }]);

  expect(await dev.stop(20_000)).toEqual({ code: 0, signal: null });
  for (const port of [balancer, redis]) expect(await whyNot("127.0.0.1", port)).toBeUndefined();
}, 120_000);
