import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { connect } from "node:tls";
import type { Manifest } from "@rosetta/manifest";
import { isFree } from "@rosetta/manifest/start";
import { Conversation, type HeaderChanges, type Ports, Raw, Server } from "@rosetta/testkit";
import type { ReverseProxy } from "./proxies.ts";

/** The parts of a stage. `folder` holds the certificate. */
export interface StagePlan {
  proxy: ReverseProxy;
  manifest: Manifest;
  ports: Ports;
  folder: string;
  /** Added to the server's environment. */
  env: Record<string, string>;
}

/** A running proxy with a server behind it. */
export class Stage {
  readonly server: Server;
  readonly origin: string;
  readonly #tunnels: (() => void)[] = [];
  readonly #port: number;
  readonly #child: ChildProcess;
  #said = "";

  private constructor(server: Server, port: number, child: ChildProcess) {
    this.server = server;
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

  static async begin({ proxy, manifest, ports, folder, env }: StagePlan): Promise<Stage> {
    const port = await ports.next();
    const allowed = { ALLOWED_ORIGINS: `https://localhost:${port}`, TRUST_PROXY: "1" };
    const server = await Server.start({ manifest, ports, env: { ...allowed, ...env } });
    const file = render(proxy, folder, { port, serverPort: server.port });
    const child = spawn(proxy.name, proxy.args(file), {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, HOME: folder },
    });
    const stage = new Stage(server, port, child);
    while (await isFree(port)) {
      if (child.exitCode !== null) throw new Error(`${proxy.name} does not start: ${stage.said}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return stage;
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

  /** Stops the proxy, then the server. */
  async end(): Promise<void> {
    for (const close of this.#tunnels) close();
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    if (this.#child.exitCode === null && this.#child.kill("SIGTERM")) await ended;
    await this.server.kill();
  }
}

function render(proxy: ReverseProxy, folder: string, place: { port: number; serverPort: number }): string {
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
