import type { Server } from "@rosetta/testkit";
import { pause } from "./crowd.ts";
import type { BadNetwork } from "./network.ts";

/** Something that goes wrong between clients and a server. It is over when `strike` resolves. */
export interface Fault {
  name: string;
  strike(server: Server, network: BadNetwork): Promise<void>;
}

/** Everything that `pnpm chaos` does to a server. A time in a name is how long the fault lasts. */
export const faults: readonly Fault[] = [
  {
    name: "kill -9",
    async strike(server) {
      await server.kill();
      await server.restart();
    },
  },
  { name: "SIGTERM", strike: (server) => server.restart("SIGTERM") },
  { name: "frozen 5 s", strike: (server) => freeze(server, 5_000) },
  { name: "frozen 40 s", strike: (server) => freeze(server, 40_000) },
  { name: "cut", strike: async (_server, network) => network.cut() },
  {
    name: "stalled 5 s",
    async strike(_server, network) {
      network.stall();
      await pause(5_000);
      network.release();
    },
  },
  { name: "half-open", strike: async (_server, network) => network.forget() },
];

async function freeze(server: Server, ms: number): Promise<void> {
  server.freeze();
  await pause(ms);
  server.thaw();
}
