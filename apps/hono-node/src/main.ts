// The process: its environment, its one line on stdout and its signals. Byte for byte the same in every app.
import { clusterOf } from "@rosetta/cluster";
import { createExtras } from "@rosetta/hub/extras";
import { Lines, platform, resolveHost } from "@rosetta/hub/node";
import { readManifests } from "@rosetta/manifest";
import { readEnvironment, urlOf } from "@rosetta/protocol";
import pino from "pino";
import manifest from "../server.json" with { type: "json" };
import { start } from "./server.ts";

// Resolved once, because `localhost` can be ::1 for one caller and 127.0.0.1 for the next (nodejs/node#40537).
const host = await resolveHost(process.env.HOST || "127.0.0.1");
const servers = readManifests().map(({ id, title, port }) => ({ id, title, url: urlOf(host, port) }));
const environment = { ...process.env, HOST: host };
const { settings, problems } = readEnvironment(environment, { port: manifest.port, servers });
if (!settings) {
  for (const problem of problems) console.error(`${manifest.id}: ${problem}`);
  process.exit(2);
}

// Writing never blocks: a full disk or a stalled reader must not stop the server.
const lines = new Lines(2);
const log = pino({ base: { server: manifest.id } }, lines);
const runtime = process.versions.bun ? `bun ${process.versions.bun}` : `node ${process.versions.node}`;
// With REDIS_URL, this server and the others there are one application.
const cluster = await clusterOf(settings, platform, (line) => log.warn(line));
const server = await start({
  identity: { id: manifest.id, title: manifest.title, runtime },
  settings,
  extras: createExtras(),
  ...(cluster && { cluster }),
  journal: {
    record: ({ name, details }) => log.info(details, name),
    failed: (error) => log.error(error),
    lost: () => lines.lost,
  },
}).catch((error: NodeJS.ErrnoException) => {
  const remedy = error.code === "EADDRINUSE" ? ": stop what listens there, or set PORT to another" : "";
  console.error(
    `${manifest.id}: cannot listen on ${settings.host}:${settings.port} (${error.code ?? error})${remedy}`,
  );
  process.exit(1);
});
console.log(JSON.stringify({ ready: true, server: manifest.id, url: server.url, runtime }));

/** Milliseconds that the last log lines have to be written before the process ends. */
const flushMs = 500;

let isStopping = false;
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (isStopping) process.exit(1);
    isStopping = true;
    void end();
  });
}

async function end(): Promise<void> {
  const code = await server.stop().then(() => 0, failed);
  await lines.flushed(flushMs);
  process.exit(code);
}

function failed(error: unknown): number {
  log.error(error);
  return 1;
}
