// `pnpm conform`: the command line, with the servers of this repository by name.

import { folderOf, type Manifest, raisedLimits, readManifests, versionsOf } from "@rosetta/manifest";
import { commandOf, inheritedEnvironment, isFree } from "@rosetta/manifest/start";
import { ourClients } from "./our-clients.ts";
import { main } from "./src/cli/main.ts";
import type { Setup, Target } from "./src/cli/target.ts";
import type { KnownFailure } from "./src/report/baseline.ts";

// Outside the range that Linux uses for outgoing connections, so that a server that comes back finds its port free.
const firstPort = Number(process.env.PORT_BASE ?? 24_000);

async function targetOf(manifest: Manifest, ports: AsyncGenerator<number, never>): Promise<Target> {
  const { id, title, runtime } = manifest;
  const setup = async (compressed: boolean): Promise<Setup> => {
    const { value: port } = await ports.next();
    const env = { ...environment(port), ...(compressed && { COMPRESSION: "1" }) };
    const run = commandOf(manifest, manifest.start);
    return { url: `ws://127.0.0.1:${port}/echo`, command: { run, cwd: folderOf(id), env }, compressed };
  };
  return {
    id,
    title,
    versions: { ...(runtime === "node" && { node: process.versions.node }), ...versionsOf(folderOf(id)) },
    policy: { ...raisedLimits, COMPRESSION: "1 (compressed cases only)" },
    known: knownFailures(manifest),
    setups: [await setup(false), await setup(true)],
  };
}

// The suite runs the same cases. The failures that it expects stand in `server.json`, each with its reason.
function knownFailures({ id, deviations }: Manifest): KnownFailure[] {
  const found = deviations.filter(({ test }) => test.startsWith("CONF-"));
  return found.flatMap(({ reason, link, shows }) => {
    const ids = shows.match(/\d+\.\d+\.\d+/g) ?? [];
    return ids.map((each) => ({ id: each, reason, link, target: id }));
  });
}

function environment(port: number): Record<string, string> {
  return {
    ...inheritedEnvironment(),
    ...raisedLimits,
    PORT: String(port),
    HOST: "127.0.0.1",
    NO_COLOR: "1",
  };
}

async function* freePorts(): AsyncGenerator<number, never> {
  let port = firstPort;
  for (;;) {
    if (await isFree(port)) yield port;
    port++;
  }
}

// pnpm starts scripts in the package's folder, but file names are relative to where the command was given.
const { INIT_CWD } = process.env;
if (INIT_CWD !== undefined && process.cwd() === import.meta.dirname) process.chdir(INIT_CWD);

const ports = freePorts();
const targets: Target[] = [];
for (const manifest of readManifests()) targets.push(await targetOf(manifest, ports));
process.exit(await main(process.argv.slice(2), { targets, clients: ourClients }));
