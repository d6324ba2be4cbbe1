// A server and its clients in one browser worker: the hub, `@rosetta/client`, and sockets that never leave it.
// tests/page.ts bundles and starts it, and it posts its results to the page.
import { Client, defaultHost, type Host, type SocketLike } from "@rosetta/client";
import { Hub, type Platform, type Port, type Session } from "@rosetta/hub";
import { createExtras } from "@rosetta/hub/extras";
import { readEnvironment } from "@rosetta/protocol";

/** The message that the worker posts. */
export interface WorkerOutcome {
  server: string | undefined;
  runtime: string | undefined;
  /** The texts that the followers of the room received, in order. */
  heard: { author: string[]; other: string[] };
  offsets: number[];
  digest: string | undefined;
}

declare function postMessage(outcome: WorkerOutcome): void;

const platform: Platform = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  token: () => crypto.randomUUID().replaceAll("-", ""),
  async hash(mebibytes, step) {
    const bytes = new Uint8Array(mebibytes * 1024 * 1024);
    if (!step(mebibytes)) throw new Error("abandoned");
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  },
};

/** Both ends of a connection. Messages arrive later, as they do on a network. */
class Pair implements SocketLike {
  binaryType: "blob" | "arraybuffer" = "arraybuffer";
  readonly bufferedAmount = 0;
  readonly extensions = "";
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null = null;
  readonly url: string;
  readonly protocol: string;
  #session: Session | undefined;

  constructor(url: string, protocols: string | string[] = []) {
    this.url = url;
    this.protocol = [protocols].flat()[0] ?? "";
    later(() => {
      this.readyState = 1;
      hub.open("/ws", "worker", (session) => this.#meet(session));
      this.onopen?.();
    });
  }

  #meet(session: Session): this {
    this.#session = session;
    return this;
  }

  /** Passes a message from the client to the server. */
  send(data: unknown): void {
    later(() => this.#session?.text(String(data)));
  }

  /** Passes a message from the server to the client. */
  deliver(data: string): true {
    later(() => this.onmessage?.({ data }));
    return true;
  }

  close(code = 1005, reason = ""): void {
    this.readyState = 3;
    later(() => {
      this.#session?.closed(code);
      this.onclose?.({ code, reason, wasClean: true });
    });
  }
}

function later(run: () => void): void {
  setTimeout(run, 0);
}

const topics = new Map<string, Set<Pair>>();
const port: Port<Pair> = {
  send: (pair, frame) => pair.deliver(frame),
  waiting: () => 0,
  queued: () => 0,
  unfinished: () => 0,
  held: () => 0,
  ping: () => undefined,
  close: (pair, code, reason) => pair.close(code, reason),
  pause: () => undefined,
  terminate: (pair) => pair.close(1006),
  join: (pair, topic) => topics.set(topic, (topics.get(topic) ?? new Set()).add(pair)),
  leave: (pair, topic) => topics.get(topic)?.delete(pair),
  publish(topic, frame, except) {
    const others = [...(topics.get(topic) ?? [])].filter((pair) => pair !== except);
    return others.filter((pair) => pair.deliver(frame)).length;
  },
};

const { settings } = readEnvironment({}, { port: 0, servers: [] });
if (!settings) throw new Error("an empty environment was refused");
const hub = new Hub<Pair>({
  identity: { id: "in-worker", title: "In a worker", runtime: "a browser worker" },
  settings,
  extras: createExtras(),
  port,
  platform,
  journal: {
    record: () => undefined,
    failed: (error) => {
      throw error;
    },
  },
});

const surroundings: Host = { ...defaultHost, WebSocket: Pair };
const author = new Client("ws://in.worker/ws", { host: surroundings });
const other = new Client("ws://in.worker/ws", { host: surroundings });
const heard = { author: [] as string[], other: [] as string[] };

/** Follows a room and waits until the server has confirmed it. */
function follow(client: Client, heard: string[]): Promise<void> {
  return new Promise((resolve) => {
    client.subscribe(
      "room/worker",
      ({ data }) => {
        if (data.kind === "chat") heard.push(data.text);
      },
      () => resolve(),
    );
    client.open();
  });
}

async function jobDone(): Promise<string | undefined> {
  const { topic } = await author.startJob(1);
  return new Promise((resolve) => {
    author.subscribe(topic, ({ data }) => {
      if (data.kind === "progress" && data.state !== "running") resolve(data.result);
    });
  });
}

await Promise.all([follow(author, heard.author), follow(other, heard.other)]);
const acks = [
  await author.publish("room/worker", "to all"),
  await author.publish("room/worker", "to others", "others"),
  await author.publish("room/worker", "to all again"),
];
// Everything that was sent before arrives before this.
await other.ping();
postMessage({
  server: author.welcome?.server,
  runtime: author.welcome?.runtime,
  heard,
  offsets: acks.map(({ offset }) => offset),
  digest: await jobDone(),
});
