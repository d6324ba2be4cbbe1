// The command behind `pnpm saves`.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { runProgram } from "@rosetta/testkit/process";
import { whyNot } from "../plan.ts";
import { archiveOf, checkOut } from "./checkout.ts";
import { DevProcess } from "./dev-process.ts";
import { faultsOf, printSaves, type SavesReport } from "./report.ts";
import { Trial, type TrialServer } from "./trial.ts";
import { Visitor } from "./visitor.ts";

const help = `pnpm saves    Runs pnpm dev in a copy in which nothing is installed, and saves files as editors do: in place, by
replacing, broken and mended, a server's and the page's. Then installs elsewhere. Counts the restarts, measures the time
until the new code answers, and opens every page all the while. Writes results/saves.json.
Exit code: 1 if a restart was missing or one too many, if a page was ever blank, or if something still listens in the end.`;

const root = resolve(import.meta.dirname, "../../../..");
// All pages are opened many times a second, from one address.
const unlimited = { MAX_REQUESTS_PER_SECOND: "100000", MAX_REQUEST_BURST: "100000" };
// A row of the board.
const addressLine = /(http:\/\/\S+) .* apps\/([\w-]+)\/src$/;

if (process.argv.includes("--help") || process.argv.includes("-h")) console.log(help);
else await run();

async function run(): Promise<void> {
  const archive = archiveOf(root);
  const folder = checkOut(archive);
  const began = performance.now();
  const dev = new DevProcess(folder, { ...process.env, ...unlimited });
  try {
    await dev.line(/^Ctrl-C stops all/);
    const first = { ms: performance.now() - began, ...linesOf(dev) };
    const servers = serversOf(dev);
    const visitors = servers.map(({ id, url }) => new Visitor(id, url));
    const trial = new Trial(folder, dev, servers);
    await trial.run(() => installElsewhere(archive));
    const visits = await Promise.all(visitors.map((visitor) => visitor.leave()));
    await dev.interrupt();
    report({ first, rows: trial.rows, visits, left: await listeningStill(servers) });
  } finally {
    await dev.interrupt();
    rmSync(folder, { recursive: true });
  }
}

// Between the installation and the first address stands the command that pnpm runs.
function linesOf({ lines }: DevProcess): { installed: number; printed: number } {
  const command = lines.findIndex((line) => line.startsWith("$ "));
  const address = lines.findIndex((line) => addressLine.test(line));
  const said = (some: string[]): number => some.filter((line) => line !== "").length;
  return { installed: said(lines.slice(0, command)), printed: said(lines.slice(command, address)) };
}

function serversOf({ lines }: DevProcess): TrialServer[] {
  return lines.flatMap((line) => {
    const [, url, id] = addressLine.exec(line) ?? [];
    return url && id ? [{ id, url }] : [];
  });
}

async function installElsewhere(archive: Buffer): Promise<void> {
  const folder = checkOut(archive);
  const command = ["npx", "-y", "pnpm@12", "install", "--frozen-lockfile", "--prefer-offline"];
  const { code, output } = await runProgram(command, { cwd: folder });
  rmSync(folder, { recursive: true });
  if (code !== 0) throw new Error(`the installation elsewhere failed:\n${output}`);
}

async function listeningStill(servers: TrialServer[]): Promise<string[]> {
  const codes = await Promise.all(servers.map(({ url }) => whyNot("127.0.0.1", Number(new URL(url).port))));
  return servers.filter((_, place) => codes[place] !== undefined).map(({ id }) => id);
}

function report(found: SavesReport): void {
  mkdirSync(join(root, "results"), { recursive: true });
  writeFileSync(join(root, "results/saves.json"), `${JSON.stringify(found, undefined, 2)}\n`);
  console.log(printSaves(found));
  for (const fault of faultsOf(found)) {
    console.error(fault);
    process.exitCode = 1;
  }
}
