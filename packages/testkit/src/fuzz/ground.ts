import type { Manifest } from "@rosetta/manifest";
import type { Ports } from "../ports.ts";
import { Raw } from "../raw.ts";
import { Server } from "../server.ts";
import { type Played, play } from "./play.ts";
import { describeBytes, describeScript, type Script, type ScriptContext } from "./script.ts";
import { FuzzWatch } from "./watch.ts";

/** A fault, and the conversation that showed it. */
export interface Shown {
  fault: string;
  /** The bytes that went out and came back, in readable form. */
  text: string;
  /** The last lines of the server's log. */
  log: string;
}

/** Memory is checked after every so many conversations. */
const growthEvery = 1_000;

/** A server to talk to. It is started again after every fault that harmed it. */
export class Ground {
  readonly #manifest: Manifest;
  readonly #ports: Ports;
  #server: Server | undefined;
  #watch: FuzzWatch | undefined;
  #isOver = false;
  /** How many conversations the running server has had. */
  #held = 0;
  #place: ScriptContext = { port: 0, cursor: "" };
  /** The newest fault. */
  last: Shown | undefined;

  constructor(manifest: Manifest, ports: Ports) {
    this.#manifest = manifest;
    this.#ports = ports;
  }

  /** Starts the server, unless it runs. */
  async begin(): Promise<Server> {
    if (this.#isOver) throw new Error("the fuzzer has ended: no new conversation can begin");
    if (this.#server) return this.#server;
    const server = await Server.start({ manifest: this.#manifest, ports: this.#ports });
    this.#watch = new FuzzWatch(server);
    this.#place = { port: server.port, cursor: await cursorOf(server.port) };
    await this.#watch.settle();
    this.#server = server;
    this.#held = 0;
    return server;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#stop();
  }

  async #stop(): Promise<void> {
    await this.#server?.kill();
    this.#server = undefined;
  }

  /** Plays a script up to `tries` times, because some faults depend on timing. `needed` is how many times it took. */
  async insist(script: Script, tries: number): Promise<{ shown: Shown | undefined; needed: number }> {
    for (let needed = 1; ; needed++) {
      const shown = await this.show(script);
      if (shown || needed === tries) return { shown, needed };
    }
  }

  /** Plays one conversation. Returns what was wrong with it, or with the server after it. */
  async show(script: Script): Promise<Shown | undefined> {
    const server = await this.begin();
    const logged = server.stderr.length;
    const played = await play(script, server, this.#place).catch(broken);
    const harm = (await this.#watch?.problem()) ?? (await this.#growth());
    const fault = harm ?? played.fault;
    if (fault === undefined) return undefined;
    this.last = { fault, text: this.#text(script, played), log: server.log(logged) };
    if (harm !== undefined) await this.#stop();
    return this.last;
  }

  async #growth(): Promise<string | undefined> {
    this.#held++;
    return this.#held % growthEvery === 0 ? this.#watch?.growth() : undefined;
  }

  #text(script: Script, { came }: Played): string {
    const answer = describeBytes(came).map((line) => `  < ${line}`);
    return [describeScript(script, this.#place), `came back, ${came.length} B`, ...answer].join("\n");
  }
}

function broken(error: Error): Played {
  return { fault: error.message, came: Buffer.alloc(0) };
}

async function cursorOf(port: number): Promise<string> {
  const raw = new Raw(port);
  const { body } = await raw.request("/poll?topic=room/lobby");
  raw.end();
  const { epoch, offset } = JSON.parse(body) as { epoch: string; offset: number };
  return `${epoch}:${offset}`;
}
