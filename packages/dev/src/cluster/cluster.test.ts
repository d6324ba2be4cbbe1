// `pnpm dev --cluster` as a user runs it, with a real Redis.
import { findRedis, redisRemedy } from "@rosetta/cluster/testing";
import { readManifests } from "@rosetta/manifest";
import { Conversation, Raw } from "@rosetta/testkit";
import { afterEach, expect, test } from "vitest";
import { ownerOf } from "../owner.ts";
import { whyNot } from "../plan.ts";
import { DevRun } from "../testing/dev-run.ts";

const manifests = readManifests();
const [first, last] = [manifests[0]?.id ?? "", manifests.at(-1)?.id ?? ""];

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const portOf = (url: string) => Number(new URL(url).port);

async function kill(port: number): Promise<void> {
  const pid = /\(process (\d+)\)$/.exec((await ownerOf(port)) ?? "")?.[1];
  if (pid === undefined) throw new Error(`nobody listens on port ${port}`);
  process.kill(Number(pid), "SIGKILL");
}

test("two stacks share a room, and a client whose server is killed continues on the other", async () => {
  if (!findRedis()) throw new Error(redisRemedy);
  const run = await DevRun.start(["--cluster", "--port", "0", first, last], {
    ...process.env,
    REDIS_URL: "",
  });
  stops.push(() => run.stop());
  const balancer = portOf(run.balancerUrl);
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

  await kill(portOf(run.urlOf(servers[1] ?? "")));
  await bert.socket.closed();
  await say("while you were away");
  const again = await Conversation.open(raw, { client: bert.client });
  expect(await again.hello()).toMatchObject({ server: servers[0] });
  const since = { epoch: subscribed.epoch, offset: subscribed.offset + 1 };
  expect(await again.request({ type: "subscribe", topic, since })).toMatchObject({ recovered: true });
  expect(await again.events(topic, 1)).toMatchObject([{ data: { text: "while you were away" } }]);

  expect(await run.stop()).toEqual({ code: 0, signal: null });
  for (const port of [balancer, run.enginePort]) expect(await whyNot("127.0.0.1", port)).toBeUndefined();
}, 120_000);
