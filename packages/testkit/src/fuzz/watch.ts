import { encodeFrame, Opcode, randomMask } from "@rosetta/conformance";
import { holdingOf } from "../process/index.ts";
import { Raw } from "../raw.ts";
import { metric } from "../read-metrics.ts";
import { describeExit, type Server } from "../server.ts";

/** How long a server has to release what a conversation used, in milliseconds. */
export const backMs = 5_000;

/** How much more memory a server may hold after many conversations than once it had warmed up (MiB). */
const mebibytesMore = 64;

/** The resources that must be as before when a conversation is over. */
interface Held {
  descriptors: number;
  slots: number;
  failures: number;
}

/** Checks a server between two conversations. */
export class FuzzWatch {
  readonly #server: Server;
  readonly #raw: Raw;
  #base: Held = { descriptors: 0, slots: 0, failures: 0 };
  #warmMebibytes: number | undefined;

  constructor(server: Server) {
    this.#server = server;
    this.#raw = new Raw(server.port);
  }

  /** Records what the server holds now, to compare with later. */
  async settle(): Promise<void> {
    for (let round = 0; round < 20; round++) await this.#honest();
    this.#base = await this.#held();
  }

  /** Returns a fault if the server has died, serves nobody, has not released something, or a handler threw. */
  async problem(): Promise<string | undefined> {
    try {
      await this.#honest();
      return await this.#leak();
    } catch (error) {
      return this.#ended(error as Error);
    } finally {
      this.#raw.end();
    }
  }

  /** Returns a fault if its memory has grown too much since the first call. Before that, the runtime warms up. */
  async growth(): Promise<string | undefined> {
    const memory = (): number => Math.round(holdingOf(this.#server.pid).memory);
    this.#warmMebibytes ??= memory();
    const most = this.#warmMebibytes + mebibytesMore;
    if (await eventually(async () => memory() <= most)) return undefined;
    return `its memory grew from ${this.#warmMebibytes} to ${memory()} MiB`;
  }

  // An honest WebSocket. The honest request is the one for the metrics.
  async #honest(): Promise<void> {
    const payload = Buffer.from("honest");
    const firstBytes = encodeFrame({ opcode: Opcode.Text, payload, mask: randomMask() });
    const ws = await this.#raw.connect("/echo", { firstBytes });
    const text = await ws.nextText();
    if (text !== "honest") throw new Error(`an honest client of /echo got ${JSON.stringify(text)}`);
    ws.destroy();
  }

  async #leak(): Promise<string | undefined> {
    let held = await this.#held();
    const isBack = async () => {
      held = await this.#held();
      return held.slots <= this.#base.slots && held.descriptors <= this.#base.descriptors;
    };
    if (held.failures > this.#base.failures) return "a handler threw (failures_total)";
    if (await eventually(isBack)) return undefined;
    const { slots, descriptors } = this.#base;
    return held.slots > slots
      ? `${held.slots} connections are still counted after ${backMs} ms (before: ${slots})`
      : `${held.descriptors} descriptors are still open after ${backMs} ms (before: ${descriptors})`;
  }

  async #held(): Promise<Held> {
    const slots = await metric(this.#raw, "connections");
    const failures = await metric(this.#raw, "failures_total");
    return { slots, failures, descriptors: holdingOf(this.#server.pid).descriptors };
  }

  async #ended(error: Error): Promise<string> {
    const exit = this.#server.exit ?? (await this.#server.exited(1_000).catch(() => undefined));
    return exit
      ? `the process ended (${describeExit(exit)})`
      : `an honest client was not served: ${error.message}`;
  }
}

// Polls, because Linux does not tell us when a process closes a descriptor.
async function eventually(isSo: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + backMs;
  for (let pause = 0; ; pause = Math.min(100, pause * 2 + 1)) {
    if (await isSo()) return true;
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
