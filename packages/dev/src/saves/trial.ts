import {
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { DevProcess } from "./dev-process.ts";
import { get } from "./visitor.ts";

/** What was done to files, and what became of it in one server. */
export interface TrialRow {
  what: string;
  server: string;
  /** How often the server was to restart. */
  expected: number;
  restarts: number;
  /** Milliseconds from each save until the new code answered. */
  times: number[];
}

/** A server of the run, by its id. */
export interface TrialServer {
  id: string;
  url: string;
}

const saves = 10;
const edits = 3;
/** How often a server is asked whether it runs the new code, in ms. */
const askMs = 10;
/** Milliseconds after which new code counts as never coming. */
const patienceMs = 60_000;

// A file of a package, which every server uses, and of which one can ask what it says: the body of a 404.
const shared = "packages/hub/src/http/answers.ts";
const page = "packages/page/index.html";

/** Saves files in every way that editors do, and sees what the servers make of it. */
export class Trial {
  readonly rows: TrialRow[] = [];
  readonly #folder: string;
  readonly #dev: DevProcess;
  readonly #servers: readonly TrialServer[];
  readonly #code: string;
  readonly #html: string;
  #saved = 0;

  /** `folder` is the repository's copy in which `pnpm dev` runs. */
  constructor(folder: string, dev: DevProcess, servers: readonly TrialServer[]) {
    this.#folder = folder;
    this.#dev = dev;
    this.#servers = servers;
    this.#code = readFileSync(join(folder, shared), "utf8");
    this.#html = readFileSync(join(folder, page), "utf8");
  }

  /** Does everything. `install` is an installation of the same packages in some other folder. */
  async run(install: () => Promise<void>): Promise<void> {
    await this.#section("saved by replacing", saves, () => this.#saveCode(replace));
    await this.#section("saved in place", saves, () => this.#saveCode(writeFileSync));
    await this.#section("broken, then mended", 1, () => this.#breakAndMend());
    await this.#section("touched", 1, () => this.#touch());
    await this.#section("page edited", edits, () => this.#editPage(), 0);
    await this.#section("installed elsewhere", 1, () => this.#installElsewhere(install), 0);
  }

  /** `step` returns for each server the milliseconds until the new code answered; it is done `times` times. */
  async #section(what: string, times: number, step: () => Promise<number[]>, restarts = 1): Promise<void> {
    const from = this.#dev.lines.length;
    const all: number[][] = [];
    for (let count = 0; count < times; count += 1) all.push(await step());
    this.#servers.forEach(({ id }, place) => {
      this.rows.push({
        what,
        server: id,
        expected: restarts * times,
        restarts: this.#dev.count(new RegExp(`^${id} restarted`), from),
        times: all.flatMap((each) => each[place] ?? []),
      });
    });
  }

  async #saveCode(save: (file: string, text: string) => void): Promise<number[]> {
    this.#saved += 1;
    const body = `not found, save ${this.#saved}`;
    const began = performance.now();
    const from = this.#dev.lines.length;
    save(join(this.#folder, shared), this.#code.replace("not found\\n", body));
    return this.#forEach(async ({ id, url }) => {
      await until(async () => (await get(`${url}/nowhere`)).text === body, `${id} answers "${body}"`);
      const ms = performance.now() - began;
      await this.#dev.line(new RegExp(`^${id} restarted: ${shared} changed`), from);
      return ms;
    });
  }

  async #breakAndMend(): Promise<number[]> {
    const from = this.#dev.lines.length;
    writeFileSync(join(this.#folder, shared), `${this.#code}\nconst broken = ;\n`);
    await this.#forEach(({ id }) => this.#dev.line(new RegExp(`^${id} is broken: ${shared}:\\d+: `), from));
    return this.#saveCode(writeFileSync);
  }

  async #touch(): Promise<number[]> {
    const from = this.#dev.lines.length;
    const now = new Date();
    utimesSync(join(this.#folder, shared), now, now);
    await this.#forEach(({ id }) => this.#dev.line(new RegExp(`^${id} restarted: ${shared} touched`), from));
    return [];
  }

  async #editPage(): Promise<number[]> {
    this.#saved += 1;
    const title = `<title>Save ${this.#saved}</title>`;
    const began = performance.now();
    const from = this.#dev.lines.length;
    replace(join(this.#folder, page), this.#html.replace(/<title>.*<\/title>/, title));
    const times = await this.#forEach(async ({ id, url }) => {
      await until(async () => (await get(`${url}/`)).text.includes(title), `${id} serves "${title}"`);
      return performance.now() - began;
    });
    await this.#dev.line(new RegExp(`^the page is rebuilt: ${page} changed`), from);
    return times;
  }

  // The edit in the end shows that the loop has looked at all that came before.
  async #installElsewhere(install: () => Promise<void>): Promise<number[]> {
    await install();
    for (const folder of ["packages/hub/src", "packages/protocol/src", "apps"]) {
      for (const file of filesBelow(join(this.#folder, folder))) {
        linkSync(file, join(this.#folder, "linked"));
        unlinkSync(join(this.#folder, "linked"));
      }
    }
    await this.#editPage();
    return [];
  }

  #forEach<T>(work: (server: TrialServer) => Promise<T>): Promise<T[]> {
    return Promise.all(this.#servers.map(work));
  }
}

function replace(file: string, text: string): void {
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Asks until the answer is yes. A question that fails is asked again. */
async function until(ask: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await ask().catch(() => false))) {
    if (performance.now() > deadline)
      throw new Error(`in ${patienceMs / 1000} s it never happened that ${what}`);
    await pause(askMs);
  }
}
