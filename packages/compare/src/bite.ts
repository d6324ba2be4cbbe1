import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { styleText } from "node:util";
import { type AppFolder, emptied, folderOf, readApps, root } from "@rosetta/manifest";
import { type AppSources, readAppSources } from "./app-sources.ts";
import { CommandError, type ParityOptions } from "./arguments.ts";
import {
  type BiteVerdict,
  type Cell,
  canBite,
  grepOf,
  judge,
  judgeControl,
  planCells,
  printBites,
  printVerdict,
} from "./cells.ts";
import { buildPage, withCopies } from "./copies.ts";
import { anyServer } from "./dealing.ts";
import { runSuite, type SuiteRun } from "./playwright.ts";
import { pool } from "./pool.ts";

/** The folder for copies of apps. It is as deep as `apps/x`, and nothing that looks for servers finds it. */
const folder = join(root, ".bite");

// Above the ports of `pnpm e2e` (from 20000), below the ephemeral ones (from 32768).
const firstPort = 24_000;
const lastPort = 32_700;

const testMs = 20_000;
const biteMs = 120_000;
const controlMs = 900_000;

/**
 * Empties each region of each app, or of the last rung of its ladder, in a copy, and requires that the region's tests
 * then fail. They must first pass in an untouched copy, or a failure would prove nothing. The apps are only read.
 */
export async function bite(options: ParityOptions & { do: "bite" }): Promise<number> {
  const house = readAppSources(readApps(options.folder), options.folder);
  if (house.findings.length > 0) throw new CommandError("some apps cannot be read: see pnpm parity");
  const bitten = options.folder === "steps" ? lastRungs(house) : house;
  const cells = planCells(bitten, options.servers, options.regions);
  return withCopies(folder, async (signal) => {
    if (options.folder === "src") buildPage();
    return report(await biteAll(cells, options, signal));
  });
}

// The others have the same regions, or fewer.
function lastRungs(house: AppSources): AppSources {
  const last = house.sources
    .map(({ name }) => name)
    .sort()
    .at(-1);
  return { ...house, sources: house.sources.filter(({ name }) => name === last) };
}

type Bitten = { cell: Cell; verdict: BiteVerdict };

async function biteAll(
  cells: Cell[],
  { folder, jobs }: ParityOptions & { do: "bite" },
  signal: AbortSignal,
): Promise<Bitten[]> {
  const rung = folder === "steps" ? cells[0]?.source.name.replace(/\.ts$/, "") : undefined;
  const apps = [...new Set(cells.map((cell) => cell.app))];
  const wanted = [...new Set(cells.map((cell) => cell.region))];
  const portsOf = (slot: number) => firstPort + slot * Math.floor((lastPort - firstPort) / jobs);
  const controls = await pool(apps, jobs, async (app, slot) => {
    const run = await runCopy({
      app,
      rung,
      regions: wanted,
      copy: copyApp(app, "control"),
      port: portsOf(slot),
      control: true,
      signal,
    });
    const failed = run.outcomes.filter(({ status }) => status === "unexpected").length;
    console.error(`${app}  untouched: ${run.outcomes.length} tests, ${failed} red`);
    return { app, run };
  });
  return pool(cells, jobs, async (cell, slot) => {
    const control = controls.find(({ app }) => app === cell.app)?.run ?? { outcomes: [], errors: [] };
    const verdict = await biteOne({ cell, folder, rung, control, port: portsOf(slot), signal });
    console.error(`${cell.app}  ${cell.region}  ${printVerdict(verdict)}`);
    return { cell, verdict };
  });
}

interface Bite {
  cell: Cell;
  folder: AppFolder;
  rung: string | undefined;
  control: SuiteRun;
  port: number;
  signal: AbortSignal;
}

async function biteOne({ cell, folder, rung, control, port, signal }: Bite): Promise<BiteVerdict> {
  if (!canBite(cell)) return { state: "no code" };
  const before = judgeControl(control, cell.region);
  if (before.state !== "green") return before;
  const { app, region, source } = cell;
  const copy = copyApp(app, region);
  const file = join(copy, folder, source.name);
  writeFileSync(file, emptied(readFileSync(file, "utf8"), region));
  return judge(await runCopy({ app, rung, regions: [region], copy, port, control: false, signal }));
}

interface CopyRun {
  app: string;
  /** The rung of its ladder that is run, if it is not the app itself. */
  rung: string | undefined;
  regions: string[];
  copy: string;
  port: number;
  /** True for the untouched copy, whose tests all run. Otherwise the run stops at the first failure. */
  control: boolean;
  signal: AbortSignal;
}

async function runCopy({ app, rung, regions, copy, port, control, signal }: CopyRun): Promise<SuiteRun> {
  const project = rung === undefined ? app : `${app}:${rung}`;
  const run = ["--project", project, "--grep", grepOf(regions), "--workers=1", "--retries=0"];
  // In a whole run these tests may run on another server, so they say nothing about this one.
  const putToAll = ["--grep-invert", `@${anyServer}`];
  const bounds = [`--timeout=${testMs}`, `--global-timeout=${control ? controlMs : biteMs}`];
  const stop = control ? [] : ["--max-failures=1"];
  const output = ["--output", join(folder, "output", basename(copy))];
  const environment = { APP_FOLDER: copy, PORT_BASE: String(port), E2E_STEPS: rung ?? "" };
  try {
    return await runSuite([...run, ...putToAll, ...bounds, ...stop, ...output], { environment, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    return { outcomes: [], errors: [(error as Error).message] };
  }
}

function copyApp(app: string, label: string): string {
  const original = folderOf(app);
  const copy = join(folder, `${app}-${label}`);
  cpSync(original, copy, { recursive: true, filter: (path) => basename(path) !== "node_modules" });
  symlinkSync(join(original, "node_modules"), join(copy, "node_modules"));
  return copy;
}

function report(verdicts: Bitten[]): number {
  console.log(printBites(verdicts));
  const unclear = verdicts.flatMap(({ cell, verdict }) =>
    verdict.state === "unclear" ? [`${cell.app}  ${cell.region}  ${verdict.reason}`] : [],
  );
  if (unclear.length > 0) console.log(`\nunclear:\n${unclear.join("\n")}`);
  const count = (state: BiteVerdict["state"]) =>
    verdicts.filter(({ verdict }) => verdict.state === state).length;
  const good = count("green") + unclear.length === 0;
  const dead = verdicts.filter(({ verdict }) => verdict.state === "red" && !verdict.starts).length;
  const sentence = `${count("red")} red (${dead} do not start), ${count("no code")} without code, ${count("green")} still green, ${unclear.length} unclear`;
  console.log(styleText(good ? "green" : "red", `\n${sentence}`));
  return good ? 0 : 1;
}
