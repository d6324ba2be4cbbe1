import type { Manifest } from "./manifest.ts";

type Environment = Record<string, string | undefined>;

/**
 * Returns what `pnpm dev` adds to the environment of its servers. `CHAOS` is 1 unless it is set: the page may order
 * failures. If several servers share one `PORT`, it is the first one's, and `PORTS` and `SERVERS` list one for each.
 * `args` are the command's own; only `--filter` matters.
 */
export function devEnvironment(env: Environment, args: string[], manifests: Manifest[]): Environment {
  return { CHAOS: env.CHAOS || "1", ...portsFor(env, chosen(args, manifests)) };
}

/** Returns a server's port from `PORTS` (`express-ws=4000,bun-hono=4001`), or `undefined` if it has none there. */
export function portIn(ports: string | undefined, id: string): string | undefined {
  const entries = (ports ?? "").split(",").map((entry) => entry.split("="));
  return entries.find(([name]) => name === id)?.[1];
}

function portsFor(env: Environment, servers: Manifest[]): Environment {
  const first = Number(env.PORT);
  // With PORT=0 each server picks a free port itself.
  if (!Number.isInteger(first) || first < 1 || servers.length < 2) return {};
  const port = (place: number): number => first + place;
  const host = env.HOST && !isEverywhere(env.HOST) ? env.HOST : "127.0.0.1";
  const urlOf = (place: number): string => `http://${host.includes(":") ? `[${host}]` : host}:${port(place)}`;
  return {
    PORTS: servers.map(({ id }, place) => `${id}=${port(place)}`).join(","),
    SERVERS: env.SERVERS || servers.map(({ id }, place) => `${id}=${urlOf(place)}`).join(","),
  };
}

/** Returns whether a server that listens there can be reached at every address of this machine. */
export function isEverywhere(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

// Turbo has more ways to filter than by name. With those every server gets a port, chosen or not.
function chosen(args: string[], manifests: Manifest[]): Manifest[] {
  const filters = args.flatMap((arg, index) => {
    if (arg === "--filter" || arg === "-F") return [args[index + 1] ?? ""];
    return arg.startsWith("--filter=") ? [arg.slice("--filter=".length)] : [];
  });
  const named = manifests.filter(({ id }) => filters.includes(id));
  return named.length === new Set(filters).size && named.length > 0 ? named : manifests;
}
