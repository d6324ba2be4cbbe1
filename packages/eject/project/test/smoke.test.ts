// What must work before anything is deployed, over real sockets. `npm test` runs it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Client } from "@rosetta/client";
import { frame, handshake, Peer, randomClient } from "./peer.ts";
import { killServers, startServer, type TestServer } from "./server.ts";

let server: TestServer;
let rooms = 0;

before(async () => {
  server = await startServer();
});

after(async () => {
  await server.stop();
  killServers();
});

/** Waits until a server has reached its Redis. Until then it refuses clients. */
async function healthy(url: string): Promise<void> {
  while ((await fetch(`${url}/healthz`)).status !== 200)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Returns the name of a room in which no other test is. */
function newRoom(): string {
  rooms += 1;
  return `room/smoke-${rooms}`;
}

test("the page is served with a policy, and not sent again if it has not changed", async () => {
  const page = await fetch(server.url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /^<!doctype html>/i);
  assert.match(page.headers.get("content-security-policy") ?? "", /script-src 'self'/);
  // By itself, fetch() would ask with such a header for a fresh copy.
  const headers = { "If-None-Match": page.headers.get("etag") ?? "", "Cache-Control": "max-age=0" };
  assert.equal((await fetch(server.url, { headers })).status, 304);
});

test("a request gets a greeting", async () => {
  assert.match(await (await fetch(`${server.url}/greet`)).text(), /^Hello from /);
});

test("a healthy server says so", async () => {
  const health = await fetch(`${server.url}/healthz`);
  const { status } = (await health.json()) as { status: string };
  assert.deepEqual([health.status, status], [200, "ok"]);
});

test("a page of another site gets no WebSocket", async () => {
  const { status, tcp } = await handshake(server.url, { Origin: "https://elsewhere.example" });
  tcp.destroy();
  assert.equal(status, 403);
});

test("a client that does not speak the protocol gets no WebSocket", async () => {
  const { status, tcp } = await handshake(server.url, { "Sec-WebSocket-Protocol": "another" });
  tcp.destroy();
  assert.equal(status, 400);
});

test("a client that does is welcome", async () => {
  const { status, tcp } = await handshake(server.url, { Origin: server.url });
  tcp.destroy();
  assert.equal(status, 101);
});

test("what one client says in a room reaches the other", async () => {
  const topic = newRoom();
  const [anna, ben] = await Promise.all([Peer.greet(server.url), Peer.greet(server.url)]);
  for (const peer of [anna, ben]) await peer.ask({ type: "subscribe", topic });
  const reply = await anna.ask({ type: "publish", topic, to: "others", text: "hello" });
  assert.equal(reply.type, "ack");
  assert.equal(await ben.line(), "hello");
  assert.deepEqual(anna.waiting, []);
  anna.close();
  ben.close();
});

test("a client that comes back after a cut gets what it missed, and nothing twice", async () => {
  const topic = newRoom();
  const secret = randomClient();
  const { tcp } = await handshake(server.url);
  tcp.write(frame(`{"type":"hello","id":"1","client":"${secret}"}`));
  const ben = await Peer.greet(server.url);
  const first = await ben.ask({ type: "publish", topic, to: "all", text: "before" });
  if (first.type !== "ack") throw new Error(`no ack, but ${first.type}`);
  tcp.resetAndDestroy();
  for (const text of ["one", "two"]) await ben.ask({ type: "publish", topic, to: "all", text });
  const anna = await Peer.greet(server.url, secret);
  const since = { epoch: first.epoch, offset: first.offset };
  const subscribed = await anna.ask({ type: "subscribe", topic, since });
  assert.equal(subscribed.type === "subscribed" && subscribed.recovered, true);
  assert.deepEqual([await anna.line(), await anna.line(), anna.waiting], ["one", "two", []]);
  anna.close();
  ben.close();
});

test("a request that is sent again has its effect once", async () => {
  const topic = newRoom();
  const [secret, anna] = [randomClient(), await Peer.greet(server.url)];
  await anna.ask({ type: "subscribe", topic });
  const request = { type: "publish", id: "the same", topic, to: "all", text: "once" };
  const ben = await Peer.greet(server.url, secret);
  const first = await ben.ask(request);
  ben.close();
  await ben.closed;
  const again = await Peer.greet(server.url, secret);
  assert.deepEqual(await again.ask(request), first);
  await again.ask({ type: "publish", topic, to: "all", text: "then" });
  assert.deepEqual([await anna.line(), await anna.line()], ["once", "then"]);
  anna.close();
  again.close();
});

test("an event stream brings the events of a room", async () => {
  const topic = newRoom();
  const abort = new AbortController();
  const stream = await fetch(`${server.url}/events?topic=${topic}`, { signal: abort.signal });
  assert.equal(stream.headers.get("content-type")?.startsWith("text/event-stream"), true);
  const anna = await Peer.greet(server.url);
  await anna.ask({ type: "publish", topic, to: "all", text: "streamed" });
  let text = "";
  for await (const part of stream.body ?? []) {
    text += Buffer.from(part).toString();
    if (text.includes("streamed")) break;
  }
  assert.match(text, /^id: /m);
  abort.abort();
  anna.close();
});

test("a long poll waits for the next event", async () => {
  const topic = newRoom();
  const poll = async (query: string) => {
    const answer = await fetch(`${server.url}/poll?topic=${topic}${query}`);
    return (await answer.json()) as { epoch: string; offset: number };
  };
  const { epoch, offset } = await poll("");
  const answer = poll(`&since=${epoch}:${offset}`);
  const anna = await Peer.greet(server.url);
  await anna.ask({ type: "publish", topic, to: "all", text: "polled" });
  assert.match(JSON.stringify(await answer), /polled/);
  anna.close();
});

test("a client that sends nonsense is told, and then closed", async () => {
  const anna = await Peer.greet(server.url);
  for (let time = 0; time < 5; time++) anna.send("nonsense");
  assert.equal((await anna.take(({ type }) => type === "error")).type, "error");
  assert.equal((await anna.closed).code, 4500);
});

test("a reader that does not read is closed, and costs the others nothing", async () => {
  const patient = await startServer({
    MAX_QUEUE_BYTES: "65536",
    MAX_MESSAGES_PER_SECOND: "100000",
    MAX_BURST: "100000",
  });
  const topic = newRoom();
  const { tcp } = await handshake(patient.url);
  tcp.write(frame(`{"type":"hello","id":"1","client":"${randomClient()}"}`));
  tcp.write(frame(`{"type":"subscribe","id":"2","topic":"${topic}"}`));
  const anna = await Peer.greet(patient.url);
  const text = "x".repeat(4_000);
  const connections = async (): Promise<number> => {
    const metrics = await (await fetch(`${patient.url}/metrics`)).text();
    return Number(/^rosetta_connections\{endpoint="\/ws"\} (\d+)$/m.exec(metrics)?.[1]);
  };
  assert.equal(await connections(), 2);
  while ((await connections()) > 1) {
    const lines = Array.from({ length: 64 }, () => anna.ask({ type: "publish", topic, to: "others", text }));
    await Promise.all(lines);
  }
  assert.equal((await anna.ask({ type: "echo", text: "still here" })).type, "echo");
  tcp.destroy();
  anna.close();
  assert.equal(await patient.stop(), 0);
});

// Two servers are one application if they share a Redis. `REDIS_URL=redis://127.0.0.1 npm test` tries it.
const { REDIS_URL } = process.env;
if (REDIS_URL) {
  test("a message to one server reaches the other, and stays there when the first is gone", async () => {
    const topic = `room/${randomClient()}`;
    const [one, two] = await Promise.all([1, 2].map(() => startServer({ REDIS_URL })));
    if (!one || !two) throw new Error("there are not two servers");
    for (const { url } of [one, two]) await healthy(url);
    const [anna, ben] = [await Peer.greet(one.url), await Peer.greet(two.url)];
    for (const peer of [anna, ben]) await peer.ask({ type: "subscribe", topic });
    await anna.ask({ type: "publish", topic, to: "all", text: "hello" });
    assert.deepEqual([await anna.line(), await ben.line()], ["hello", "hello"]);
    one.process.kill("SIGKILL");
    const late = await Peer.greet(two.url);
    await late.ask({ type: "subscribe", topic });
    assert.equal(await late.line(), "hello");
    for (const peer of [ben, late]) peer.close();
    assert.equal(await two.stop(), 0);
  });
}

test("on SIGTERM every client is told to come back, and the server exits with 0", async () => {
  const short = await startServer();
  const anna = await Peer.greet(short.url);
  const stopped = short.stop();
  assert.equal((await anna.take(({ type }) => type === "bye")).type, "bye");
  assert.equal((await anna.closed).code, 1012);
  assert.equal(await stopped, 0);
});

test("the client comes back by itself when the server was restarted", async () => {
  const topic = newRoom();
  const first = await startServer();
  const client = new Client(`${first.url.replace(/^http/, "ws")}/ws`, {
    timeoutMs: 20_000,
  });
  const heard: string[] = [];
  client.subscribe(topic, ({ data }) => void (data.kind === "chat" && heard.push(data.text)));
  client.open();
  await client.publish(topic, "before");
  await first.stop();
  const second = await startServer({ PORT: new URL(first.url).port });
  await client.publish(topic, "after");
  assert.deepEqual(heard, ["before", "after"]);
  client.close();
  second.process.kill("SIGTERM");
  await once(second.process, "exit");
});
