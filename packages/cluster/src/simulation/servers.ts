import type { CreateExtras, Platform } from "@rosetta/hub";
import { MemoryLog } from "@rosetta/hub/cluster";
import { type Part, partOf, type Socket, type World } from "@rosetta/hub/testing";
import { EngineCluster } from "../engine-cluster.ts";
import type { FakeEngine, FakeLink } from "../testing/fake-engine.ts";

/** Milliseconds that a job takes for one MiB. */
const mebibyteMs = 300;

/** One server of the simulation: a hub above its own connection to the engine. It can be killed. Default of `hash`: by hand. */
export class SimulatedServer {
  readonly link: FakeLink;
  readonly part: Part;
  readonly sockets = new Set<Socket>();
  /** Called when the server is killed, for whoever waits for an answer of it. */
  readonly waiting = new Set<() => void>();
  isAlive = true;

  constructor(world: World, engine: FakeEngine, name: string, extras?: CreateExtras, hash = byHand(world)) {
    // What a server that was killed has planned does not happen any more.
    const platform: Platform = {
      now: () => world.now(),
      date: () => world.date(),
      after: (ms, run) => world.after(ms, () => this.isAlive && run()),
      token: () => world.token(),
      hash: (mebibytes, step) => hash(platform, mebibytes, step),
    };
    this.link = engine.link(name);
    const cluster = new EngineCluster({
      ...{ platform, engine: this.link },
      own: new MemoryLog(() => world.token()),
      ...{ timeoutMs: 2_000, graceMs: 15_000 },
      digest: (secret) => `digest-${secret}`,
    });
    this.part = partOf(platform, cluster, extras);
    cluster.join(this.part.clusterEvents);
  }

  /** True if a client may come in. */
  get isOpen(): boolean {
    return this.isAlive && this.part.services.cluster.isServing;
  }

  /** Ends at once, as by `kill -9`. */
  kill(): void {
    this.isAlive = false;
    this.link.kill();
    for (const socket of [...this.sockets]) socket.terminate();
    for (const lost of this.waiting) lost();
  }
}

/** Hashes by itself, as long as the server lives. A job that is given up rejects, as with the platform of Node. */
export function hashSlowly(
  platform: Pick<Platform, "after">,
  mebibytes: number,
  step: (done: number) => boolean,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const go = (done: number): void => {
      if (!step(done)) return reject(new Error("abandoned"));
      if (done === mebibytes) return resolve("ab".repeat(32));
      platform.after(mebibyteMs, () => go(done + 1));
    };
    platform.after(mebibyteMs, () => go(1));
  });
}

// Hashes when a test says so.
function byHand(world: World): typeof hashSlowly {
  return (_, mebibytes, step) => world.hash(mebibytes, step);
}
