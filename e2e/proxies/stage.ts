import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { connect } from "node:tls";
import { type RunningRedis, startRedis } from "@rosetta/cluster/testing";
import type { Manifest } from "@rosetta/manifest";
import { isFree } from "@rosetta/manifest/start";
import { Conversation, type HeaderChanges, type Ports, Raw, Server } from "@rosetta/testkit";
import type { ReverseProxy, Site } from "./proxies.ts";

/** More than the second after which each proxy looks at a server again (ms). */
const lookMs = 1_500;

/** The parts of a stage. `folder` holds the certificate. */
export interface StagePlan {
  proxy: ReverseProxy;
  /** The servers behind it: one, or two that are one application. */
  manifests: readonly Manifest[];
  ports: Ports;
  folder: string;
  /** Added to the server's environment. */
  env: Record<string, string>;
  /** The idle timeout of the proxy (ms). */
  idleMs: number;
}

/** A running proxy with servers behind it. */
export class Stage {
  readonly servers: readonly Server[];
  readonly origin: string;
  readonly #redis: RunningRedis | undefined;
  readonly #tunnels: (() => void)[] = [];
  readonly #port: number;
  readonly #child: ChildProcess;
  #said = "";

  private constructor(port: number, child: ChildProcess, servers: Server[], redis?: RunningRedis) {
    this.servers = servers;
    this.#redis = redis;
    this.#port = port;
    this.#child = child;
    this.origin = `https://localhost:${port}`;
    child.stderr?.on("data", (bytes: Buffer) => {
      this.#said += bytes;
    });
  }

  /** What the proxy wrote on stderr. */
  get said(): string {
    return this.#said;
  }

  static async begin({ proxy, manifests, ports, folder, env, idleMs }: StagePlan): Promise<Stage> {
    const port = await ports.next();
    const redis = manifests.length > 1 ? await startRedis(await ports.next()) : undefined;
    const allowed = { ALLOWED_ORIGINS: `https://localhost:${port}`, TRUST_PROXY: "1" };
    const shared = { ...allowed, ...(redis && { REDIS_URL: redis.url }), ...env };
    const servers: Server[] = [];
    for (const manifest of manifests) servers.push(await Server.start({ manifest, ports, env: shared }));
    await Promise.all(servers.map(isWell));
    const idle = `${idleMs / 1_000}s`;
    const file = render(proxy, folder, { port, servers: servers.map((each) => each.port), idle });
    const child = spawn(proxy.name, proxy.args(file), {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, HOME: folder },
    });
    const stage = new Stage(port, child, servers, redis);
    while (await isFree(port)) {
      if (child.exitCode !== null) throw new Error(`${proxy.name} does not start: ${stage.said}`);
      await pause(20);
    }
    return stage;
  }

  /** The first of the servers. */
  get server(): Server {
    const [first] = this.servers;
    assert(first);
    return first;
  }

  /** Restarts the servers one after the other, each when the proxy has found the one before. */
  async roll(): Promise<void> {
    for (const server of this.servers) {
      await server.restart("SIGTERM");
      await isWell(server);
      await pause(lookMs);
    }
  }

  /** Returns the headers of a client that uses the public name. */
  headers(more: HeaderChanges = {}): HeaderChanges {
    return { Host: `localhost:${this.#port}`, Origin: this.origin, ...more };
  }

  /** Connects a raw client to the proxy, from an address of this machine. */
  async raw(from = "127.0.0.1"): Promise<Raw> {
    const tunnel = createServer((plain) => {
      const address = { host: "127.0.0.1", port: this.#port, localAddress: from };
      const secure = connect({ ...address, rejectUnauthorized: false, servername: "localhost" } as object);
      plain.pipe(secure).pipe(plain);
      for (const [one, other] of [
        [plain, secure],
        [secure, plain],
      ] as const) {
        one.on("error", () => other.destroy());
        one.on("close", () => other.destroy());
      }
    });
    await new Promise<void>((resolve) => tunnel.listen(0, "127.0.0.1", resolve));
    const raw = new Raw((tunnel.address() as AddressInfo).port);
    this.#tunnels.push(() => {
      raw.end();
      tunnel.close();
    });
    return raw;
  }

  /** Opens a conversation through the proxy. */
  async converse(from?: string, more?: HeaderChanges): Promise<Conversation> {
    const raw = await this.raw(from);
    const talk = await Conversation.open(raw, { headers: this.headers(more) });
    await talk.hello();
    return talk;
  }

  /** Stops the proxy, then the servers. */
  async end(): Promise<void> {
    for (const close of this.#tunnels) close();
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    if (this.#child.exitCode === null && this.#child.kill("SIGTERM")) await ended;
    await Promise.all(this.servers.map((server) => server.kill()));
    await this.#redis?.stop();
  }
}

/** Resolves when the server takes part: with an engine, a moment after it listens. */
async function isWell({ url }: Server): Promise<void> {
  while (!(await fetch(`${url}/healthz`)).ok) await pause(50);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function render(
  proxy: ReverseProxy,
  folder: string,
  place: Omit<Site, "certificate" | "key" | "both">,
): string {
  const [certificate, key, both] = ["pem", "key", "both"].map((kind) => join(folder, `site.${kind}`));
  assert(certificate && key && both);
  let text = readFileSync(join(import.meta.dirname, "../../deploy", proxy.file), "utf8");
  for (const [found, instead] of proxy.changes({ ...place, certificate, key, both })) {
    assert(text.includes(found), `deploy/${proxy.file} no longer contains “${found}”`);
    text = text.replaceAll(found, instead);
  }
  const file = join(folder, proxy.file);
  writeFileSync(file, proxy.whole(text, folder));
  return file;
}
