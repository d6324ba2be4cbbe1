// The command behind `pnpm e2e`: a browser if one is needed, then Playwright.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { findRedis, redisRemedy } from "@rosetta/cluster/testing";
import { readManifests, readRungs } from "@rosetta/manifest";
import { warm } from "@rosetta/testkit";
import { type E2eOptions, readArguments } from "./arguments.ts";
import { BrowserError, ensureChromium } from "./browser.ts";

const manifests = readManifests();
const servers = manifests.map(({ id }) => id);
const help = `pnpm e2e [options] [files]    Runs the suite against every server.

  --steps [rung]   against every rung of every ladder (apps/*/steps), or one: --steps 3. Needs no browser, and
                   says which tests each rung turns green. What fails is a finding: the exit code is 0 if every
                   rung started.
  --cluster        the tests about delivery, on servers with an engine, and the group CLUSTER: several servers of
                   all stacks as one application. Needs redis-server or valkey-server, and no browser.
  --dealt          each test on one server only, chosen by the test's number: a quick run
  --project <id>   only this server: ${servers.join(", ")}
  -g <pattern>     only tests whose title matches: -g UPG-04
  --headed         shows the browser
  --workers <n>    tests that run at once; default 4

Anything else goes to Playwright (pnpm -C e2e exec playwright test --help).
Environment: E2E_CHROMIUM=/path/to/chromium, PORT_BASE=20000, APP_FOLDER=/a/copy/of/an/app.

A run of everything writes results/e2e.json (--steps: results/steps.json, --cluster: results/engine.json; with
--dealt: results/e2e-dealt.json and so on). Each test tagged @any-server runs on
one server then, chosen by the test's number. If you ask for a part, with a --project, a pattern or a file, every
test in it runs on every chosen server, and the results go to e2e/test-results/partial.json.`;

const ladders = new Map(manifests.map(({ id }) => [id, readRungs(id)]));
const longest = [...ladders.values()].sort((a, b) => b.length - a.length)[0] ?? [];

const request = readArguments(process.argv.slice(2), servers, longest);
if (typeof request === "string") fail(request);
else if (request.help) console.log(help);
else await start(request);

async function start(request: E2eOptions): Promise<void> {
  if (request.cluster && !findRedis()) return fail(redisRemedy);
  try {
    if (needsBrowser(request)) process.env.E2E_CHROMIUM = ensureChromium();
  } catch (error) {
    if (!(error instanceof BrowserError)) throw error;
    return fail(error.message);
  }
  if (request.steps === undefined && request.whole) await warm(manifests);
  runPlaywright(request);
}

function needsBrowser({ steps, cluster }: E2eOptions): boolean {
  return steps === undefined && !cluster;
}

function runPlaywright(request: E2eOptions): void {
  const { steps, cluster, dealt, projects, rest, whole } = request;
  const cli = createRequire(import.meta.url).resolve("@playwright/test/cli");
  const list = rest.includes("--list") ? ["--reporter=list"] : [];
  const args = [
    cli,
    "test",
    ...projectsOf(projects, steps).map((name) => `--project=${name}`),
    ...list,
    ...rest,
  ];
  const child = spawn(process.execPath, args, {
    cwd: import.meta.dirname,
    stdio: "inherit",
    env: {
      ...process.env,
      ...colours(),
      E2E_STEPS: steps ?? "",
      E2E_ENGINE: cluster ? "1" : "",
      E2E_DEALT: dealt ? "1" : "",
      E2E_RESULTS: whole && !process.env.APP_FOLDER ? resultsFile(request) : "",
    },
  });
  // On SIGINT Playwright ends its workers, and they end their servers. It treats a second SIGINT within a second,
  // as from Ctrl-C in a terminal, as the same one.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => child.kill("SIGINT"));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal ?? "SIGKILL"];
  });
}

// Playwright colours its workers' errors by FORCE_COLOR=1. With NO_COLOR beside it, every Node would print a
// warning.
function colours(): NodeJS.ProcessEnv {
  return process.env.NO_COLOR ? { NO_COLOR: undefined, FORCE_COLOR: "0" } : {};
}

// Each rung is a project of its own.
function projectsOf(servers: string[], steps: string | undefined): string[] {
  if (steps === undefined) return servers;
  const names = (id: string) => (ladders.get(id) ?? []).map(({ name }) => name);
  return servers.flatMap((id) =>
    names(id)
      .filter((name) => steps === "all" || steps === name)
      .map((name) => `${id}:${name}`),
  );
}

function resultsFile({ steps, cluster, dealt }: E2eOptions): string {
  const column = cluster ? "engine" : steps === undefined ? "e2e" : "steps";
  return fileURLToPath(new URL(`../results/${column}${dealt ? "-dealt" : ""}.json`, import.meta.url));
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 2;
}
