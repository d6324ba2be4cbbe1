import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { Client } from "@rosetta/client";
import { encodeFrame, Opcode } from "@rosetta/conformance";
import type { Manifest } from "@rosetta/manifest";
import { bounds, defaultLimits, subprotocol } from "@rosetta/protocol";
import { holdingOf, Ports, Server } from "@rosetta/testkit";
import { pause } from "./crowd.ts";

/** How much one kind of hostile peers made a server hold. */
export interface WorstReport {
  kind: string;
  /** How many of the peers got a connection. */
  peers: number;
  /** Memory in MiB, before the first peer and at its highest. */
  before: number;
  peak: number;
  /** The slowest answer to an honest request, in ms. */
  worstTripMs: number;
}

/** Peers per address: fewer than a server accepts from one (`MAX_CONNECTIONS_PER_ADDRESS`). */
const fromAddress = 900;
const mask = new Uint8Array(4);

/** Returns what a peer sends to `host`, piece by piece, as fast as the server takes it. It never reads an answer. */
type Saying = (host: string, peer: number) => Iterable<Buffer | string>;

const text = "Ж".repeat(bounds.text / 2);

/** A room that an honest client has filled before the first peer comes, and in which it keeps publishing. */
const fullRoom = "room/full";

/** The pieces that all peers of a kind share, so that thousands of them do not fill the memory of this process. */
const pieces = {
  big: frame(randomBytes(60_000)),
  small: Buffer.concat(repeat(1_000, frame(Buffer.alloc(1)))),
  unfinished: frame(randomBytes(65_000)).subarray(0, 64_900),
  // In one segment, so that a server on ws does not see the second one begin.
  behind: Buffer.concat([frame(Buffer.alloc(1)), frame(randomBytes(65_000)).subarray(0, 60_000)]),
  begun: fragment(Opcode.Text),
  // A fragment of one byte keeps the whole received segment in memory.
  pinned: Buffer.concat([
    fragment(Opcode.Continuation),
    ...repeat(480, frame(Buffer.alloc(120), Opcode.Pong)),
  ]),
};

/** The kinds of hostile peers, named after what they pin in memory. */
const kinds: Readonly<Record<string, Saying>> = {
  "open and idle": (host) => [handshake(host, "/echo")],
  "60 KB messages, unread": (host) => [handshake(host, "/echo"), ...repeat(60, pieces.big)],
  "one-byte messages, unread": (host) => [handshake(host, "/echo"), ...repeat(20, pieces.small)],
  "messages that do not end": (host) => [handshake(host, "/echo"), pieces.unfinished],
  "messages begun behind others": (host) => [handshake(host, "/echo"), pieces.behind],
  "ids and rooms": publishing,
  "fragments among pongs": (host) => [handshake(host, "/echo"), pieces.begun, ...repeat(60, pieces.pinned)],
  "event streams, unread": (host) => [`GET /events?topic=${fullRoom} HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
  "polls in a line, unread": (host) =>
    repeat(30, `GET /poll?topic=${fullRoom}&since=a:1 HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
  "answers, unread": (host) => repeat(30, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
};

function* publishing(host: string, peer: number): Generator<Buffer | string> {
  yield handshake(host, "/ws");
  yield message({ type: "hello", id: "1", client: randomBytes(16).toString("hex") });
  // Few enough for the burst limit. The server remembers each id, and each event takes 8 KiB.
  for (let index = 0; index < 190; index++) {
    const id = `${index}`.padStart(bounds.id, "i");
    yield message({ type: "publish", id, topic: `room/worst-${(peer + index) % 4_000}`, to: "all", text });
  }
}

/** Attacks a server that has its default limits with `peers` peers of one kind after the other, then of all mixed. */
export async function worst(
  manifest: Manifest,
  peers: number,
  seconds: number,
  tell: (line: string) => void,
): Promise<WorstReport[]> {
  const reports: WorstReport[] = [];
  for (const [kind, say] of Object.entries(kinds)) {
    tell(`${manifest.id}: ${peers} × ${kind}`);
    reports.push(await measure(manifest, kind, peers, seconds, say));
  }
  const all = Object.values(kinds);
  const mixed: Saying = (host, peer) => all[peer % all.length]?.(host, peer) ?? [];
  tell(`${manifest.id}: ${peers} of all kinds`);
  reports.push(await measure(manifest, "all at once", peers, seconds, mixed));
  return reports;
}

async function measure(
  manifest: Manifest,
  kind: string,
  peers: number,
  seconds: number,
  say: Saying,
): Promise<WorstReport> {
  // The defaults. The test kit raises them, because a whole suite sends its requests from one address.
  const env = {
    CHAOS: "0",
    MAX_REQUESTS_PER_SECOND: String(defaultLimits.requestsPerSecond),
    MAX_REQUEST_BURST: String(defaultLimits.requestBurst),
  };
  const server = await Server.start({ manifest, ports: new Ports(0), env });
  const sockets: Socket[] = [];
  let connected = 0;
  try {
    const before = holdingOf(server.pid).memory;
    const endAt = performance.now() + seconds * 1_000;
    const author = await speak(server, endAt);
    const watching = watch(server, endAt);
    for (let peer = 0; peer < peers && performance.now() < endAt; peer++) {
      sockets.push(open(server.port, peer, say).once("connect", () => void connected++));
      if (peer % 100 === 99) await pause(20);
    }
    const { peak, worstTripMs } = await watching;
    author.close();
    if (server.exit) throw new Error(`${manifest.id} has ended under ${kind}; ${server.log()}`);
    return { kind, peers: connected, before, peak, worstTripMs };
  } finally {
    for (const socket of sockets) socket.destroy();
    await server.kill();
  }
}

function open(port: number, peer: number, say: Saying): Socket {
  const localAddress = `127.0.${1 + Math.floor(peer / fromAddress)}.1`;
  const socket = connect({ host: "127.0.0.1", port, localAddress });
  socket.on("error", () => {});
  socket.pause();
  const rest = say(`127.0.0.1:${port}`, peer)[Symbol.iterator]();
  const writeOn = (): void => {
    for (let piece = rest.next(); !piece.done; piece = rest.next()) if (!socket.write(piece.value)) return;
  };
  socket.on("drain", writeOn);
  writeOn();
  return socket;
}

async function watch(server: Server, endAt: number): Promise<{ peak: number; worstTripMs: number }> {
  let peak = 0;
  let worstTripMs = 0;
  // By a timer, so that it goes on while an answer is slow.
  const sampling = setInterval(() => {
    peak = Math.max(peak, holdingOf(server.pid).memory);
  }, 100);
  while (performance.now() < endAt && !server.exit) {
    worstTripMs = Math.max(worstTripMs, await ask(server.port));
    await pause(100);
  }
  clearInterval(sampling);
  return { peak, worstTripMs };
}

// From an address that no hostile peer uses.
function ask(port: number): Promise<number> {
  const beganAt = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, localAddress: "127.0.0.9" });
    const done = (): void => {
      socket.destroy();
      resolve(performance.now() - beganAt);
    };
    socket.on("error", done).on("data", done).on("close", done);
    socket.write(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
    socket.setTimeout(30_000, done);
  });
}

function handshake(host: string, path: string): string {
  const offer = path === "/ws" ? `Sec-WebSocket-Protocol: ${subprotocol}\r\n` : "";
  return (
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n${offer}\r\n`
  );
}

function frame(payload: Uint8Array, opcode: number = Opcode.Binary): Buffer {
  return Buffer.from(encodeFrame({ opcode, payload, mask }));
}

// One byte of a message that goes on.
function fragment(opcode: number): Buffer {
  return Buffer.from(encodeFrame({ opcode, payload: new Uint8Array(1), mask, fin: false }));
}

// Fills a room, then keeps publishing at a pace that the limits allow.
async function speak(server: Server, endAt: number): Promise<Client> {
  const client = new Client(server.wsUrl("/ws"));
  client.on("problem", () => {});
  client.open();
  const say = (): Promise<unknown> => client.publish(fullRoom, text).catch(() => undefined);
  for (let count = 0; count < 40; count++) await say();
  const speaking = setInterval(() => {
    if (performance.now() > endAt) clearInterval(speaking);
    else say();
  }, 20);
  return client;
}

function message(fields: object): Buffer {
  return frame(Buffer.from(JSON.stringify(fields)), Opcode.Text);
}

function repeat<T>(count: number, piece: T): T[] {
  return Array.from({ length: count }, () => piece);
}
