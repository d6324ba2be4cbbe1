import {
  defaultLimits,
  endpoints,
  type Limits,
  parseRequest,
  type RequestFacts,
  type Settings,
} from "@rosetta/protocol";
import { type Assembly, assemble, type HubOptions } from "../assembly.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Soon } from "../cluster/soon.ts";
import type { SocketSession } from "../connection/socket-session.ts";
import { createExtras } from "../extras/index.ts";
import type { Sink } from "../http/readers.ts";
import { Hub } from "../hub.ts";
import type { LogRecord, Platform } from "../port.ts";
import type { CreateExtras, Services } from "../services.ts";
import { Peer, type Socket, TestPort } from "./stack.ts";
import { World } from "./world.ts";

/** A hub, with what surrounds it in a test. */
export interface Setting {
  hub: Hub<Socket>;
  /** The hub's inside, which no app sees. */
  inside: Services<Socket> & Pick<Assembly<Socket>, "connections">;
  world: World;
  port: TestPort;
  records: LogRecord[];
  failures: unknown[];
  /** Opens another socket. */
  connect(path?: string, address?: string): Peer;
  /** Opens another socket that has sent `hello` and got `welcome`. */
  greet(client?: number, address?: string, connection?: number): Promise<Peer>;
}

type Changes = Partial<Omit<Settings, "limits">> & { limits?: Partial<Limits> };

const serverPort = 3001;

/** Creates a hub on 127.0.0.1:3001 with default settings and with the extras, except for `changes`. */
export function setUp(
  changes: Changes = {},
  options: Pick<HubOptions<Socket>, "cluster" | "extras"> = {},
): Setting {
  const world = new World();
  const port = new TestPort();
  const records: LogRecord[] = [];
  const failures: unknown[] = [];
  const hubOptions: HubOptions<Socket> = {
    identity: { id: "test", title: "Test", runtime: "test 1.0" },
    settings: settingsWith(changes),
    port,
    platform: world,
    extras: createExtras(),
    journal: { record: (record) => records.push(record), failed: (error) => failures.push(error) },
    ...options,
  };
  const parts = assemble(hubOptions);
  const hub = new Hub<Socket>(hubOptions, parts);
  const inside = Object.assign(parts.services, { connections: parts.connections });
  hub.listening(serverPort);
  let clients = 0;
  const connect = (path?: string, address?: string): Peer => new Peer(hub, path, address);
  return {
    ...{ hub, inside, world, port, records, failures, connect },
    async greet(client, address, connection) {
      const peer = connect("/ws", address);
      clients += 1;
      await peer.say({ type: "hello", id: "hello", client: secret(client ?? clients), connection });
      const [welcome] = peer.heard();
      if (welcome?.type !== "welcome") throw new Error(`no welcome, but ${JSON.stringify(welcome)}`);
      return peer;
    },
  };
}

/** The parts of a hub that a test joins with others, in a world of several. Nothing of it runs by itself. */
export interface Part extends Assembly<Socket> {
  failures: unknown[];
}

/** Creates the parts of a hub with default settings, among others. Default: without extras. */
export function partOf(platform: Platform, cluster: Cluster, extras?: CreateExtras): Part {
  const failures: unknown[] = [];
  const parts = assemble<Socket>({
    identity: { id: "test", title: "Test", runtime: "test 1.0" },
    settings: settingsWith({}),
    port: new TestPort(),
    journal: { record() {}, failed: (error) => failures.push(error) },
    ...{ platform, cluster },
    ...(extras && { extras }),
  });
  return { ...parts, failures };
}

/** Opens a session at one of several hubs. */
export function openSessionOf({ connections }: Part, socket: Socket): void {
  connections.open(endpoints.application, "127.0.0.1", (session) =>
    Object.assign(socket, { session: session as SocketSession<Socket> }),
  );
}

function settingsWith({ limits, ...changes }: Changes): Settings {
  return {
    port: serverPort,
    host: "127.0.0.1",
    origins: undefined,
    servers: [],
    chaos: false,
    compression: false,
    proxies: 0,
    exposed: new Set(),
    engine: undefined,
    ...changes,
    limits: { ...defaultLimits, ...limits },
  };
}

/** Returns what a hub without others has at once. */
export function now<T>(value: Soon<T>): T {
  if (value instanceof Promise) throw new Error("the hub has to ask others");
  return value;
}

/** Starts the event stream that a request asks for. Throws if it is refused. Returns the function to call at its end. */
export function start(hub: Hub<Socket>, facts: RequestFacts, address: string, sink: Sink): () => void {
  const stream = now(hub.events(facts, address));
  if (stream.refusal) throw new Error(`refused: ${stream.refusal.body}`);
  return stream.start(sink);
}

/** Returns the secret of one of several clients. */
export function secret(client: number): string {
  return client.toString(16).padStart(32, "0");
}

/** Returns an HTTP request to the server of `setUp`. */
export function request(url: string, headers: Record<string, string> = {}, method = "GET"): RequestFacts {
  const all: Record<string, string> = { host: `127.0.0.1:${serverPort}`, ...headers };
  return parseRequest({ method, url, header: (name) => all[name] });
}
