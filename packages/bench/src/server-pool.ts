// The servers of a round. Each keeps one process for all of its measures.

import type { Candidate } from "./candidates.ts";
import { MeasuredServer } from "./measured-server.ts";

/** Starts servers when they are needed, and stops all of them at once. */
export class ServerPool {
  readonly #core: number | undefined;
  readonly #env: Record<string, string> | undefined;
  readonly #running = new Map<string, MeasuredServer>();

  constructor(core: number | undefined, env?: Record<string, string>) {
    this.#core = core;
    this.#env = env;
  }

  /** Returns the server of a candidate. `instance` distinguishes several processes of the same candidate. */
  async server(candidate: Candidate, instance: string): Promise<MeasuredServer> {
    const key = `${candidate.id} ${instance}`;
    const running = this.#running.get(key) ?? (await MeasuredServer.start(candidate, this.#core, this.#env));
    this.#running.set(key, running);
    return running;
  }

  /** Stops one server. The next caller that asks for it gets a new process. */
  async drop(server: MeasuredServer): Promise<void> {
    for (const [key, running] of this.#running) if (running === server) this.#running.delete(key);
    await server.stop();
  }

  async stop(): Promise<void> {
    const servers = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(servers.map((server) => server.stop()));
  }
}
