import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { resolveHost } from "@rosetta/hub/node";
import { type Manifest, readManifests } from "@rosetta/manifest";
import { readEnvironment, type Sibling, urlOf, usualOrigins } from "@rosetta/protocol";

/** A server and where it is to listen. */
export interface Seat extends DevAddress {
  manifest: Manifest;
}

/** A port, and where a browser on this machine finds it. */
export interface DevAddress {
  port: number;
  url: string;
}

/** Where the servers of a run listen. */
export interface DevPlan {
  /** The address of `HOST`. */
  host: string;
  seats: Seat[];
  /** Where all servers have one address. Left out unless they are one application. */
  balancer?: DevAddress;
  /** True if the ports are not those of the manifests, so that servers must be told of each other. */
  isMoved: boolean;
}

/**
 * Returns where servers are to listen: each on the port of its manifest; with `PORT=4000` on 4000, 4001 and so on; with
 * `PORT=0` on free ports, which they keep for the whole run. A `cluster` also has a balancer, on the port before theirs:
 * it takes 3000, or 4000, and they follow. If a variable cannot be used, returns one line for each.
 */
export async function planRun(
  servers: Manifest[],
  env: NodeJS.ProcessEnv,
  cluster = false,
): Promise<DevPlan | string[]> {
  const host = await resolveHost(env.HOST || "127.0.0.1");
  const { settings, problems } = readEnvironment({ ...env, HOST: host }, { port: noPort, servers: [] });
  if (!settings) return problems;
  const trouble = await whyNot(host, 0);
  if (trouble) return [`HOST="${env.HOST}" cannot be used: this machine cannot listen there (${trouble})`];
  const isMoved = settings.port !== noPort;
  const count = servers.length + Number(cluster);
  if (isMoved && settings.port + count - 1 > highestPort) {
    return [
      `PORT=${settings.port} leaves no port for the last of ${servers.length} servers: the highest is ${highestPort}`,
    ];
  }
  const free = settings.port === 0 ? await freePorts(count, host) : [];
  const ports = Array.from({ length: count }, (_, place) => free[place] ?? settings.port + place);
  const balancerPort = cluster && (isMoved ? ports.shift() : usualBalancerPort);
  const seats = servers.map((manifest, place) => {
    const port = isMoved ? (ports[place] ?? 0) : manifest.port;
    return { manifest, port, url: urlOf(host, port) };
  });
  const balancer = balancerPort ? { port: balancerPort, url: urlOf(host, balancerPort) } : undefined;
  return { host, seats, isMoved, ...(balancer && { balancer }) };
}

/** The one below those of the manifests. */
const usualBalancerPort = 3_000;

/** The highest port of TCP. */
export const highestPort = 65_535;
// Not a port anybody could ask for.
const noPort = -1;

/** What the servers of a run have in common. */
export interface RunSettings {
  /** Our own environment. */
  env: NodeJS.ProcessEnv;
  /** From where pages hear that they are out of date. */
  eventsOrigin: string;
  /** The folder of the page. */
  pageRoot: string;
  /** By the id of a server: its address through a slow link. Default: none. */
  slowUrls?: ReadonlyMap<string, string>;
}

/** Returns the origins of a run's pages, for every name of this machine. */
export function originsOf({ seats, balancer }: DevPlan): Set<string> {
  const places = [...seats, ...(balancer ? [balancer] : [])];
  return new Set(places.flatMap(({ port, url }) => [...usualOrigins(port, []), url]));
}

/** Returns the environment of one server of a run. Clients may order failures unless `CHAOS` says otherwise. */
export function environmentOf(
  seat: Seat,
  plan: DevPlan,
  { env, eventsOrigin, pageRoot, slowUrls = new Map() }: RunSettings,
): NodeJS.ProcessEnv {
  const siblings = siblingsOf(plan);
  // A page may only connect to what its server lists.
  const usual = [...usualOrigins(seat.port, siblings), ...originsOf(plan)].join();
  return {
    ...env,
    PORT: String(seat.port),
    CHAOS: env.CHAOS || "1",
    ...(plan.isMoved && { SERVERS: env.SERVERS || siblings.map(({ id, url }) => `${id}=${url}`).join() }),
    ALLOWED_ORIGINS: [env.ALLOWED_ORIGINS || usual, eventsOrigin, ...slowUrls.values()].join(),
    PAGE_ROOT: pageRoot,
  };
}

// On their usual ports, servers that were started elsewhere are siblings, too.
function siblingsOf({ host, seats, isMoved }: DevPlan): Sibling[] {
  if (isMoved) return seats.map(({ manifest: { id, title }, url }) => ({ id, title, url }));
  return readManifests().map(({ id, title, port }) => ({ id, title, url: urlOf(host, port) }));
}

/** Returns the code of the system's error if nothing can listen there, such as `EADDRINUSE`. */
export async function whyNot(host: string, port: number): Promise<string | undefined> {
  const tried = await listen(host, port);
  if (typeof tried === "string") return tried;
  await close(tried);
  return undefined;
}

/** Returns ports that nothing listens on. */
export async function freePorts(count: number, host: string): Promise<number[]> {
  // All are held at once, so that none is given twice.
  const tried = await Promise.all(Array.from({ length: count }, () => listen(host, 0)));
  const held = tried.filter((server) => typeof server !== "string");
  const ports = held.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(held.map(close));
  return ports;
}

async function listen(host: string, port: number): Promise<Server | string> {
  const server = createServer();
  server.listen(port, host);
  return once(server, "listening").then(
    () => server,
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}
