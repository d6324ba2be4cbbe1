import { isFree } from "@rosetta/manifest/start";

// Each worker has its own ports, outside the range that Linux uses for outgoing connections (32768–60999), so that
// a server that restarts on its port finds it free.
const perWorker = 200;

/** The ports of a worker. Each is free when it is handed out. */
export class Ports {
  readonly #first: number;
  #taken = 0;

  constructor(parallelIndex: number) {
    this.#first = base() + parallelIndex * perWorker;
  }

  async next(): Promise<number> {
    for (let tries = 0; tries < perWorker; tries++) {
      const port = this.#first + (this.#taken++ % perWorker);
      if (await isFree(port)) return port;
    }
    throw new Error(
      `every port from ${this.#first} to ${this.#first + perWorker - 1} is taken: set PORT_BASE`,
    );
  }
}

function base(): number {
  const { PORT_BASE = "20000" } = process.env;
  const port = Number(PORT_BASE);
  if (Number.isInteger(port) && port >= 1024 && port <= 65_000) return port;
  throw new Error(`PORT_BASE=${PORT_BASE} cannot be used: expected a port from 1024 to 65000`);
}
