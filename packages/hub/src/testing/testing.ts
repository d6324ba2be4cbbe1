import {
  type ClientMessage,
  defaultLimits,
  encode,
  type Limits,
  parseRequest,
  parseServer,
  type RequestFacts,
  type ServerMessage,
  type Settings,
} from "@rosetta/protocol";
import { type Assembly, assemble, type HubOptions } from "../assembly.ts";
import type { SocketSession } from "../connection/socket-session.ts";
import type { Sink } from "../http/readers.ts";
import { Hub } from "../hub.ts";
import type { Host, LogRecord, Port } from "../port.ts";
import type { Services } from "../services.ts";

interface Timer {
  dueAt: number;
  run: () => void;
}

/** A host for tests. Time passes only when a test says so, tokens are a counter, and hashing is done by hand. */
export class World implements Host {
  time = 0;
  readonly works: Work[] = [];
  readonly #timers = new Set<Timer>();
  #tokens = 0;

  now(): number {
    return this.time;
  }

  date(): number {
    return 1_700_000_000_000 + this.time;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { dueAt: this.time + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  token(): string {
    this.#tokens += 1;
    return this.#tokens.toString(16).padStart(6, "0").padEnd(32, "0");
  }

  hash(mebibytes: number, step: (done: number) => boolean): Promise<string> {
    const work = new Work(mebibytes, step);
    this.works.push(work);
    return work.result;
  }

  /** The number of timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass. Runs every timer when it is due. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    await settled();
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.time = Math.max(this.time, timer.dueAt);
      this.#timers.delete(timer);
      timer.run();
      await settled();
    }
    this.time = end;
  }

  /** Lets time pass as for a process that stood still: timers run late. */
  stall(ms: number): void {
    this.time += ms;
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.dueAt <= end);
    return due.reduce<Timer | undefined>((first, timer) => {
      return first && first.dueAt <= timer.dueAt ? first : timer;
    }, undefined);
  }
}

/** A hash that is computed only when a test says so. */
export class Work {
  readonly result: Promise<string>;
  readonly mebibytes: number;
  readonly #step: (done: number) => boolean;
  readonly #resolve: (digest: string) => void;
  readonly #reject: (error: Error) => void;
  #done = 0;

  constructor(mebibytes: number, step: (done: number) => boolean) {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.result = promise;
    this.mebibytes = mebibytes;
    this.#step = step;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Hashes that many MiB. With the last one, the work is done. */
  do(mebibytes = this.mebibytes): void {
    for (let count = 0; count < mebibytes && this.#done < this.mebibytes; count++) {
      this.#done += 1;
      if (!this.#step(this.#done)) return this.#reject(new Error("abandoned"));
    }
    if (this.#done === this.mebibytes) this.#resolve("ab".repeat(32));
  }

  break(error: Error): void {
    this.#reject(error);
  }
}

/** A stack's socket. Notes what the hub did with it, and how much waits. */
export class Socket {
  frames: string[] = [];
  waiting = 0;
  queued = 0;
  unfinished = 0;
  pings = 0;
  closing: { code: number; reason: string } | undefined;
  isTerminated = false;
  session: SocketSession<Socket> | undefined;
  /** If set, every send throws this, like a bug in the stack. */
  isBroken = false;

  close(code: number, reason: string): void {
    this.closing ??= { code, reason };
  }

  terminate(): void {
    this.isTerminated = true;
  }
}

/** A stack for tests. It keeps the order of the hub's calls, as a socket would. */
export class TestPort implements Port<Socket> {
  readonly topics = new Map<string, Set<Socket>>();
  /** If true, the end of a socket is reported before close() and terminate() return, as Bun does. */
  reportsAtOnce = false;
  /** If true, every peer answers every ping. */
  answersPings = true;
  /** Bytes that may wait for one socket. Over that, it is slow. */
  queueBytes = Number.POSITIVE_INFINITY;

  send(ws: Socket, frame: string): boolean {
    if (ws.isBroken) throw new Error("a broken stack");
    if (ws.closing || ws.isTerminated) return false;
    if (ws.waiting <= this.queueBytes) return ws.frames.push(frame) > 0;
    ws.session?.slow();
    return false;
  }

  waiting(ws: Socket): number {
    return ws.waiting;
  }

  queued(ws: Socket): number {
    return ws.queued;
  }

  unfinished(ws: Socket): number {
    return ws.unfinished;
  }

  ping(ws: Socket): void {
    if (ws.isBroken) throw new Error("a broken stack");
    ws.pings += 1;
    if (this.answersPings) ws.session?.heard();
  }

  close(ws: Socket, code: number, reason: string): void {
    ws.close(code, reason);
    if (this.reportsAtOnce) this.#report(ws, code);
  }

  terminate(ws: Socket): void {
    ws.terminate();
    if (this.reportsAtOnce) this.#report(ws, 1006);
  }

  join(ws: Socket, topic: string): void {
    this.topics.set(topic, (this.topics.get(topic) ?? new Set()).add(ws));
  }

  leave(ws: Socket, topic: string): void {
    this.topics.get(topic)?.delete(ws);
  }

  publish(topic: string, frame: string, except?: Socket): number {
    const members = [...(this.topics.get(topic) ?? [])].filter((ws) => ws !== except);
    return members.filter((ws) => this.send(ws, frame)).length;
  }

  #report(ws: Socket, code: number): void {
    if (!ws.session) throw new Error("the app does not have this socket's session yet");
    ws.session.closed(code);
  }
}

/** Opens a session for a socket. Returns it with what only the hub's other parts may see. */
export function openSession(
  hub: Hub<Socket>,
  socket: Socket,
  path = "/ws",
  address = "127.0.0.1",
): SocketSession<Socket> {
  let opened: SocketSession<Socket> | undefined;
  hub.open(path, address, (session) => {
    opened = session as SocketSession<Socket>;
    return Object.assign(socket, { session });
  });
  if (!opened) throw new Error("the hub has not asked for the socket");
  return opened;
}

/** The other end of a socket. */
export class Peer {
  readonly socket: Socket;
  readonly session: SocketSession<Socket>;
  #heard = 0;

  constructor(hub: Hub<Socket>, path = "/ws", address = "127.0.0.1") {
    this.socket = new Socket();
    this.session = openSession(hub, this.socket, path, address);
  }

  /** Sends a message, and waits until everything that it causes at once has happened. */
  async say(message: ClientMessage | string): Promise<void> {
    this.session.text(typeof message === "string" ? message : encode(message));
    await settled();
  }

  /** Returns the messages since the last call, at most `count`. Throws if the protocol does not allow one of them. */
  heard(count = Number.POSITIVE_INFINITY): ServerMessage[] {
    const frames = this.socket.frames.slice(this.#heard, this.#heard + count);
    this.#heard += frames.length;
    return frames.map(read);
  }

  /** Returns the messages of one type since the last call of `heard` or `heardOf`. */
  heardOf<T extends ServerMessage["type"]>(type: T): Extract<ServerMessage, { type: T }>[] {
    return this.heard().filter((message) => message.type === type) as Extract<ServerMessage, { type: T }>[];
  }

  /** Ends the connection with `code`. By default, it is lost. */
  async gone(code = 1006): Promise<void> {
    this.session.closed(code);
    await settled();
  }
}

function read(frame: string): ServerMessage {
  const { message, problem } = parseServer(frame);
  if (!message) throw new Error(`the hub sent what the protocol does not allow: ${problem.reason}: ${frame}`);
  return message;
}

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

export const serverPort = 3001;

/** Creates a hub on 127.0.0.1:3001 with default settings, except for `changes`. */
export function setUp(
  changes: Changes = {},
  options: Pick<HubOptions<Socket>, "log" | "seed"> = {},
): Setting {
  const world = new World();
  const port = new TestPort();
  const records: LogRecord[] = [];
  const failures: unknown[] = [];
  const hubOptions: HubOptions<Socket> = {
    identity: { id: "test", title: "Test", runtime: "test 1.0" },
    settings: settingsWith(changes),
    port,
    host: world,
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
    ...changes,
    limits: { ...defaultLimits, ...limits },
  };
}

/** Starts the event stream that a request asks for. Throws if it is refused. Returns the function to call at its end. */
export function start(hub: Hub<Socket>, facts: RequestFacts, address: string, sink: Sink): () => void {
  const stream = hub.events(facts, address);
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

/**
 * Waits until nothing more can happen without time passing. The event loop takes its next turn only once all chains of
 * promises have run: https://nodejs.org/en/learn/asynchronous-work/event-loop-timers-and-nexttick
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
