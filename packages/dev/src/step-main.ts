// The command behind `pnpm step`.
import { spawn } from "node:child_process";
import { commandOfRung, folderOf, readManifests, readRungs } from "@rosetta/manifest";
import { commandOf } from "@rosetta/manifest/start";
import { listLadders, readStep, type StartRequest } from "./step.ts";
import { whyTaken } from "./taken.ts";

const ladders = readManifests().map((manifest) => ({ manifest, rungs: readRungs(manifest.id) }));
const request = readStep(process.argv.slice(2), ladders, process.env);
if (request === "list") console.log(listLadders(ladders));
else if ("why" in request) fail(request.why);
else await start(request);

async function start({ manifest, rung, port }: StartRequest): Promise<void> {
  const host = process.env.HOST || "127.0.0.1";
  const reason = await whyTaken(host, port, "another port: --port 4000");
  if (reason) return fail(reason);
  const [program, ...args] = commandOf(manifest, commandOfRung(manifest, rung.name));
  const child = spawn(program, args, {
    cwd: folderOf(manifest.id),
    stdio: "inherit",
    env: { ...process.env, HOST: host, PORT: String(port) },
  });
  console.log(
    `${manifest.title}, rung ${rung.name}: apps/${manifest.id}/steps/${rung.name}.ts. Ctrl-C ends it.`,
  );
  let isEnding = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      isEnding = true;
      // A terminal sends Ctrl-C to the child, too, and a second one would cut its shutdown short.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", ({ message }) => fail(message));
  // Only the last rung ends by itself. The signal ends the others, which is no failure of this command.
  child.on("exit", (status) => {
    process.exitCode = isEnding ? 0 : (status ?? 1);
  });
}

function fail(why: string): void {
  console.error(`pnpm step: ${why}`);
  process.exitCode = 2;
}
