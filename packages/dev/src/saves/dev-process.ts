import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { Process, type ProcessExit } from "@rosetta/testkit/process";

/** Milliseconds after which something that did not happen counts as failed. */
const patienceMs = 120_000;

/** `pnpm dev` in its own process group, as in a terminal, and what it has printed. */
export class DevProcess {
  /** Every line so far, without colours. */
  readonly lines: string[] = [];
  readonly #process: Process;
  #heard = Promise.withResolvers<void>();

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    // As the README's first command.
    this.#process = new Process(["npx", "-y", "pnpm@12", "dev", "--port", "0"], { cwd, env, ownGroup: true });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", (line) => this.#hear(line));
    }
    void this.#process.closed.then(() => this.#hear("pnpm dev has ended"));
  }

  /** Waits for a line that matches, among those from a place on. Returns its match. Rejects after two minutes. */
  async line(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const deadline = performance.now() + patienceMs;
    for (let place = from; ; place += 1) {
      while (place >= this.lines.length) await this.#hearUntil(deadline, pattern);
      const match = pattern.exec(this.lines[place] ?? "");
      if (match) return match;
    }
  }

  /** Returns how many lines match, among those from a place on. */
  count(pattern: RegExp, from = 0): number {
    return this.lines.slice(from).filter((line) => pattern.test(line)).length;
  }

  /** Does what Ctrl-C does: every process of the group gets SIGINT. Resolves when all have ended. */
  async interrupt(): Promise<ProcessExit> {
    this.#process.kill("SIGINT");
    const late = setTimeout(() => this.#process.kill(), patienceMs);
    return this.#process.closed.finally(() => clearTimeout(late));
  }

  async #hearUntil(deadline: number, pattern: RegExp): Promise<void> {
    const late = Promise.withResolvers<never>();
    const why = `no line ${pattern} came after:\n${this.lines.join("\n")}`;
    const timer = setTimeout(() => late.reject(new Error(why)), deadline - performance.now());
    await Promise.race([this.#heard.promise, late.promise]).finally(() => clearTimeout(timer));
  }

  #hear(line: string): void {
    this.lines.push(stripVTControlCharacters(line));
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  }
}
