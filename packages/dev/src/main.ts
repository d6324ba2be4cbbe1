// The command behind `pnpm dev`.
import { readManifests } from "@rosetta/manifest";
import { readArguments } from "./arguments.ts";
import type { DevEngine } from "./cluster/engine.ts";
import { DevLoop } from "./loop.ts";
import { type DevPlan, freePorts, planRun } from "./plan.ts";
import { withoutTaken } from "./taken.ts";

const ids = readManifests().map(({ id }) => id);
const help = `pnpm dev [server …] [options]    Runs the servers with the page. When you save a file, the servers that use it
restart, the page that uses it is rebuilt, and open pages load themselves again. A touch only restarts.

  --cluster           makes the servers one application, through a Redis, behind one address: a room spans all of them.
                      Uses REDIS_URL, or starts redis-server or valkey-server
  --filter <server>   runs only this server; the same as naming it
  --port <n>          the first server's port, which the others follow; 0 for any free ones; the same as PORT=<n>.
                      With --cluster the one address gets it, and the servers follow
  --help              prints this text

Servers: ${ids.join(", ")}; default: all of them.
Variables: those in packages/protocol/PROTOCOL.md. CHAOS=0 forbids the page to make servers fail on purpose.`;

/** Milliseconds after which it is worth saying that servers still drain. */
const slowMs = 1_000;

// The reader of stdout has gone, as with `| head`. The servers run on.
process.stdout.on("error", () => {});

const request = readArguments(process.argv.slice(2));
if (typeof request === "string") refuse([request]);
else if (request.help) console.log(help);
else {
  const env = { ...process.env, ...(request.port !== undefined && { PORT: request.port }) };
  const plan = await planRun(request.servers, env, request.cluster);
  if (Array.isArray(plan)) refuse(plan);
  else if (request.cluster) await runCluster(plan, env);
  else await run(plan, env);
}

async function runCluster(plan: DevPlan, env: NodeJS.ProcessEnv): Promise<void> {
  const { DevEngine, noEngine } = await import("./cluster/engine.ts");
  const [port = 0] = await freePorts(1, "127.0.0.1");
  const engine = DevEngine.find(env, port);
  if (engine) await run(plan, { ...env, REDIS_URL: engine.url }, engine);
  else refuse([noEngine]);
}

async function run(planned: DevPlan, env: NodeJS.ProcessEnv, engine?: DevEngine): Promise<void> {
  const { plan, problems } = await withoutTaken(planned);
  for (const problem of problems) console.error(problem);
  const isLost = planned.balancer !== undefined && plan.balancer === undefined;
  if (plan.seats.length === 0 || isLost) {
    process.exitCode = 1;
    return;
  }
  const loop = await DevLoop.create(plan, env, engine);
  let isStopping = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // What still runs is killed with this process.
      if (isStopping) process.exit(1);
      isStopping = true;
      setTimeout(() => console.log("the servers drain; Ctrl-C again ends them at once"), slowMs).unref();
      void loop.stop().then(() => process.exit(0));
    });
  }
  await loop.start().catch((error: Error) => {
    if (!isStopping) console.error(error.message);
    process.exitCode = 1;
    return loop.stop();
  });
}

function refuse(problems: string[]): void {
  for (const problem of problems) console.error(`pnpm dev: ${problem}`);
  process.exitCode = 2;
}
