import assert from "node:assert/strict";
import { chromium } from "@playwright/test";
import { defaultHost } from "@rosetta/client";
import { Crowd, isKept } from "@rosetta/endurance";
import { subprotocol } from "@rosetta/protocol";
import { type Conversation, publish } from "@rosetta/testkit";
import { WebSocket } from "ws";
import { browserArgs, ensureChromium } from "../browser.ts";
import { idleMs, type ReverseProxy, usualIdleMs } from "./proxies.ts";
import type { Stage } from "./stage.ts";

/** Something that must be true behind every proxy. */
export interface ProxyCheck {
  sentence: string;
  /** The idle timeout of the proxy (ms). Default: a short one. */
  idleMs?: number;
  /** How many servers are behind the proxy. Several are one application. Default: 1. */
  servers?: 2;
  /** Added to the server's environment. */
  env?: Record<string, string>;
  run(stage: Stage, proxy: ReverseProxy): Promise<void>;
}

const subprotocols = [subprotocol];

/** A heartbeat interval short enough for the proxies (ms). */
const beatMs = idleMs * 0.4;

export const checks: ProxyCheck[] = [
  { sentence: "the page works, at the root and below a path", run: thePage },
  { sentence: "the server itself refuses a foreign page", run: theDoor },
  {
    sentence: "a silent connection stays open: the server's pings and comments arrive in time",
    env: { HEARTBEAT_MS: String(beatMs) },
    run: theHeartbeat,
  },
  {
    sentence: "as the files are, a connection that is silent for more than a minute stays open",
    idleMs: usualIdleMs,
    // By default, the server itself ends a stream after a minute.
    env: { STREAM_MS: "600000" },
    run: theMinute,
  },
  {
    sentence: "a heartbeat slower than the proxy's idle timeout does not help",
    env: { HEARTBEAT_MS: "60000" },
    run: theSlowHeartbeat,
  },
  {
    sentence: "the server takes the client's address from the proxy",
    env: { MAX_CONNECTIONS_PER_ADDRESS: "1" },
    run: theAddress,
  },
  {
    sentence: "a draining server says goodbye through the proxy, which then answers 502 or 503",
    run: theEnd,
  },
  { sentence: "clients are spread over two servers, and are in one room", servers: 2, run: theRoom },
  { sentence: "a server that drains gets nobody new", servers: 2, run: theDrain },
  { sentence: "an event stream goes on after all servers have restarted", servers: 2, run: theStream },
  {
    sentence: "a rolling restart loses no event, and every publication is acknowledged",
    servers: 2,
    run: theRollingRestart,
  },
];

async function thePage({ origin }: Stage): Promise<void> {
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: browserArgs });
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    for (const path of ["/", "/rosetta"]) {
      const page = await context.newPage();
      await page.goto(`${origin}${path}#/lesson/10`);
      await page.getByRole("button", { name: "Start all three" }).click();
      await page.getByText(/the same events by every way/).waitFor();
      const address = await page.evaluate("location.pathname");
      assert.equal(address, path === "/" ? "/" : "/rosetta/");
    }
  } finally {
    await browser.close();
  }
}

async function theDoor(stage: Stage): Promise<void> {
  const raw = await stage.raw();
  const headers = stage.headers({ Origin: "https://stranger.example" });
  assert.equal((await raw.refused("/ws", { subprotocols, headers })).status, 403);
}

async function theHeartbeat(stage: Stage): Promise<void> {
  const talk = await stage.converse();
  const stream = await (await stage.raw()).events("/events?topic=room/quiet", { headers: stage.headers() });
  assert.equal(stream.head.status, 200);
  for (let past = 0; past < idleMs * 2; past += beatMs) {
    await talk.socket.next("ping");
    await stream.next(({ comment }) => comment !== undefined);
  }
  await talk.settled();
}

async function theMinute(stage: Stage): Promise<void> {
  const talk = await stage.converse();
  const stream = await (await stage.raw()).events("/events?topic=room/quiet", { headers: stage.headers() });
  await new Promise((resolve) => setTimeout(resolve, usualIdleMs + 5_000));
  await talk.settled();
  await talk.request({ type: "publish", topic: "room/quiet", to: "all", text: "is anybody there?" });
  await stream.next(({ data }) => data?.includes("anybody") ?? false);
}

async function theSlowHeartbeat(stage: Stage, { isImpatient }: ReverseProxy): Promise<void> {
  if (!isImpatient) return;
  const talk = await stage.converse();
  assert.equal((await talk.socket.closed({ deadline: idleMs * 4 })).code, 1006);
}

// An address that the client writes into the header itself must not count.
async function theAddress(stage: Stage): Promise<void> {
  await stage.converse("127.0.0.2", { "X-Forwarded-For": "203.0.113.1" });
  const again = await stage.raw("127.0.0.2");
  const headers = stage.headers({ "X-Forwarded-For": "203.0.113.2" });
  assert.equal((await again.refused("/ws", { subprotocols, headers })).status, 429);
  await stage.converse("127.0.0.3");
}

async function theEnd(stage: Stage): Promise<void> {
  const talk = await stage.converse();
  const stopped = stage.server.stop();
  assert.equal((await talk.nextOf("bye")).code, 1012);
  assert.equal((await talk.socket.closed()).code, 1012);
  assert.deepEqual(await stopped, { code: 0, signal: null });
  const { status } = await (await stage.raw()).request("/healthz", { headers: stage.headers() });
  assert(status === 502 || status === 503, `without a server the proxy answered ${status}`);
}

async function theRoom(stage: Stage): Promise<void> {
  const talks: Conversation[] = [];
  for (let count = 0; count < 6; count++) talks.push(await stage.converse());
  assert.equal(new Set(talks.map(serverOf)).size, 2);
  for (const talk of talks) await talk.request({ type: "subscribe", topic: "room/one" });
  for (const talk of talks) await publish(talk, "room/one", [`said at ${serverOf(talk)}`]);
  for (const talk of talks) {
    const offsets = (await talk.events("room/one", talks.length)).map(({ offset }) => offset);
    assert.deepEqual(offsets, [1, 2, 3, 4, 5, 6]);
  }
}

// A client that does not answer the close frame keeps the server draining for a second.
async function theDrain(stage: Stage, { asksAnother }: ReverseProxy): Promise<void> {
  const talks = [await stage.converse(), await stage.converse()];
  const staying = stage.servers[1]?.manifest.id;
  const leaving = talks.find((talk) => serverOf(talk) !== staying);
  const stopped = stage.server.stop();
  assert.equal((await leaving?.nextOf("bye"))?.code, 1012);
  let refused = 0;
  for (let count = 0; count < 20; count++) {
    const raw = await stage.raw();
    const answer = await raw.upgrade("/ws", { subprotocols, headers: stage.headers() });
    if ("status" in answer) refused += 1;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert(refused <= (asksAnother ? 0 : 1), `${refused} of 20 handshakes were refused`);
  assert.deepEqual(await stopped, { code: 0, signal: null });
}

async function theStream(stage: Stage): Promise<void> {
  const topic = "room/stream";
  const path = `/events?topic=${topic}`;
  const stream = await (await stage.raw()).events(path, { headers: stage.headers() });
  const before = await stage.converse();
  await publish(before, topic, ["one"]);
  const { id = "" } = await stream.next(({ data }) => data?.includes('"one"') ?? false);
  await stage.roll();
  assert(stream.complete, "the stream did not end with its server");
  await publish(await stage.converse(), topic, ["two"]);
  const again = await (await stage.raw()).events(path, { headers: stage.headers({ "Last-Event-ID": id }) });
  const next = await again.next(({ data }) => data?.includes('"two"') ?? false);
  assert.equal(next.id, id.replace(/:1$/, ":2"));
}

async function theRollingRestart(stage: Stage): Promise<void> {
  const crowd = new Crowd(`${stage.origin.replace("https", "wss")}/ws`, "room/rolling", {
    host: { ...defaultHost, WebSocket: TrustingWebSocket },
  });
  for (let count = 0; count < 6; count++) crowd.read();
  // Slow enough that a client can hold its publications until it is connected again.
  for (let count = 0; count < 2; count++) crowd.write(`author ${count}`, 5);
  await crowd.ready();
  await stage.roll();
  await crowd.ready();
  const verdict = await crowd.end();
  assert(isKept(verdict), JSON.stringify(verdict));
  assert.deepEqual([verdict.told, verdict.acked], [0, crowd.published]);
}

/** Takes any certificate. */
class TrustingWebSocket extends WebSocket {
  constructor(url: string, protocols?: string | string[]) {
    super(url, protocols, { rejectUnauthorized: false });
  }
}

function serverOf(talk: Conversation): string {
  const [welcome] = talk.collected;
  assert(welcome?.type === "welcome");
  return welcome.server;
}
