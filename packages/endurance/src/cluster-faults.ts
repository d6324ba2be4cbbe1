import type { Server } from "@rosetta/testkit";
import type { ClusterStage } from "./cluster-stage.ts";
import { pause } from "./crowd.ts";
import type { BadNetwork } from "./network.ts";

/** Something that goes wrong with one of several servers, or with their engine. It is over when `strike` resolves. */
export type ClusterFault =
  | { name: string; strikes: "server"; strike(stage: ClusterStage, server: Server): Promise<void> }
  | { name: string; strikes: "engine"; strike(stage: ClusterStage): Promise<void> };

/** Longer than `ENGINE_GRACE_MS`: a server that is cut off for so long sends its clients away. */
const beyondGraceMs = 20_000;

/** Everything that `pnpm chaos --cluster` does. A time in a name is how long the fault lasts. */
export const clusterFaults: readonly ClusterFault[] = [
  {
    name: "server kill -9",
    strikes: "server",
    async strike(_stage, server) {
      await server.kill();
      await server.restart();
    },
  },
  { name: "server SIGTERM", strikes: "server", strike: (_stage, server) => server.restart("SIGTERM") },
  {
    name: "server frozen 5 s",
    strikes: "server",
    async strike(_stage, server) {
      server.freeze();
      await pause(5_000);
      server.thaw();
    },
  },
  {
    name: "server cut off from the engine 20 s",
    strikes: "server",
    strike: (stage, server) => stall([stage.linkOf(server)], beyondGraceMs),
  },
  { name: "engine killed, file kept", strikes: "engine", strike: (stage) => stage.crash("file") },
  { name: "engine killed, back empty", strikes: "engine", strike: (stage) => stage.crash("nothing") },
  {
    name: "engine frozen 5 s",
    strikes: "engine",
    async strike({ engine }) {
      engine.signal("SIGSTOP");
      await pause(5_000);
      engine.signal("SIGCONT");
    },
  },
  {
    name: "engine's connections cut",
    strikes: "engine",
    async strike({ links }) {
      for (const link of links) link.cut();
    },
  },
  {
    name: "engine cut off from all 20 s",
    strikes: "engine",
    strike: ({ links }) => stall(links, beyondGraceMs),
  },
  {
    name: "engine failed over, replica 1 s behind",
    strikes: "engine",
    strike: (stage) => stage.failOver(1_000),
  },
  {
    name: "engine split 5 s, one server alone",
    strikes: "engine",
    strike: (stage) => stage.split(5_000),
  },
];

async function stall(links: readonly BadNetwork[], ms: number): Promise<void> {
  for (const link of links) link.stall();
  await pause(ms);
  for (const link of links) link.release();
}
