import type { Manifest } from "@rosetta/manifest";
import fc from "fast-check";
import { Ports } from "../ports.ts";
import { Ground, type Shown } from "./ground.ts";
import type { Script } from "./script.ts";
import { scripts } from "./scripts.ts";

/** The options of a run. */
export interface FuzzOptions {
  manifest: Manifest;
  /** How many conversations. Default: no limit. */
  conversations?: number | undefined;
  /** Seconds after which no new conversation begins. Default: no limit. */
  seconds?: number | undefined;
  seed: number;
  /** The path that a failing run printed: plays only that conversation. */
  path?: string | undefined;
  ports?: Ports;
  /** Texts of declared faults. A fault that contains one of them is counted, and the search goes on. */
  declared?: readonly string[];
}

/** The findings of a run. */
export interface FuzzReport {
  conversations: number;
  /** How many of them showed a declared fault. */
  declared: number;
  seconds: number;
  found?: Found;
}

/** The shortest conversation found that shows a fault. */
export interface Found extends Shown {
  /** The number of the conversation that showed it first. */
  conversation: number;
  /** Seconds until then. */
  seconds: number;
  path: string;
}

/** Returns the faults that a server's manifest declares: the `shows` of its deviations from FUZZ tests. */
export function declaredOf({ deviations }: Manifest): string[] {
  return deviations.filter(({ test }) => test.startsWith("FUZZ-")).map(({ shows }) => shows);
}

/** Describes a fault for a person: the conversation that shows it, and the command that plays it again. */
export function describeFound({ id }: Manifest, seed: number, found: Found): string {
  return [
    `${id}: ${found.fault}`,
    `seen in conversation ${found.conversation}, after ${found.seconds.toFixed(1)} s. The shortest one that shows it:`,
    found.text.replace(/^/gm, "  "),
    found.log,
    `Repeat it with: pnpm fuzz ${id} --seed ${seed} --path ${found.path}`,
  ].join("\n");
}

// Some faults depend on timing. While shrinking, each conversation is tried up to this many times.
const mostTries = 10;
const shrinkMs = 60_000;

/** Starts a server and talks to it until a fault is found or the limits are reached. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const ground = new Ground(options.manifest, options.ports ?? new Ports(0));
  try {
    await ground.begin();
    return await new Search(ground, options).run();
  } finally {
    await ground.end();
  }
}

/** Where a fault was met. */
type Met = Pick<Found, "conversation" | "seconds" | "path">;

class Search {
  readonly #ground: Ground;
  readonly #options: FuzzOptions;
  readonly #begun = performance.now();
  #conversations = 0;
  #declared = 0;

  constructor(ground: Ground, options: FuzzOptions) {
    this.#ground = ground;
    this.#options = options;
  }

  async run(): Promise<FuzzReport> {
    const { path } = this.#options;
    const met = path === undefined ? await this.#find() : { path, conversation: 1, seconds: 0 };
    const found = met && (await this.#shrink(met));
    const report = { conversations: this.#conversations, declared: this.#declared, seconds: this.#seconds };
    return found ? { ...report, found } : report;
  }

  get #seconds(): number {
    return (performance.now() - this.#begun) / 1000;
  }

  async #find(): Promise<Met | undefined> {
    // fast-check has no value for "no limit", so these are numbers that no search reaches.
    const { seed, conversations = 1_000_000_000, seconds = 1_000_000 } = this.#options;
    const { failed, counterexamplePath } = await fc.check(
      fc.asyncProperty(scripts(), (script) => this.#hold(script)),
      {
        seed,
        numRuns: conversations,
        endOnFailure: true,
        interruptAfterTimeLimit: seconds * 1000,
        markInterruptAsFailure: false,
      },
    );
    if (!failed) return undefined;
    return { path: counterexamplePath ?? "", conversation: this.#conversations, seconds: this.#seconds };
  }

  async #hold(script: Script): Promise<void> {
    this.#conversations++;
    const shown = await this.#ground.show(script);
    if (shown && !this.#isDeclared(shown)) throw new Error(shown.fault);
    if (shown) this.#declared++;
  }

  #isDeclared({ fault }: Shown): boolean {
    return (this.#options.declared ?? []).some((part) => fault.includes(part));
  }

  // Plays the conversation again and shrinks it. Only the same kind of fault counts: a server can have several.
  async #shrink(met: Met): Promise<Found | undefined> {
    let best = this.#ground.last;
    let tries = mostTries;
    const property = fc.asyncProperty(scripts(), async (script) => {
      const { shown, needed } = await this.#ground.insist(script, tries);
      if (!shown || (best && kindOf(shown.fault) !== kindOf(best.fault))) return;
      // The first run is the conversation itself. How many tries it took says how much luck the fault needs.
      if (tries === mostTries) tries = Math.min(mostTries, 2 * needed);
      best = shown;
      throw new Error(shown.fault);
    });
    const { counterexamplePath } = await fc.check(property, {
      seed: this.#options.seed,
      path: met.path,
      numRuns: 1,
      interruptAfterTimeLimit: shrinkMs,
      markInterruptAsFailure: false,
    });
    return best && { ...best, ...met, path: counterexamplePath ?? met.path };
  }
}

// Returns what is left of a message without its details: faults that differ only in requests and numbers are the same.
function kindOf(fault: string): string {
  return (fault.split(/[:("]/)[0] ?? "").replace(/\S+ \/\S*/g, "…").replace(/\d+/g, "#");
}
