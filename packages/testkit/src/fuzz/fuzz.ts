import type { Manifest } from "@rosetta/manifest";
import fc from "fast-check";
import { Ports } from "../ports.ts";
import { Raw } from "../raw.ts";
import { Server } from "../server.ts";
import { type Played, play } from "./play.ts";
import { describeBytes, describeScript, type Place, type Script } from "./script.ts";
import { scripts } from "./scripts.ts";
import { Watch } from "./watch.ts";

/** What to try. */
export interface FuzzOptions {
  manifest: Manifest;
  /** How many conversations; default: without end. */
  conversations?: number | undefined;
  /** Seconds after which no further conversation begins; default: without end. */
  seconds?: number | undefined;
  seed: number;
  /** Where to begin: the path that a failing run has printed. */
  path?: string | undefined;
  ports?: Ports;
}

/** What was found. */
export interface FuzzReport {
  conversations: number;
  seconds: number;
  found?: Found;
}

/** A conversation after which something was wrong. */
export interface Found {
  fault: string;
  /** The number of the conversation that showed it first. */
  conversation: number;
  /** Seconds until then. */
  seconds: number;
  path: string;
  /** The shortest conversation that shows it, bytes that went out and came back, as a person reads them. */
  text: string;
  /** The last lines of the server's log. */
  log: string;
}

/** What was found, for a person: the conversation, and how to have it again. */
export function describeFound({ id }: Manifest, seed: number, found: Found): string {
  return [
    `${id}: ${found.fault}`,
    `seen in conversation ${found.conversation}, after ${found.seconds.toFixed(1)} s; the shortest that shows it:`,
    found.text.replace(/^/gm, "  "),
    found.log,
    `again: pnpm fuzz ${id} --seed ${seed} --path ${found.path}`,
  ].join("\n");
}

// A fault that needs luck shows itself once in so many times. Tried so often while it is shrunk.
const mostTries = 10;
const shrinkMs = 60_000;
const growthEvery = 500;

/** Talks to a server of its own until something is wrong. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const ground = new Ground(options.manifest, options.ports ?? new Ports(0));
  try {
    return await search(ground, options);
  } finally {
    await ground.end();
  }
}

async function search(ground: Ground, options: FuzzOptions): Promise<FuzzReport> {
  const { seed, path, conversations = 1_000_000_000, seconds = 1_000_000 } = options;
  await ground.begin();
  const begun = performance.now();
  const elapsed = () => (performance.now() - begun) / 1000;
  if (path !== undefined) return shrunk(ground, { seed, path, conversation: 1, seconds: 0 }, elapsed);
  let conversation = 0;
  const property = fc.asyncProperty(scripts(), async (script) => {
    conversation++;
    await ground.hold(script);
    if (conversation % growthEvery === 0) await ground.checkGrowth();
  });
  const { failed, counterexamplePath } = await fc.check(property, {
    seed,
    numRuns: conversations,
    endOnFailure: true,
    interruptAfterTimeLimit: seconds * 1000,
    markInterruptAsFailure: false,
  });
  if (!failed) return { conversations: conversation, seconds: elapsed() };
  return shrunk(ground, { seed, path: counterexamplePath ?? "", conversation, seconds: elapsed() }, elapsed);
}

/** Where a fault was met. */
interface Meeting {
  seed: number;
  path: string;
  conversation: number;
  seconds: number;
}

// Plays it again and shrinks it, keeping to the same kind of fault: a server has many.
async function shrunk(ground: Ground, met: Meeting, elapsed: () => number): Promise<FuzzReport> {
  const first = ground.last;
  let kind = first && kindOf(first.fault);
  let best = first;
  let tries = mostTries;
  const property = fc.asyncProperty(scripts(), async (script) => {
    const { shown, needed } = await ground.insist(script, tries);
    if (shown === undefined || kindOf(shown.fault) !== (kind ?? kindOf(shown.fault))) return;
    // The first one is the conversation itself: what it shows at once needs no luck.
    if (tries === mostTries) tries = Math.min(mostTries, 2 * needed);
    kind = kindOf(shown.fault);
    best = shown;
    throw new Error(shown.fault);
  });
  const { counterexamplePath } = await fc.check(property, {
    seed: met.seed,
    path: met.path,
    numRuns: 1,
    interruptAfterTimeLimit: shrinkMs,
    markInterruptAsFailure: false,
  });
  const report = { conversations: met.conversation, seconds: elapsed() };
  if (!best) return report;
  const { conversation, seconds } = met;
  return { ...report, found: { ...best, conversation, seconds, path: counterexamplePath ?? met.path } };
}

// The same fault whatever the requests and numbers in it: what stands before the details.
function kindOf(fault: string): string {
  return (fault.split(/[:("]/)[0] ?? "").replace(/\S+ \/\S*/g, "…").replace(/\d+/g, "#");
}

type Shown = Pick<Found, "fault" | "text" | "log">;

/** A server to talk to, started again whenever it has come to harm. */
class Ground {
  readonly #manifest: Manifest;
  readonly #ports: Ports;
  #server: Server | undefined;
  #watch: Watch | undefined;
  #place: Place = { port: 0, cursor: "" };
  /** The fault that was met last. */
  last: Shown | undefined;

  constructor(manifest: Manifest, ports: Ports) {
    this.#manifest = manifest;
    this.#ports = ports;
  }

  async begin(): Promise<Server> {
    if (this.#server) return this.#server;
    const server = await Server.start({ manifest: this.#manifest, column: "app", ports: this.#ports });
    this.#watch = new Watch(server);
    this.#place = { port: server.port, cursor: await cursorOf(server.port) };
    await this.#watch.settle();
    this.#server = server;
    return server;
  }

  async end(): Promise<void> {
    await this.#server?.kill();
    this.#server = undefined;
  }

  /** Holds one conversation. Throws what is wrong with it, or with the server after it. */
  async hold(script: Script): Promise<void> {
    const shown = await this.#show(script);
    if (shown) throw new Error(shown.fault);
  }

  /** Holds it until something is wrong, so many times at most: some faults need luck. `needed` says how many it took. */
  async insist(script: Script, tries: number): Promise<{ shown: Shown | undefined; needed: number }> {
    for (let needed = 1; ; needed++) {
      const shown = await this.#show(script);
      if (shown || needed === tries) return { shown, needed };
    }
  }

  /** Throws if the server holds more and more memory. */
  async checkGrowth(): Promise<void> {
    const fault = await this.#watch?.growth();
    if (fault === undefined) return;
    this.last = { fault, text: "after all conversations so far", log: this.#server?.log() ?? "" };
    throw new Error(fault);
  }

  async #show(script: Script): Promise<Shown | undefined> {
    const server = await this.begin();
    const logged = server.stderr.length;
    const played = await play(script, server, this.#place).catch(broken);
    const harm = await this.#watch?.problem();
    const fault = harm ?? played.fault;
    if (fault === undefined) return undefined;
    this.last = { fault, text: this.#text(script, played), log: server.log(logged) };
    if (harm !== undefined) await this.end();
    return this.last;
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
