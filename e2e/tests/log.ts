import { randomBytes } from "node:crypto";
import { type ServerMessage, subprotocol } from "@rosetta/protocol";
import { Conversation, different, type Event, from, metric, publish } from "@rosetta/testkit";
import { expect, test } from "../fixtures.ts";

type Told = Extract<Event["data"], { kind: "log" }>;

const foreign = { Origin: "http://foreign.example" };

function toldBy(message: { type: string }): Told | undefined {
  const { type, topic, data } = message as ServerMessage<"event">;
  return type === "event" && topic === "log" && data.kind === "log" ? data : undefined;
}

/** Waits for the next record with this name and these details. */
async function record(watcher: Conversation, name: Told["name"], details: Told["details"]): Promise<Told> {
  const found = (message: { type: string }): boolean => {
    const told = toldBy(message);
    return (
      told?.name === name && Object.entries(details).every(([key, value]) => told.details[key] === value)
    );
  };
  const event = await watcher.next(found, { awaited: `a record ${name} ${JSON.stringify(details)}` });
  return toldBy(event) as Told;
}

/** Subscribes to the server's log; what was told before is taken. */
async function watch(talk: Conversation): Promise<Conversation> {
  await talk.request({ type: "subscribe", topic: "log" });
  await talk.rest("log");
  return talk;
}

test("LOG-01 MUST tell of connections that were opened and closed, with session and code", {
  tag: "@closed",
}, async ({ launch, converse, raw }) => {
  const server = await launch();
  const watcher = await watch(await converse({ server }));
  const talk = await Conversation.open(raw.at(server.port));
  const { session } = await talk.hello();
  expect(await record(watcher, "opened", { session })).toEqual({
    kind: "log",
    name: "opened",
    details: { session, endpoint: "/ws" },
  });
  await talk.socket.close(3210);
  expect(await record(watcher, "closed", { session })).toEqual({
    kind: "log",
    name: "closed",
    details: { session, endpoint: "/ws", code: 3210 },
  });
  const echo = await raw.at(server.port).connect("/echo");
  const { details } = await record(watcher, "opened", { endpoint: "/echo" });
  expect(details.session).not.toBe(session);
  echo.destroy();
  await record(watcher, "closed", { ...details, code: 1006 });
});

test("LOG-02 MUST tell of connections that the server closed, with the code", {
  tag: ["@closed", "@close"],
}, async ({ launch, converse, raw }) => {
  const server = await launch();
  const watcher = await watch(await converse({ server }));
  for (const code of [1000, 1003, 4321, 4500]) {
    const talk = await Conversation.open(raw.at(server.port));
    const { session } = await talk.hello();
    if (code === 1000) talk.send({ type: "stop" });
    if (code === 1003) talk.socket.send(new Uint8Array(1));
    if (code === 4321) talk.send({ type: "chaos", do: "close", code });
    if (code === 4500) for (const _ of from(1, 5)) talk.socket.send("{");
    await talk.socket.closed();
    await record(watcher, "closed", { session, code });
  }
});

test("LOG-03 MUST tell of requests that were refused, with status and path and without the query", {
  tag: ["@door", "@upgrade"],
}, async ({ launch, converse, raw }) => {
  const server = await launch();
  const watcher = await watch(await converse({ server }));
  const http = raw.at(server.port);
  await http.refused("/ws?token=secret", { headers: foreign, subprotocols: [subprotocol] });
  const handshake = await record(watcher, "refused", { status: 403 });
  expect(handshake.details).toEqual({ status: 403, reason: expect.stringMatching(/Origin/), path: "/ws" });
  await http.request("/healthz?token=secret", { method: "DELETE" });
  await record(watcher, "refused", { status: 405, path: "/healthz" });
  await http.refused(`/${"x".repeat(1000)}`);
  const { details } = await record(watcher, "refused", { status: 404 });
  expect(String(details.path).length, "a stranger does not fill the log").toBeLessThanOrEqual(64);
});

test("LOG-04 MUST tell of a reader that is too slow, with its session", {
  tag: "@send",
}, async ({ launch, converse, raw }) => {
  const server = await launch();
  const watcher = await watch(await converse({ server }));
  const slow = await raw.at(server.port).connect("/echo");
  const { details } = await record(watcher, "opened", { endpoint: "/echo" });
  slow.pause();
  // Far more than the kernels on both sides and the server's queue take.
  for (const _ of from(1, 400)) slow.send(new Uint8Array(60 * 1024));
  await record(watcher, "slow", details);
});

test("LOG-05 MUST tell of jobs that were started, with session and size", {
  tag: "@messages",
}, async ({ launch, converse, raw }) => {
  const server = await launch();
  const watcher = await watch(await converse({ server }));
  const talk = await Conversation.open(raw.at(server.port));
  const { session } = await talk.hello();
  await talk.request({ type: "start", job: "hash", mebibytes: 2 });
  const { details } = await record(watcher, "job", { session });
  expect(details).toEqual({ session, state: "started", mebibytes: 2 });
});

test("LOG-06 MUST NOT tell anybody a client's secret, an address, or what was said", {
  tag: ["@messages", "@closed"],
}, async ({ launch, converse, raw, room }) => {
  const server = await launch();
  const watcher = await watch(await converse({ server }));
  const secret = randomBytes(16).toString("hex");
  const talk = await converse({ server, client: secret });
  const said = "what was said in confidence";
  await talk.request({ type: "subscribe", topic: room });
  await talk.request({ type: "publish", topic: room, to: "all", text: said });
  await talk.request({ type: "echo", text: said });
  await talk.request({ type: "start", job: "hash", mebibytes: 1 });
  talk.socket.send(said);
  await talk.refusal({ type: "hello", client: secret });
  await talk.refusal({ type: "publish", topic: "scores", to: "all", text: said });
  await raw
    .at(server.port)
    .request(`/nothing?token=${secret}`, { method: "POST", headers: foreign, body: said });
  const again = await converse({ server, client: secret });
  await talk.socket.closed();
  again.send({ type: "chaos", do: "throw" });
  await again.socket.closed();
  await record(watcher, "closed", { code: 1011 });
  await watcher.settled();
  const told = watcher.collected.filter((message) => toldBy(message));
  expect(told.length).toBeGreaterThanOrEqual(6);
  await server.stop();
  const everything = [JSON.stringify(told), ...server.stderr].join("\n");
  expect(everything).toContain("4509");
  for (const hidden of [secret, said, "127.0.0.1", "::1", room]) expect(everything).not.toContain(hidden);
});

test("LOG-07 MUST tell at most 20 records a second, however many connections storm in", {
  tag: "@broadcast",
}, async ({ launch, converse, raw }) => {
  const server = await launch();
  const watcher = await watch(await converse({ server }));
  const http = raw.at(server.port);
  const sockets = await Promise.all(from(1, 150).map(() => http.connect("/echo")));
  const ends = sockets.map((socket) => socket.close(1000));
  await Promise.all(ends);
  await watcher.settled();
  const told = watcher.collected.flatMap((message) => (toldBy(message) ? (message as Event).at : []));
  expect(told.length, "of 300").toBeLessThan(200);
  // 20 at once and 20 a second, by the server's own time; one for its rounding.
  for (const [index, at] of told.entries()) {
    const until = told.slice(index).map((later, count) => count + 1 <= 21 + (20 * (later - at)) / 1000);
    expect(until.every(Boolean), JSON.stringify(told)).toBe(true);
  }
});

test("LOG-08 MUST NOT tell of what is delivered: it would tell of its own telling", {
  tag: "@messages",
}, async ({ launch, converse, room }) => {
  const server = await launch();
  const watcher = await watch(await converse({ server }));
  const [author, reader] = [await converse({ server }), await converse({ server })];
  await watcher.events("log", 2);
  await reader.request({ type: "subscribe", topic: room });
  await publish(author, room, different(20));
  await reader.events(room, 20);
  await reader.request({ type: "unsubscribe", topic: room });
  await author.refusal({ type: "subscribe", topic: "nothing" });
  await watch(reader);
  expect(await watcher.rest("log")).toEqual([]);
});

test("LOG-09 MUST NOT be served to others than this machine, on no transport", {
  tag: ["@messages", "@events", "@poll"],
}, async ({ launch, converse, raw }) => {
  const server = await launch({ HOST: "0.0.0.0" });
  const talk = await converse({ server });
  const error = await talk.refusal({ type: "subscribe", id: "log", topic: "log" });
  expect(error).toMatchObject({ code: "forbidden", re: "log" });
  for (const path of ["/events?topic=log", "/poll?topic=log"]) {
    const answer = await raw.at(server.port).request(path);
    expect(answer, path).toMatchObject({ status: 403 });
    expect(JSON.parse(answer.body), path).toMatchObject({ type: "error", code: "forbidden" });
  }
  await talk.request({ type: "subscribe", topic: "scores" });
});

test("LOG-10 MUST be served on every transport if it is exposed", {
  tag: ["@messages", "@events", "@poll"],
}, async ({ launch, converse, raw }) => {
  const server = await launch({ HOST: "0.0.0.0", EXPOSE: "log" });
  const watcher = await watch(await converse({ server }));
  const stream = await raw.at(server.port).events("/events?topic=log");
  expect(stream.head.status).toBe(200);
  expect(await raw.at(server.port).request("/poll?topic=log")).toMatchObject({ status: 200 });
  await raw.at(server.port).request("/greet", { headers: foreign });
  const told = await record(watcher, "refused", { status: 403, path: "/greet" });
  const event = await stream.next(({ data }) => data?.includes("/greet") === true);
  expect(JSON.parse(event.data ?? "").data).toEqual(told);
});

// The log can go to a disk that fills up, or to a pipe whose reader has stalled. Neither must stop the server.
for (const [id, log, what] of [
  ["LOG-11", "stalled", "nobody reads its log"],
  ["LOG-12", "full", "the disk of its log is full"],
  ["LOG-13", "gone", "the reader of its log has gone"],
] as const) {
  test(`${id} MUST go on serving, and stop in order, when ${what}`, {
    tag: ["@health", "@shutdown", "@guard"],
  }, async ({ launch, raw, converse }) => {
    const server = await launch({}, { log });
    // Each throw logs a line of about 1 KiB. Together they exceed the pipe and the server's own buffer for it.
    for (const _ of from(1, 50)) {
      const clients = await Promise.all(from(1, 10).map(() => converse({ server })));
      for (const client of clients) client.send({ type: "chaos", do: "throw" });
      for (const { socket } of clients) expect(await socket.closed()).toMatchObject({ code: 1011 });
    }
    const own = raw.at(server.port);
    expect((await own.request("/healthz")).status).toBe(200);
    expect(await metric(own, "log_lines_lost_total")).toBeGreaterThan(0);
    expect(await server.stop("SIGTERM")).toMatchObject({ code: 0 });
  });
}
