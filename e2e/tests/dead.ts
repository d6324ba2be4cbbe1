import { Opcode } from "@rosetta/conformance";
import type { ServerMessage } from "@rosetta/protocol";
import {
  type Conversation,
  different,
  metric,
  publish,
  type RawSocket,
  type Server,
  seconds,
} from "@rosetta/testkit";
import { type Converse, expect, type Launch, test } from "../fixtures.ts";

/** Starts a server that asks after a second of silence, and waits a second for the answer. */
function quick(launch: Launch): Promise<Server> {
  return launch({ HEARTBEAT_MS: "1000", PONG_MS: "1000" });
}

/** Much longer than such a server takes. */
const patience = { deadline: 15_000 };

/** Connects a client whose network is gone: it never answers anything. */
async function mute(converse: Converse, server: Server): Promise<Conversation> {
  const client = await converse({ server });
  client.socket.autoPong = false;
  client.socket.autoClose = false;
  return client;
}

function pingsTo({ frames }: RawSocket): number {
  return frames.filter(({ opcode }) => opcode === Opcode.Ping).length;
}

function isPresenceOf(count: number) {
  return (message: ServerMessage) =>
    message.type === "event" && message.data.kind === "presence" && message.data.count === count;
}

// RFC 6455 §5.5.2: an endpoint answers a ping as soon as it can.
test("DEAD-01 MUST end a connection to /ws that leaves a ping unanswered", {
  tag: ["@ping", "@close"],
}, async ({ launch, converse, raw }) => {
  const server = await quick(launch);
  const { socket } = await mute(converse, server);
  // Nobody is there to read a close frame: the connection just ends.
  expect(await socket.closed(patience)).toMatchObject({ code: 1006 });
  expect(pingsTo(socket)).toBe(1);
  const own = raw.at(server.port);
  await expect.poll(() => metric(own, "connections")).toBe(0);
  expect(await metric(own, "heartbeat_deaths_total")).toBe(1);
});

test("DEAD-02 MUST end a connection to /echo that leaves a ping unanswered", {
  tag: ["@ping", "@close"],
}, async ({ launch, raw }) => {
  const own = raw.at((await quick(launch)).port);
  const ws = await own.connect("/echo");
  ws.autoPong = false;
  expect(await ws.closed(patience)).toMatchObject({ code: 1006 });
  expect(pingsTo(ws)).toBe(1);
  expect(await metric(own, "heartbeat_deaths_total")).toBe(1);
});

// Bun's own idle timer is reset by what the server writes: such a peer would never be missed.
test("DEAD-03 MUST end a connection that is dead while it is written to", {
  tag: ["@ping", "@pong"],
}, async ({ launch, converse, room }) => {
  const server = await quick(launch);
  const client = await mute(converse, server);
  const author = await converse({ server });
  for (const topic of [room, "scores", "weather/quito"]) await client.request({ type: "subscribe", topic });
  await author.request({ type: "subscribe", topic: "scores" });
  const closed = client.socket.closed(patience);
  let isOpen = true;
  const over = () => {
    isOpen = false;
  };
  closed.then(over, over);
  // Two events a second and more, at the pace of the server's own clock.
  while (isOpen) {
    await author.events("scores", 1);
    await publish(author, room, different(1));
  }
  expect(await closed).toMatchObject({ code: 1006 });
  expect(client.collected.filter(({ type }) => type === "event").length).toBeGreaterThan(2);
});

// Two pings: a server that does not hear the pong of the first never sends a second.
test("DEAD-04 MUST keep a client that says nothing but answers pings", { tag: "@pong" }, async ({
  launch,
  converse,
  raw,
}) => {
  const server = await quick(launch);
  const client = await converse({ server });
  const ws = await raw.at(server.port).connect("/echo");
  for (let ping = 0; ping < 2; ping++) {
    await Promise.all([client.socket.next("ping", patience), ws.next("ping", patience)]);
  }
  await client.settled();
  ws.send("still here");
  expect(await ws.nextText()).toBe("still here");
  expect(await metric(raw.at(server.port), "heartbeat_deaths_total")).toBe(0);
});

// A peer that speaks is alive, whether or not it answers pings. Otherwise the first of the three pings would end it.
test("DEAD-05 MUST keep a client that speaks but does not answer pings", {
  tag: ["@messages", "@echo"],
}, async ({ launch, converse, raw }) => {
  const server = await quick(launch);
  const client = await mute(converse, server);
  const ws = await raw.at(server.port).connect("/echo");
  ws.autoPong = false;
  const keepOn = async (socket: RawSocket, speak: () => Promise<unknown>) => {
    for (let ping = 0; ping < 3; ping++) {
      await socket.next("ping", patience);
      await speak();
    }
  };
  const tick = () => {
    ws.send("tick");
    return ws.nextText();
  };
  await Promise.all([keepOn(client.socket, () => client.settled()), keepOn(ws, tick)]);
  expect(await metric(raw.at(server.port), "heartbeat_deaths_total")).toBe(0);
});

test("DEAD-10 MUST keep a client that sends pings but does not answer them", {
  tag: ["@pong"],
}, async ({ launch, raw }) => {
  const server = await quick(launch);
  const ws = await raw.at(server.port).connect("/echo");
  ws.autoPong = false;
  // Longer than a silent peer is kept. Each ping waits for its pong, which passes the time.
  for (const endAt = performance.now() + 4_000; performance.now() < endAt; ) await ws.ping();
  ws.send("still here");
  expect(await ws.nextText()).toBe("still here");
});

test("DEAD-06 MUST end a client that is frozen, and tell its room", { tag: ["@ping", "@closed"] }, async ({
  launch,
  converse,
  raw,
  room,
}) => {
  const server = await quick(launch);
  const presence = room.replace("room/", "presence/");
  const witness = await converse({ server });
  await witness.request({ type: "subscribe", topic: presence });
  const frozen = await converse({ server });
  await frozen.request({ type: "subscribe", topic: room });
  await witness.next(isPresenceOf(1));
  frozen.socket.pause();
  await witness.next(isPresenceOf(0), { ...patience, awaited: "a presence without the frozen client" });
  expect(await metric(raw.at(server.port), "connections")).toBe(1);
});

// Its queue never empties, so that not even an error of the network tells of it.
test("DEAD-07 MUST end a client that froze while bytes waited for it", { tag: ["@ping", "@close"] }, async ({
  launch,
  raw,
}) => {
  const server = await launch({ HEARTBEAT_MS: "1000", PONG_MS: "1000", MAX_QUEUE_BYTES: "67108864" });
  const own = raw.at(server.port);
  const ws = await own.connect("/echo");
  ws.pause();
  const message = new Uint8Array(64 * 1024);
  for (let count = 0; count < 256; count++) ws.send(message);
  await expect.poll(() => metric(own, "heartbeat_deaths_total"), { timeout: patience.deadline }).toBe(1);
  await expect.poll(() => metric(own, "connections")).toBe(0);
  expect(await metric(own, "queue_bytes")).toBe(0);
});

// SIGSTOP and SIGCONT: a suspended laptop, a container that was frozen. Its peers were alive all the while.
test("DEAD-08 MUST not take its own standstill for the death of its peers", {
  tag: "@pong",
}, async ({ launch, converse, raw }) => {
  const server = await quick(launch);
  const pass = await seconds(await converse());
  const client = await converse({ server });
  client.socket.autoPong = false;
  const ping = await client.socket.next("ping", patience);
  server.freeze();
  client.socket.sendFrame({ opcode: Opcode.Pong, payload: ping.payload });
  client.socket.autoPong = true;
  // Longer than the heartbeat and the time for its answer: two seconds and more.
  await pass(3);
  server.thaw();
  await client.socket.next("ping", patience);
  await client.settled(patience);
  expect(await metric(raw.at(server.port), "heartbeat_deaths_total")).toBe(0);
});

// Messages sent at a legal pace wait in the kernel, and are all handled at once when the process continues.
test("DEAD-09 MUST not mistake messages that arrived while it stood still for a flood", {
  tag: "@messages",
}, async ({ launch, converse, raw }) => {
  const server = await launch({ MAX_MESSAGES_PER_SECOND: "100", MAX_BURST: "10" });
  const pass = await seconds(await converse());
  const clients = await Promise.all(Array.from({ length: 5 }, () => converse({ server })));
  // Start at a whole second, or the first of the three seconds would be shorter.
  await pass(1);
  server.freeze();
  for (let second = 0; second < 3; second++) {
    await pass(1);
    for (const client of clients) {
      for (let message = 0; message < 90; message++) client.send({ type: "ping", at: message });
    }
  }
  server.thaw();
  for (const client of clients) await client.settled(patience);
  expect(clients.flatMap(({ collected }) => collected).filter(({ type }) => type === "error")).toEqual([]);
  expect(await metric(raw.at(server.port), "rate_limited_total")).toBe(0);
});
