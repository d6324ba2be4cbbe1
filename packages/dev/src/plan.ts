import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { addressOf } from "@rosetta/hub/node";
import { type Manifest, readManifests } from "@rosetta/manifest";
import { readEnvironment, type Sibling, urlOf, usualOrigins } from "@rosetta/protocol";

/** A server and where it is to listen. */
export interface Seat {
  manifest: Manifest;
  port: number;
  /** Where a browser on this machine finds it. */
  url: string;
}

/** Where the servers of a run listen. */
export interface DevPlan {
  /** The address of `HOST`. */
  host: string;
  seats: Seat[];
  /** True if the ports are not those of the manifests, so that servers must be told of each other. */
  isMoved: boolean;
}

/**
 * Returns where servers are to listen: each on the port of its manifest; with `PORT=4000` on 4000, 4001 and so on; with
 * `PORT=0` on free ports, which they keep for the whole run. If a variable cannot be used, returns one line for each.
 */
export async function planRun(servers: Manifest[], env: NodeJS.ProcessEnv): Promise<DevPlan | string[]> {
  const host = await addressOf(env.HOST || "127.0.0.1");
  const { settings, problems } = readEnvironment({ ...env, HOST: host }, { port: noPort, servers: [] });
  if (!settings) return problems;
  const trouble = await whyNot(host, 0);
  if (trouble) return [`HOST="${env.HOST}" cannot be used: this machine cannot listen there (${trouble})`];
  const isMoved = settings.port !== noPort;
  if (isMoved && settings.port + servers.length - 1 > mostPort) {
    return [
      `PORT=${settings.port} leaves no port for the last of ${servers.length} servers: the highest is ${mostPort}`,
    ];
  }
  const free = settings.port === 0 ? await freePorts(servers.length, host) : [];
  const seats = servers.map((manifest, place) => {
    const port = isMoved ? (free[place] ?? settings.port + place) : manifest.port;
    return { manifest, port, url: urlOf(host, port) };
  });
  return { host, seats, isMoved };
}

const mostPort = 65_535;
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
}

/** Returns the environment of one server of a run. Clients may order failures unless `CHAOS` says otherwise. */
export function environmentOf(
  seat: Seat,
  plan: DevPlan,
  { env, eventsOrigin, pageRoot }: RunSettings,
): NodeJS.ProcessEnv {
  const siblings = siblingsOf(plan);
  // A page may only connect to what its server lists.
  const usual = [...usualOrigins(seat.port, siblings), seat.url].join();
  return {
    ...env,
    PORT: String(seat.port),
    CHAOS: env.CHAOS || "1",
    ...(plan.isMoved && { SERVERS: env.SERVERS || siblings.map(({ id, url }) => `${id}=${url}`).join() }),
    ALLOWED_ORIGINS: `${env.ALLOWED_ORIGINS || usual},${eventsOrigin}`,
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

// All are held at once, so that none is given twice.
async function freePorts(count: number, host: string): Promise<number[]> {
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
