import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

interface Pair {
  client: Socket;
  server: Socket;
}

/** A TCP proxy on loopback that can behave like a bad network. */
export class BadNetwork {
  readonly #server: Server;
  /** The ports that connections go to, in turn. One that cannot be reached is passed over. */
  targets: readonly number[] = [];
  #turn = 0;
  readonly #pairs = new Set<Pair>();
  readonly #forgotten: Pair[] = [];
  #isStalled = false;
  /** When each connection was attempted, in ms of `performance.now()`. */
  readonly attempts: number[] = [];

  private constructor() {
    this.#server = createServer({ pauseOnConnect: true }, (client) => void this.#accept(client));
  }

  /** Listens on a free port. */
  static async start(): Promise<BadNetwork> {
    const network = new BadNetwork();
    await new Promise<void>((resolve) => network.#server.listen(0, "127.0.0.1", 4_096, resolve));
    return network;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resets every connection. */
  cut(): void {
    for (const { client, server } of [...this.#pairs]) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Holds all bytes back and closes nothing, like a pulled cable. New connections wait, too. */
  stall(): void {
    this.#isStalled = true;
    for (const { client, server } of this.#pairs) {
      client.pause();
      server.pause();
    }
  }

  /** Ends a stall and passes on what was held back. */
  release(): void {
    this.#isStalled = false;
    for (const { client, server } of this.#pairs) {
      client.resume();
      server.resume();
    }
  }

  /** Drops every connection without telling either end, like a router that has lost its table. */
  forget(): void {
    this.#isStalled = false;
    for (const pair of [...this.#pairs]) {
      for (const socket of [pair.client, pair.server]) {
        socket.removeAllListeners().on("error", () => {});
        socket.resume();
      }
      this.#pairs.delete(pair);
      this.#forgotten.push(pair);
    }
  }

  stop(): void {
    this.#server.close();
    this.cut();
    for (const { client, server } of this.#forgotten) {
      client.destroy();
      server.destroy();
    }
  }

  async #accept(client: Socket): Promise<void> {
    this.attempts.push(performance.now());
    client.on("error", () => {});
    const server = await this.#reach();
    if (!server || client.destroyed) {
      server?.destroy();
      client.resetAndDestroy();
      return;
    }
    this.#join(client, server);
  }

  /** Connects to the next target that can be reached. */
  async #reach(): Promise<Socket | undefined> {
    for (const _ of this.targets) {
      const port = this.targets[this.#turn++ % this.targets.length] ?? 0;
      const server = connect({ port, host: "127.0.0.1", noDelay: true });
      const isThere = await new Promise((resolve) => {
        server.once("connect", () => resolve(true)).once("error", () => resolve(false));
      });
      if (isThere) return server;
    }
    return undefined;
  }

  #join(client: Socket, server: Socket): void {
    const pair = { client, server };
    this.#pairs.add(pair);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.setNoDelay(true);
      one.on("data", (bytes) => other.write(bytes));
      one.on("end", () => other.end());
      one.on("error", () => {
        other.resetAndDestroy();
      });
      one.on("close", () => {
        this.#pairs.delete(pair);
        other.destroySoon();
      });
    }
    if (this.#isStalled) server.pause();
    else client.resume();
  }
}
