import { type Certificate, makeCertificate, type RunningRedis, startRedis } from "@rosetta/cluster/testing";
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
  readonly #engines: Engines;
  #engine: StagedEngine;
  /** How often the engine was split. Another server is alone each time. */
  #splits = 0;

  private constructor(
    parts: Pick<ClusterStage, "servers" | "balancer" | "links">,
    engines: Engines,
    engine: StagedEngine,
  ) {
    this.servers = parts.servers;
    this.balancer = parts.balancer;
    this.links = parts.links;
    this.#engines = engines;
    this.#engine = engine;
  }

  /**
   * Starts an engine, the servers, and the networks between them. Rejects with the remedy if there is no Redis.
   *
   * @param isEncrypted True if servers speak TLS with the engine. This needs `openssl`. Default: false.
   */
  static async start(manifests: readonly Manifest[], isEncrypted = false): Promise<ClusterStage> {
    const ports = new Ports(0);
    const certificate = isEncrypted ? makeCertificate() : undefined;
    const engines = new Engines(ports, certificate);
    const engine = await engines.start();
    const balancer = await BadNetwork.start();
    const links: BadNetwork[] = [];
    const servers: Server[] = [];
    const stage = new ClusterStage({ servers, balancer, links }, engines, engine);
    try {
      for (const manifest of manifests) {
        const link = await BadNetwork.start();
        links.push(link);
        link.targets = [engine.entrance];
        const SERVERS = `balancer=http://127.0.0.1:${balancer.port}`;
        const REDIS_URL = `${isEncrypted ? "rediss" : "redis"}://127.0.0.1:${link.port}`;
        const trust = certificate && { NODE_EXTRA_CA_CERTS: certificate.file };
        const env = { SERVERS, CHAOS: "0", REDIS_URL, ...trust };
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
    return this.#engine.redis;
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
      await this.engine.kill();
      return this.engine.again();
    }
    await this.engine.stop();
    this.#engine = await this.#engines.start({ at: this.#engine });
  }

  /** Kills the engine. A replica that has received nothing for `behindMs` takes its place. Rejects after 60 s. */
  async failOver(behindMs: number): Promise<void> {
    const master = this.engine;
    const replica = await this.#engines.follow(master);
    // Nothing listens there.
    await replica.redis.ask("REPLICAOF 127.0.0.1 1");
    await pause(behindMs);
    this.#engine = replica;
    await master.stop();
    await replica.redis.ask("REPLICAOF NO ONE");
    for (const link of this.links) lead(link, replica);
  }

  /**
   * Splits the engine for `ms`: a replica is promoted for all servers but one, which goes on with the old master. After
   * that, the old master is gone with all that it alone has taken. Rejects after 60 s.
   */
  async split(ms: number): Promise<void> {
    const master = this.engine;
    const replica = await this.#engines.follow(master);
    const alone = this.links[this.#splits++ % this.links.length];
    this.#engine = replica;
    await replica.redis.ask("REPLICAOF NO ONE");
    for (const link of this.links) if (link !== alone) lead(link, replica);
    await pause(ms);
    await master.stop();
    if (alone) lead(alone, replica);
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
    await this.engine.stop();
    this.#engines.stop();
  }
}

/** A Redis, and the port at which servers reach it. */
interface StagedEngine {
  redis: RunningRedis;
  entrance: number;
}

/** Starts engines that are all alike. */
class Engines {
  readonly #ports: Ports;
  readonly #certificate: Certificate | undefined;

  constructor(ports: Ports, certificate: Certificate | undefined) {
    this.#ports = ports;
    this.#certificate = certificate;
  }

  /** @param at takes the ports of this one, which is gone. Default: free ones. */
  async start({ at, options = [] }: { at?: StagedEngine; options?: string[] } = {}): Promise<StagedEngine> {
    const port = at?.redis.port ?? (await this.#ports.next());
    const certificate = this.#certificate;
    const entrance = certificate ? (at?.entrance ?? (await this.#ports.next())) : port;
    const tls = certificate?.options(entrance) ?? [];
    return { redis: await startRedis(port, [...keeping, ...tls, ...options]), entrance };
  }

  /** Starts a replica. Resolves when it has everything. Rejects after 60 s. */
  async follow(master: RunningRedis): Promise<StagedEngine> {
    const replica = await this.start({ options: ["--replicaof", "127.0.0.1", `${master.port}`] });
    const endAt = performance.now() + 60_000;
    while (!(await replica.redis.ask("INFO replication")).includes("master_link_status:up")) {
      if (performance.now() > endAt) throw new Error("the replica does not follow after 60 s");
      await pause(50);
    }
    return replica;
  }

  stop(): void {
    this.#certificate?.remove();
  }
}

/** Connects a server to another engine. */
function lead(link: BadNetwork, { entrance }: StagedEngine): void {
  link.targets = [entrance];
  link.cut();
}

async function isWell(url: string): Promise<boolean> {
  const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) }).catch(
    () => undefined,
  );
  await response?.body?.cancel();
  return response?.ok === true;
}
