import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test as base, type TestInfo } from "@playwright/test";
import type { Manifest } from "@rosetta/manifest";
import {
  Conversation,
  describeExit,
  hideFrames,
  Ports,
  Raw,
  Server,
  ServerError,
  type ServerPlan,
  startSiblings,
  type UpgradeOptions,
} from "@rosetta/testkit";
import { contradiction, deviationOf, idOf } from "./deviation.ts";
import { patience, SharedEngine } from "./engine.ts";

export { expect } from "@playwright/test";

hideFrames(import.meta.dirname, join(import.meta.dirname, "tests"));

/** Starts a server for this test only, with additions to its environment. It ends with the test. */
export type Launch = (
  env?: Record<string, string>,
  options?: Pick<ServerPlan, "log" | "untilHealthy">,
) => Promise<Server>;

/** Starts a server that is expected to fail. Resolves when it has ended, with its output. */
export type Attempt = (env: Record<string, string>) => Promise<Server>;

/** Opens a conversation at `/ws` of a server (default: the worker's) and sends `hello`. */
export type Converse = (
  options?: UpgradeOptions & { client?: string; server?: Server },
) => Promise<Conversation>;

interface TestFixtures {
  /** A topic that no other test uses. */
  room: string;
  /** The raw client of the worker's server. `raw.at(port)` is that of another. */
  raw: Raw;
  launch: Launch;
  attempt: Attempt;
  converse: Converse;
  verdict: undefined;
}

interface WorkerFixtures {
  /** The server that the project is about. */
  server: Manifest;
  /** The rung of its ladder that the project is about. If there is none, it is about the app itself. */
  rung: string | undefined;
  /** Whether servers have an engine, or keep everything in memory. */
  withEngine: boolean;
  ports: Ports;
  /** The worker's engine, if servers have one. */
  engine: SharedEngine | undefined;
  /** The URL of the database in it that the shared server has. */
  database: string | undefined;
  /** The running server that tests share. */
  app: Server;
  /** All running servers, as siblings of each other, that tests with a browser share. */
  house: Server[];
}

/** Playwright's `test` with a server, a raw client and a conversation. No test knows the name of a stack. */
export const test = base.extend<TestFixtures, WorkerFixtures>({
  server: [undefined as unknown as Manifest, { option: true, scope: "worker" }],
  rung: [undefined, { option: true, scope: "worker" }],

  withEngine: [false, { option: true, scope: "worker" }],

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the dependencies of a fixture from the pattern.
  ports: [async ({}, use, { parallelIndex }) => use(new Ports(parallelIndex)), { scope: "worker" }],

  engine: [
    async ({ withEngine, ports }, use) => {
      const engine = withEngine ? await SharedEngine.start(ports) : undefined;
      await use(engine);
      await engine?.stop();
    },
    { scope: "worker" },
  ],

  database: [async ({ engine }, use) => use(engine?.database()), { scope: "worker" }],

  app: [
    async ({ server, rung, ports, database }, use, { project }) => {
      const plan = { manifest: server, rung, ports, ...withEngineAt(database) };
      const app = await startOnceMore(plan, project.outputDir);
      await use(app);
      await app.kill();
    },
    { scope: "worker", timeout: 60_000 },
  ],

  // Here and not beside the browser's fixtures, because a worker goes on with the next file only if its worker
  // fixtures are the same.
  house: [
    async ({ server, rung, ports }, use) => {
      const servers = await startSiblings({ manifest: server, rung, ports });
      await use(servers);
      await Promise.all(servers.map((each) => each.kill()));
    },
    { scope: "worker", timeout: 60_000 },
  ],

  // It begins before every other fixture of a test and ends after them, so it sees all errors.
  verdict: [
    async ({ app, server, rung }, use, testInfo) => {
      testInfo.annotations.push({ type: "runtime", description: app.ready?.runtime ?? server.runtime });
      const logged = app.stderr.length;
      await use(undefined);
      // A copy that was bitten is judged like an app: there a failure is what is looked for.
      if (rung !== undefined && !process.env.APP_FOLDER) return surviveRung(app, testInfo);
      await demandAlive(app, logged, testInfo);
      judge(server, testInfo);
      await attachLog(app, testInfo, logged);
    },
    { auto: true, title: "the server lives, deviations are as declared" },
  ],

  // biome-ignore lint/correctness/noEmptyPattern: as above.
  room: async ({}, use, { title }) => {
    await use(`room/${idOf(title).toLowerCase()}-${randomBytes(6).toString("hex")}`);
  },

  raw: async ({ app }, use) => {
    const raw = new Raw(app.port);
    await use(raw);
    raw.end();
  },

  launch: async ({ server, rung, ports, engine }, use, testInfo) => {
    const servers: Server[] = [];
    await use(async (env = {}, options = {}) => {
      const plan = { manifest: server, rung, ports, ...withEngineAt(engine?.database(), env), ...options };
      const launched = await Server.start(plan);
      servers.push(launched);
      return launched;
    });
    await Promise.all(servers.map((each) => each.kill()));
    for (const each of servers) await attachLog(each, testInfo);
  },

  attempt: async ({ server, rung, ports }, use) => {
    await use((env) => Server.attempt({ manifest: server, rung, ports, env }));
  },

  converse: async ({ raw, app }, use) => {
    await use(async ({ server = app, ...options } = {}) => {
      const conversation = await Conversation.open(raw.at(server.port), options);
      await conversation.hello();
      return conversation;
    });
  },
});

/** Returns how a server starts with a database of the engine, if it has one. */
function withEngineAt(
  database: string | undefined,
  env: Record<string, string> = {},
): Pick<ServerPlan, "env" | "untilHealthy"> {
  if (database === undefined) return { env };
  return { env: { REDIS_URL: database, ...patience, ...env }, untilHealthy: true };
}

// A worker ends with a failed test, and the next one starts the server again. If the server does not start at all,
// every test would wait for it, so after the second attempt nobody waits any more.
async function startOnceMore(plan: ServerPlan, folder: string): Promise<Server> {
  const file = join(folder, `${plan.manifest.id}-${plan.rung ?? "app"}-${process.ppid}.did-not-start`);
  const failures = existsSync(file) ? readFileSync(file, "utf8").split("\f") : [];
  if (failures.length > 2) throw new ServerError(failures[0] ?? "");
  try {
    return await Server.start(plan);
  } catch (error) {
    mkdirSync(folder, { recursive: true });
    appendFileSync(file, `${(error as Error).message}\f`);
    throw error;
  }
}

async function answers(app: Server): Promise<boolean> {
  const raw = new Raw(app.port);
  const answer = await raw.request("/greet").catch(() => undefined);
  raw.end();
  return answer !== undefined && !app.exit;
}

// A server that a test has killed must not fail the next one. The request also gives it time to die.
async function demandAlive(app: Server, logged: number, testInfo: TestInfo): Promise<void> {
  if (await answers(app)) return;
  const exit = await app.exited(1_000).catch(() => undefined);
  const end = exit ? describeExit(exit) : "it does not answer";
  throw at(testInfo, new ServerError(`this test killed the server: ${end}; ${app.log(logged)}`));
}

// What a rung does not have yet fails its tests, and the reporter counts them. For Playwright that is expected, because
// after an unexpected failure it would start a new worker, with a new server, hundreds of times.
async function surviveRung(app: Server, testInfo: TestInfo): Promise<void> {
  const isAlive = await answers(app);
  if (!isAlive) await app.kill().then(() => app.restart());
  if (isAlive && testInfo.status === "passed") return;
  testInfo.fail(true, "a finding about the rung");
  if (!isAlive) throw at(testInfo, new ServerError("this test killed the server"));
}

/** Adds a server's log to a failed test. The reporter shows it below the error. */
export async function attachLog(server: Server, testInfo: TestInfo, from = 0): Promise<void> {
  if (testInfo.status === testInfo.expectedStatus || server.stderr.length === from) return;
  await testInfo.attach("server", { body: server.log(from), contentType: "text/plain" });
}

// The expectation is set after the body has run. Before, any failure would do, including that of a dead server.
function judge(server: Manifest, testInfo: TestInfo): void {
  if (testInfo.expectedStatus === "failed") {
    testInfo.expectedStatus = "passed";
    throw at(
      testInfo,
      new Error("test.fail() is not allowed: declare a deviation in the server.json of the stack"),
    );
  }
  const deviation = deviationOf(server.deviations, testInfo.title);
  if (!deviation || testInfo.status === "skipped") return;
  const errors = testInfo.errors.map(({ message }) => message ?? "");
  const problem = contradiction(deviation, { status: testInfo.status, errors });
  if (problem) throw at(testInfo, new Error(problem));
  testInfo.fail(true, deviation.reason);
}

// An error about a test as a whole points at its first line.
function at({ file, line, column }: TestInfo, error: Error): Error {
  error.stack = `${error.name}: ${error.message}\n    at ${file}:${line}:${column}`;
  return error;
}
