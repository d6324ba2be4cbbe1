import { type RunningRedis, startRedis } from "@rosetta/cluster/testing";
import type { Ports } from "@rosetta/testkit";

/** How many applications can be apart from each other in one Redis. */
const databases = 4_096;

/** On a busy machine, a flood through the engine takes longer than the two seconds of the default. */
export const patience = { ENGINE_TIMEOUT_MS: "10000" };

/** A Redis in which each application of a worker has a database of its own, so that no two of them meet. */
export class SharedEngine {
  readonly #redis: RunningRedis;
  #taken = 0;

  private constructor(redis: RunningRedis) {
    this.#redis = redis;
  }

  /** Starts a Redis. Throws with the remedy if there is none on this machine. */
  static async start(ports: Ports): Promise<SharedEngine> {
    return new SharedEngine(await startRedis(await ports.next(), ["--databases", `${databases}`]));
  }

  /** Returns the URL of a database that nobody uses yet. */
  database(): string {
    return `${this.#redis.url}/${this.#taken++ % databases}`;
  }

  async stop(): Promise<void> {
    await this.#redis.stop();
  }
}
