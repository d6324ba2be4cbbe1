// The command behind `pnpm eject`.
import { basename, join, resolve } from "node:path";
import { chooseServers } from "@rosetta/manifest";
import { appFiles } from "./app.ts";
import { EjectError, type EjectOptions, help, readArguments } from "./arguments.ts";
import { rungFiles } from "./rung.ts";
import { runtimeOf } from "./runtimes.ts";
import { projectName } from "./template.ts";
import { checkFolder, writeProject } from "./write.ts";

// With a handler, `exit` is emitted, which removes what is half written.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

try {
  await run(readArguments(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof EjectError)) throw error;
  console.error(`pnpm eject: ${error.message}`);
  process.exitCode = 2;
}

async function run(options: EjectOptions): Promise<void> {
  if (options.do === "help") return console.log(help);
  const chosen = chooseServers([options.server]);
  if (typeof chosen === "string") throw new EjectError(chosen);
  const [server] = chosen;
  if (!server) throw new EjectError(`there is no server "${options.server}"`);
  // `pnpm -C` changes the working directory.
  const folder = resolve(process.env.INIT_CWD ?? process.cwd(), options.folder);
  checkFolder(folder);
  const name = projectName(basename(folder));
  const files =
    options.do === "rung"
      ? rungFiles({ server, name, step: options.step })
      : await appFiles({ server, name, all: options.all });
  writeProject(folder, files);
  console.log(
    [
      `${options.folder} is ${server.title} by itself, in ${files.size} files. It needs ${runtimeOf(server).needed}.`,
      `Begin with ${join(options.folder, options.do === "rung" ? "server.ts" : "README.md")}. Then:`,
      "",
      `  cd ${/\s/.test(options.folder) ? JSON.stringify(options.folder) : options.folder} && npm install`,
      "  npm start",
      "",
    ].join("\n"),
  );
}
