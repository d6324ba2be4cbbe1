import { type RunningRedis, startRedis } from "@rosetta/cluster/testing";
import { BadNetwork } from "@rosetta/endurance";
import { folderOf, readManifests } from "@rosetta/manifest";
import { Server } from "@rosetta/testkit";
import { test as base } from "./clients.ts";
import { patience } from "./engine.ts";
import { attachLog } from "./fixtures.ts";

/** Servers that share an engine. Each is of another stack, and the first is the one that the run is about. */
export type Servers = readonly [Server, Server, Server, ...Server[]];

/**
 * Starts three servers as one application, for this test only, with additions to their environment. `own` is for the first
 * of them. They end with the test.
 */
export type Gather = (env?: Record<string, string>, own?: Record<string, string>) => Promise<Servers>;

/** Starts an engine for this test only, with more options of Redis. It ends with the test. */
export type LaunchEngine = (options?: string[]) => Promise<RunningRedis>;

/** Starts a network to a port, which a test can cut. It ends with the test. */
export type StartNetwork = (...targets: number[]) => Promise<BadNetwork>;

/** Options with which Redis keeps everything that it has acknowledged, whatever happens to its process. */
export const keeping = ["--appendonly", "yes", "--appendfsync", "always"];

interface ClusterFixtures {
  gather: Gather;
  launchEngine: LaunchEngine;
  link: StartNetwork;
}

interface ClusterWorkerFixtures {
  /** One application of all stacks, that tests share. */
  cluster: Servers;
}

/** The suite's `test`, with several servers that are one application. */
export const test = base.extend<ClusterFixtures, ClusterWorkerFixtures>({
  cluster: [
    async ({ app, database, ports }, use) => {
      const [, ...others] = stacksFrom(app.manifest.id);
      const env = { REDIS_URL: database ?? "", ...patience };
      const started = await Promise.all(
        others.map((manifest) =>
          Server.start({ manifest, ports, env, folder: folderOf(manifest.id), untilHealthy: true }),
        ),
      );
      await use(asServers([app, ...started]));
      await Promise.all(started.map((each) => each.kill()));
    },
    { scope: "worker", timeout: 60_000 },
  ],

  gather: async ({ launch, server, ports, engine }, use, testInfo) => {
    const gathered: Server[] = [];
    await use(async (env = {}, own = {}) => {
      const shared = { REDIS_URL: engine?.database() ?? "", ...patience, ...env };
      const [, ...others] = stacksFrom(server.id).slice(0, 3);
      const servers = await Promise.all([
        launch({ ...shared, ...own }),
        ...others.map(async (manifest) => {
          const plan = { manifest, ports, env: shared, folder: folderOf(manifest.id), untilHealthy: true };
          const started = await Server.start(plan);
          gathered.push(started);
          return started;
        }),
      ]);
      return asServers(servers);
    });
    await Promise.all(gathered.map((each) => each.kill()));
    for (const each of gathered) await attachLog(each, testInfo);
  },

  launchEngine: async ({ ports }, use) => {
    const started: RunningRedis[] = [];
    await use(async (options = []) => {
      const redis = await startRedis(await ports.next(), options);
      started.push(redis);
      return redis;
    });
    await Promise.all(started.map((each) => each.stop()));
  },

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the dependencies of a fixture from the pattern.
  link: async ({}, use) => {
    const started: BadNetwork[] = [];
    await use(async (...targets) => {
      const network = await BadNetwork.start();
      network.targets = targets;
      started.push(network);
      return network;
    });
    for (const each of started) each.stop();
  },
});

// The others follow in a circle, so that each stack stands beside each other one in some project.
function stacksFrom(id: string) {
  const manifests = readManifests();
  const first = manifests.findIndex((manifest) => manifest.id === id);
  return [...manifests.slice(first), ...manifests.slice(0, first)];
}

function asServers([here, there, third, ...rest]: Server[]): Servers {
  if (!here || !there || !third) throw new Error("a cluster of the suite needs three stacks");
  return [here, there, third, ...rest];
}
