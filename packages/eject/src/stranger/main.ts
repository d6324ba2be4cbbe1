// Does with a project what a stranger would: `pnpm -C packages/eject run stranger [server…]`. It ejects each server,
// installs the project with npm and with pnpm, builds, compiles and tests it, plays its Dockerfile, starts it on every
// Node that is supported, and prints the result of each step. Needs the registry and a Redis; Linux only.

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts, startRedis } from "@rosetta/cluster/testing";
import { chooseServers, type Manifest, readRungs } from "@rosetta/manifest";
import { appFiles } from "../app.ts";
import { rungFiles } from "../rung.ts";
import { writeProject } from "../write.ts";
import { playDockerfile } from "./dockerfile.ts";
import { copyProject, run, sizeOf } from "./shell.ts";
import { type VisitedProgram, visitApp, visitRung } from "./visit.ts";

/** The lines of Node on which a server on Node is started. */
const lines = [22, 24, 26];

/** Where the projects are written. */
const workshop = mkdtempSync(join(tmpdir(), "stranger-"));
const servers = chooseServers(process.argv.slice(2));
if (typeof servers === "string") {
  console.error(servers);
  process.exit(2);
}

let failed = 0;
try {
  const nodes = servers.some(({ runtime }) => runtime === "node") ? await installNodes() : [];
  for (const server of servers) {
    await asApp(server, nodes);
    await asRung(server, nodes);
  }
} finally {
  rmSync(workshop, { recursive: true, force: true });
}
console.log(failed === 0 ? "\nA stranger gets along." : `\n${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function asApp(server: Manifest, nodes: string[]): Promise<void> {
  const folder = join(workshop, server.id);
  console.log(`\n${server.title}`);
  writeProject(folder, await appFiles({ server, name: server.id, all: false }));
  await tell("npm install", () => install(folder, "npm install"));
  for (const line of ["npm run types", "npm run build", "npm test"])
    await tell(line, () => seconds(folder, line));
  await tell("npm test with a Redis", () => shared(folder));
  for (const visit of visits(server, folder, server.start.slice(1), nodes)) {
    await tell(`a room on ${visit.name}`, () => visitApp(visit));
  }
  await tell("the Dockerfile, without Docker", () => contain(server, folder));
  const small = join(workshop, `${server.id}-small`);
  copyProject(folder, small);
  await tell("npm ci --omit=dev", () => install(small, "npm ci --omit=dev"));
  const other = join(workshop, `${server.id}-pnpm`);
  copyProject(folder, other);
  await tell("pnpm install", () => install(other, "npx -y pnpm@12 install"));
  const whole = join(workshop, `${server.id}-all`);
  writeProject(whole, await appFiles({ server, name: server.id, all: true }));
  await tell("npm install of --all", () => install(whole, "npm install"));
  for (const line of ["npm run types", "npm test"])
    await tell(`${line} of --all`, () => seconds(whole, line));
}

async function asRung(server: Manifest, nodes: string[]): Promise<void> {
  const last = readRungs(server.id).at(-1);
  // A server need not have a ladder.
  if (!last) return;
  const folder = join(workshop, `${server.id}-rung`);
  console.log(`\n${server.title}, rung ${last.name}`);
  writeProject(folder, rungFiles({ server, name: server.id, step: last.name }));
  await tell("npm install", () => install(folder, "npm install"));
  for (const visit of visits(server, folder, ["server.ts"], nodes)) {
    await tell(`a room on ${visit.name}`, () => visitRung(visit));
  }
  const other = join(workshop, `${server.id}-rung-pnpm`);
  copyProject(folder, other);
  await tell("pnpm install", () => install(other, "npx -y pnpm@12 install"));
}

// Says what came of one thing to try, and goes on if it failed.
async function tell(what: string, attempt: () => Promise<unknown>): Promise<void> {
  try {
    console.log(`  ${what.padEnd(32)} ${(await attempt()) ?? "works"}`);
  } catch (error) {
    failed += 1;
    console.log(`  ${what.padEnd(32)} failed: ${(error as Error).message}`);
  }
}

async function install(folder: string, line: string): Promise<string> {
  const ms = await run(folder, line);
  const mebibytes = sizeOf(join(folder, "node_modules")) / 1024 / 1024;
  return `${mebibytes.toFixed(1)} MiB in ${(ms / 1_000).toFixed(1)} s`;
}

async function seconds(folder: string, line: string): Promise<string> {
  return `${((await run(folder, line)) / 1_000).toFixed(1)} s`;
}

async function shared(folder: string): Promise<string> {
  const redis = await startRedis(await freePorts(0)());
  try {
    return await seconds(folder, `REDIS_URL=${redis.url} npm test`);
  } finally {
    await redis.stop();
  }
}

async function contain(server: Manifest, folder: string): Promise<void> {
  const stages = join(workshop, `${server.id}-image`);
  const text = readFileSync(join(folder, "Dockerfile"), "utf8");
  const image = await playDockerfile(text, folder, stages, run);
  const [program = "", ...args] = image.command;
  const command = [
    program === "node" ? process.execPath : join(folder, "node_modules/.bin", program),
    ...args,
  ];
  await visitApp({ folder: image.folder, command, variables: image.variables });
}

function visits(
  { runtime }: Manifest,
  folder: string,
  args: string[],
  nodes: string[],
): (VisitedProgram & { name: string })[] {
  if (runtime === "bun") {
    const bun = join(folder, "node_modules/.bin/bun");
    return [{ name: "Bun", folder, command: [bun, ...args] }];
  }
  return nodes.map((node, index) => ({ name: `Node ${lines[index]}`, folder, command: [node, ...args] }));
}

async function installNodes(): Promise<string[]> {
  const folder = join(workshop, "nodes");
  mkdirSync(folder);
  const name = `node-${process.platform}-${process.arch}`;
  const aliases = lines.map((line) => `node${line}@npm:${name}@${line}`);
  await run(folder, `npm install --no-save ${aliases.join(" ")}`);
  return lines.map((line) => join(folder, `node_modules/node${line}/bin/node`));
}
