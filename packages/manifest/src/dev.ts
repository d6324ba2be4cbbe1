import type { Manifest } from "./index.ts";

type Environment = Record<string, string | undefined>;

/**
 * What `pnpm dev` adds to the environment of its servers: they take orders for failures, unless `CHAOS` says otherwise,
 * and where `PORT` is given to several of them, it is the first one's, and `PORTS` has one for each.
 * `args` are those of the command, of which `--filter` counts.
 */
export function devEnvironment(env: Environment, args: string[], manifests: Manifest[]): Environment {
  return { CHAOS: env.CHAOS || "1", ...portsFor(env, chosen(args, manifests)) };
}

/** The port of a server in `PORTS`, which is written `express-ws=4000,bun-hono=4001`; nothing if it has none there. */
export function portIn(ports: string | undefined, id: string): string | undefined {
  const entries = (ports ?? "").split(",").map((entry) => entry.split("="));
  return entries.find(([name]) => name === id)?.[1];
}

function portsFor(env: Environment, servers: Manifest[]): Environment {
  const first = Number(env.PORT);
  // Of no port (0) each server takes any.
  if (!Number.isInteger(first) || first < 1 || servers.length < 2) return {};
  const port = (place: number): number => first + place;
  const host = env.HOST && !isEverywhere(env.HOST) ? env.HOST : "127.0.0.1";
  const urlOf = (place: number): string => `http://${host.includes(":") ? `[${host}]` : host}:${port(place)}`;
  return {
    PORTS: servers.map(({ id }, place) => `${id}=${port(place)}`).join(","),
    SERVERS: env.SERVERS || servers.map(({ id }, place) => `${id}=${urlOf(place)}`).join(","),
  };
}

/** Whether a server that listens there can be reached by every address of this machine. */
export function isEverywhere(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

// Turbo knows more ways to choose; with those each server has its place among all.
function chosen(args: string[], manifests: Manifest[]): Manifest[] {
  const filters = args.flatMap((arg, index) => {
    if (arg === "--filter" || arg === "-F") return [args[index + 1] ?? ""];
    return arg.startsWith("--filter=") ? [arg.slice("--filter=".length)] : [];
  });
  const named = manifests.filter(({ id }) => filters.includes(id));
  return named.length === new Set(filters).size && named.length > 0 ? named : manifests;
}
