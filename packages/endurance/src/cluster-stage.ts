import { type RunningRedis, startRedis } from "@rosetta/cluster/testing";
import type { Manifest } from "@rosetta/manifest";
import { Ports, Server } from "@rosetta/testkit";
import { pause } from "./crowd.ts";
import { BadNetwork } from "./network.ts";

/** The engine keeps what it has acknowledged, whatever happens to its process. */
const keeping = ["--appendonly", "yes", "--appendfsync", "always"];

/** Several servers that are one application, behind a balancer that sends a client now here, now there. */
export class ClusterStage {
  readonly servers: readonly Server[];
  readonly balancer: BadNetwork;
  /** The network between each server and the engine, in the order of the servers. */
  readonly links: readonly BadNetwork[];
  #engine: RunningRedis;
  readonly #ports: Ports;

  private constructor(parts: Pick<ClusterStage, "servers" | "balancer" | "links" | "engine">, ports: Ports) {
    this.servers = parts.servers;
    this.balancer = parts.balancer;
    this.links = parts.links;
    this.#engine = parts.engine;
    this.#ports = ports;
  }

  /** Starts an engine, the servers, and the networks between them. Rejects with the remedy if there is no Redis. */
  static async start(manifests: readonly Manifest[]): Promise<ClusterStage> {
    const ports = new Ports(0);
    const engine = await startRedis(await ports.next(), keeping);
    const balancer = await BadNetwork.start();
    const links: BadNetwork[] = [];
    const servers: Server[] = [];
    const stage = new ClusterStage({ servers, balancer, links, engine }, ports);
    try {
      for (const manifest of manifests) {
        const link = await BadNetwork.start();
        links.push(link);
        link.targets = [engine.port];
        const SERVERS = `balancer=http://127.0.0.1:${balancer.port}`;
        const env = { SERVERS, CHAOS: "0", REDIS_URL: `redis://127.0.0.1:${link.port}` };
        servers.push(await Server.start({ manifest, ports, env }));
      }
      balancer.targets = servers.map(({ port }) => port);
      await stage.healthy();
      return stage;
    } catch (error) {
      await stage.stop();
      throw error;
    }
  }

  get engine(): RunningRedis {
    return this.#engine;
  }

  /** The address that clients connect to. */
  get url(): string {
    return `ws://127.0.0.1:${this.balancer.port}/ws`;
  }

  /** Returns the network between a server and the engine. */
  linkOf(server: Server): BadNetwork {
    const link = this.links[this.servers.indexOf(server)];
    if (!link) throw new Error(`${server.url} is not on this stage`);
    return link;
  }

  /** Kills the engine and starts it again, with the contents of its file or with nothing. */
  async crash(remains: "file" | "nothing"): Promise<void> {
    if (remains === "file") {
      await this.#engine.kill();
      return this.#engine.again();
    }
    await this.#engine.stop();
    this.#engine = await startRedis(this.#engine.port, keeping);
  }

  /** Kills the engine. A replica that has received nothing for `behindMs` takes its place. Rejects after 60 s. */
  async failOver(behindMs: number): Promise<void> {
    const master = this.#engine;
    const following = ["--replicaof", "127.0.0.1", `${master.port}`];
    const replica = await startRedis(await this.#ports.next(), [...keeping, ...following]);
    const endAt = performance.now() + 60_000;
    while (!(await replica.ask("INFO replication")).includes("master_link_status:up")) {
      if (performance.now() > endAt) throw new Error("the replica does not follow after 60 s");
      await pause(50);
    }
    // Nothing listens there.
    await replica.ask("REPLICAOF 127.0.0.1 1");
    await pause(behindMs);
    this.#engine = replica;
    await master.stop();
    await replica.ask("REPLICAOF NO ONE");
    for (const link of this.links) {
      link.targets = [replica.port];
      link.cut();
    }
  }

  /** Resolves when every server answers that it is well. Rejects after 60 s. */
  async healthy(): Promise<void> {
    const endAt = performance.now() + 60_000;
    for (const { url } of this.servers) {
      while (!(await isWell(url))) {
        if (performance.now() > endAt) throw new Error(`${url} is not well again after 60 s`);
        await pause(100);
      }
    }
  }

  /** Ends everything at once. */
  async stop(): Promise<void> {
    for (const network of [this.balancer, ...this.links]) network.stop();
    await Promise.all(this.servers.map((server) => server.kill()));
    await this.#engine.stop();
  }
}

async function isWell(url: string): Promise<boolean> {
  const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) }).catch(
    () => undefined,
  );
  await response?.body?.cancel();
  return response?.ok === true;
}
