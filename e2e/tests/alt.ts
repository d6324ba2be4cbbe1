import {
  different,
  type Event,
  from,
  metric,
  offsetsOf,
  publish,
  type Raw,
  requestHead,
  textsOf,
} from "@rosetta/testkit";
import { expect, test } from "../fixtures.ts";
import { eventOf, poll, stream, take } from "../http-readers.ts";

const transports = ["/events", "/poll"];
/** Server-Sent Events and JSON survive these only if nobody is careless about lines and encodings. */
const awkward = ["one\ntwo\r\nthree\rfour", "\n\ndata: forged\n\n", "\u2028\u2029\ufeff\u0000", "ß€😀", ""];

/** Asks a server how many connections it holds at an endpoint. */
function held(raw: Raw, endpoint: string): Promise<number> {
  return metric(raw, "connections", { endpoint });
}

test("ALT-01 MUST begin a stream with the cursor, as Server-Sent Events that nobody may keep or change", {
  tag: "@events",
}, async ({ converse, raw, room }) => {
  const empty = await stream(raw, room);
  const [ack] = await publish(await converse(), room, different(2));
  expect(empty.events.head).toMatchObject({ status: 200 });
  const { headers } = empty.events.head;
  expect(headers.get("content-type")).toMatch(/^text\/event-stream(;\s*charset=utf-8)?$/i);
  expect(headers.get("cache-control")).toMatch(/no-store/);
  expect(headers.get("cache-control")).toMatch(/no-transform/);
  expect(headers.get("content-encoding")).toBeNull();
  expect(empty.first).toMatchObject({ id: `${ack?.epoch}:0`, event: "subscribed" });
  expect(empty.cursor).toEqual({
    topic: room,
    mode: "stream",
    epoch: ack?.epoch,
    offset: 0,
    recovered: false,
  });
  const late = await stream(raw, room);
  expect(late.cursor).toMatchObject({ offset: 2, recovered: false });
  expect(late.first.id, "the place before what follows").toBe(`${ack?.epoch}:0`);
  expect(textsOf(await take(late.events, 2))).toEqual(different(2));
});

test("ALT-02 MUST stream the events of a topic as a WebSocket has them, each with its place as id", {
  tag: "@events",
}, async ({ converse, raw, room }) => {
  const [author, reader] = [await converse(), await converse()];
  await reader.request({ type: "subscribe", topic: room });
  const { events } = await stream(raw, room);
  await publish(author, room, awkward);
  await publish(author, room, ["to others"], "others");
  const all = await reader.events(room, awkward.length + 1);
  expect(textsOf(all)).toEqual([...awkward, "to others"]);
  expect(await take(events, all.length)).toEqual(all);
});

// WHATWG HTML §9.2.4: a browser that reconnects sends the last id that it saw.
test("ALT-03 MUST go on after the Last-Event-ID without a gap and without a duplicate", {
  tag: "@events",
}, async ({ converse, raw, room }) => {
  const author = await converse();
  const first = await stream(raw, room);
  await publish(author, room, different(3));
  const before = await take(first.events, 3);
  first.events.destroy();
  await publish(author, room, different(3, "missed"));
  const id = `${before[2]?.epoch}:3`;
  const second = await stream(raw, room, { "Last-Event-ID": id });
  expect(second.first.id).toBe(id);
  expect(second.cursor).toMatchObject({ offset: 6, recovered: true });
  await publish(author, room, ["live"]);
  const after = await take(second.events, 4);
  expect(offsetsOf([...before, ...after])).toEqual(from(1, 7));
  expect(textsOf(after)).toEqual([...different(3, "missed"), "live"]);
});

test("ALT-04 MUST go on from any id that a stream has given out, the first included", {
  tag: "@events",
}, async ({ converse, raw, room }) => {
  await publish(await converse(), room, different(40));
  const whole = await stream(raw, room);
  const events = await take(whole.events, 32);
  expect(events.at(-1)?.offset).toBe(40);
  for (const { id, left } of [
    { id: whole.first.id ?? "", left: 32 },
    { id: `${events[0]?.epoch}:${events[0]?.offset}`, left: 31 },
    { id: `${events[0]?.epoch}:40`, left: 0 },
  ]) {
    const again = await stream(raw, room, { "Last-Event-ID": id });
    expect(again.first.id, "whoever is cut off at once comes back with it").toBe(id);
    expect(again.cursor.recovered).toBe(true);
    expect(await take(again.events, left)).toEqual(events.slice(32 - left));
  }
  const bySince = await raw.events(`/events?topic=${room}&since=${events[29]?.epoch}:38`);
  await bySince.next();
  expect(await take(bySince, 2)).toEqual(events.slice(30));
});

test("ALT-05 MUST say so when what was missed is gone, and give the newest part", {
  tag: ["@events", "@poll"],
}, async ({ converse, raw, room }) => {
  const author = await converse();
  await publish(author, room, different(3));
  const { epoch } = await poll(raw, room);
  for (const cursor of ["0123456789abcdef:2", `${epoch}:4`, `${epoch}:999999999999999`]) {
    const streamed = await stream(raw, room, { "Last-Event-ID": cursor });
    expect(streamed.cursor, cursor).toMatchObject({ epoch, offset: 3, recovered: false });
    expect(textsOf(await take(streamed.events, 3))).toEqual(different(3));
    const page = await poll(raw, room, cursor);
    expect(page, cursor).toMatchObject({ epoch, offset: 3, recovered: false });
    expect(textsOf(page.events)).toEqual(different(3));
  }
});

test("ALT-06 MUST answer 404 for a topic that is not there, in JSON", {
  tag: ["@events", "@poll"],
}, async ({ raw }) => {
  const topics = ["nothing", "weather/atlantis", "room/", "room/UP", "job/none", "", "%E0%A4%A"];
  const queries = [...topics.map((topic) => `?topic=${topic}`), "", "?since=a:1"];
  for (const path of transports.flatMap((transport) => queries.map((query) => transport + query))) {
    const answer = await raw.request(path.replace("?since=a:1", "?since=aa:1"));
    expect(answer.status, path).toBe(404);
    expect(answer.headers.get("content-type"), path).toMatch(/^application\/json/);
    expect(JSON.parse(answer.body), path).toMatchObject({ type: "error", code: "not_found" });
  }
});

test("ALT-07 MUST answer 400 for a cursor that is none", {
  tag: ["@events", "@poll"],
}, async ({ raw, room }) => {
  const cursors = [
    "1",
    "aa",
    "aa:",
    ":1",
    "aa:-1",
    "aa:1.5",
    "aa:1e3",
    "xy:1",
    "aa:1:1",
    "aa:9999999999999999",
  ];
  for (const cursor of cursors) {
    const answers = [
      await raw.request(`/events?topic=${room}`, { headers: { "Last-Event-ID": cursor } }),
      await raw.request(`/events?topic=${room}&since=${cursor}`),
      await raw.request(`/poll?topic=${room}&since=${cursor}`),
    ];
    for (const { status, body } of answers) {
      expect(status, cursor).toBe(400);
      expect(JSON.parse(body)).toMatchObject({ type: "error", code: "invalid" });
    }
  }
});

test("ALT-08 MUST give up the place of a stream whose client has gone", {
  tag: "@events",
}, async ({ launch, raw }) => {
  const server = await launch({ MAX_CONNECTIONS_PER_ADDRESS: "2" });
  const http = raw.at(server.port);
  for (const _ of from(1, 2)) {
    const streams = [await stream(http, "scores"), await stream(http, "scores")];
    expect(await held(http, "/events")).toBe(2);
    const refused = await http.request("/events?topic=scores");
    expect(refused).toMatchObject({ status: 429 });
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    for (const { events } of streams) events.destroy();
    await expect.poll(() => held(http, "/events")).toBe(0);
  }
});

test("ALT-09 MUST give up the place of a poll whose client has gone, and of one that was answered", {
  tag: "@poll",
}, async ({ launch, converse, raw }) => {
  const server = await launch({ MAX_CONNECTIONS_PER_ADDRESS: "3" });
  const http = raw.at(server.port);
  const { cursor } = await poll(http, "room/a");
  expect(await held(http, "/poll"), "answered at once").toBe(0);
  const path = `/poll?topic=room/a&since=${cursor}`;
  const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`;
  const [cut, leaving, staying] = [await http.tcp(), await http.tcp(), await http.tcp()];
  for (const each of [cut, leaving, staying]) each.write(head);
  await expect.poll(() => held(http, "/poll")).toBe(3);
  cut.reset();
  await expect.poll(() => held(http, "/poll")).toBe(2);
  // A browser leaves with FIN, from which a server cannot tell whether it still reads.
  leaving.end();
  await expect.poll(() => held(http, "/poll")).toBe(1);
  await publish(await converse({ server }), "room/a", ["a"]);
  await expect.poll(() => held(http, "/poll")).toBe(0);
  expect(staying.received.toString()).toMatch(/^HTTP\/1\.1 200 /);
});

test("ALT-10 MUST keep a stream and a poll open that have nothing to say for longer than a handshake may take", {
  tag: ["@events", "@poll"],
}, async ({ launch, converse, raw, room }) => {
  // The limit of a handshake is the idle timeout of a stack that has no other. Such a one looks every 4 s, whatever
  // it is told below that: what is not exempt is cut off within 4 s, and 5 s are the shortest silence to outlive it.
  const server = await launch({ HANDSHAKE_MS: "4000", HEARTBEAT_MS: "5000", POLL_MS: "5000" });
  const http = raw.at(server.port);
  const { events, cursor } = await stream(http, room);
  const path = `/poll?topic=${room}&since=${cursor.epoch}:0`;
  const polling = http.request(path, { deadline: 15_000 });
  const comment = await events.next((event) => event.comment !== undefined, { deadline: 15_000 });
  expect(comment).toEqual({ comment: "" });
  expect(await polling).toMatchObject({ status: 204 });
  await publish(await converse({ server }), room, ["at last"]);
  expect(textsOf(await take(events, 1))).toEqual(["at last"]);
});

test("ALT-11 MUST send a comment now and then, so that no proxy takes the silence for death", {
  tag: "@events",
}, async ({ launch, raw, room }) => {
  const server = await launch({ HEARTBEAT_MS: "1000" });
  const { events } = await stream(raw.at(server.port), room);
  for (const _ of from(1, 2)) await events.next(({ comment, id }) => comment === "" && id === undefined);
});

test("ALT-12 MUST answer a poll without a cursor at once with one, and never with events", {
  tag: "@poll",
}, async ({ converse, raw, room }) => {
  const [ack] = await publish(await converse(), room, different(3));
  const answer = await raw.request(`/poll?topic=${room}`);
  expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
  expect(answer.headers.get("cache-control")).toMatch(/no-store/);
  expect(JSON.parse(answer.body)).toEqual({
    topic: room,
    mode: "stream",
    epoch: ack?.epoch,
    offset: 3,
    recovered: false,
    events: [],
  });
  const page = await poll(raw, room, `${ack?.epoch}:1`);
  expect(page).toMatchObject({ offset: 3, recovered: true });
  expect(textsOf(page.events), "with one: what came after it").toEqual(["text 2", "text 3"]);
});

test("ALT-13 MUST hold a poll until something comes, and answer with it", {
  tag: "@poll",
}, async ({ launch, converse, raw, room }) => {
  const server = await launch();
  const http = raw.at(server.port);
  const { cursor, epoch } = await poll(http, room);
  const waiting = [poll(http, room, cursor), poll(http, room, cursor)];
  const elsewhere = poll(http, `${room}-b`, (await poll(http, `${room}-b`)).cursor);
  await expect.poll(() => held(http, "/poll")).toBe(3);
  const author = await converse({ server });
  await publish(author, room, awkward.slice(0, 1));
  for (const page of await Promise.all(waiting)) {
    expect(page).toMatchObject({ topic: room, epoch, offset: 1, recovered: true });
    expect(textsOf(page.events)).toEqual(awkward.slice(0, 1));
  }
  expect(await held(http, "/poll"), "another room is another matter").toBe(1);
  await publish(author, `${room}-b`, ["b"]);
  expect(textsOf((await elsewhere).events)).toEqual(["b"]);
});

test("ALT-14 MUST answer 204 to a poll for which nothing came in time", {
  tag: "@poll",
}, async ({ launch, raw, room }) => {
  const server = await launch({ POLL_MS: "1000" });
  const { cursor } = await poll(raw.at(server.port), room);
  const answer = await raw.at(server.port).request(`/poll?topic=${room}&since=${cursor}`);
  expect(answer).toMatchObject({ status: 204, body: "" });
  // RFC 9110 §8.6: a 204 has no Content-Length, not even 0.
  expect(answer.headers.get("content-length")).toBeNull();
  expect(answer.headers.get("transfer-encoding")).toBeNull();
  expect(answer.headers.get("cache-control")).toMatch(/no-store/);
  expect(await held(raw.at(server.port), "/poll")).toBe(0);
});

test("ALT-15 MUST tell a poll at once that its place is lost, though there is nothing to give it", {
  tag: "@poll",
}, async ({ raw, room }) => {
  const { epoch } = await poll(raw, room);
  for (const cursor of ["0123456789abcdef:2", "0123456789abcdef:0", `${epoch}:1`]) {
    const page = await poll(raw, room, cursor);
    expect(page, cursor).toMatchObject({ epoch, offset: 0, recovered: false, events: [] });
  }
});

test("ALT-16 MUST bring everything once, in order, to who polls again and again", {
  tag: "@poll",
}, async ({ converse, raw, room }) => {
  const author = await converse();
  let { cursor } = await poll(raw, room);
  const seen: Event[] = [];
  // Published between the polls, and during them.
  const publishing = publish(author, room, different(60));
  while (seen.length < 60) {
    const page = await poll(raw, room, cursor);
    expect(page.recovered).toBe(true);
    expect(page.events.at(-1)?.offset, "the cursor is the place of the last").toBe(page.offset);
    seen.push(...page.events);
    cursor = page.cursor;
  }
  await publishing;
  expect(textsOf(seen)).toEqual(different(60));
  expect(offsetsOf(seen)).toEqual(from(1, 60));
});

test("ALT-17 MUST bring the same events in the same places by WebSocket, stream and poll", {
  tag: ["@broadcast", "@events", "@poll"],
}, async ({ converse, raw, room }) => {
  const [one, two, reader] = [await converse(), await converse(), await converse()];
  const { cursor } = await poll(raw, room);
  const { events } = await stream(raw, room);
  await reader.request({ type: "subscribe", topic: room });
  const publications = different(20).flatMap((text, index) => [
    publish(one, room, [`one: ${text}`], index % 2 ? "all" : "others"),
    publish(two, room, [`two: ${text}`], index % 3 ? "all" : "others"),
  ]);
  await Promise.all(publications);
  const bySocket = await reader.events(room, 40);
  expect(offsetsOf(bySocket)).toEqual(from(1, 40));
  expect(await take(events, 40)).toEqual(bySocket);
  expect((await poll(raw, room, cursor)).events).toEqual(bySocket);
});

test("ALT-18 MUST bring of a topic in which only the newest matters no more than that", {
  tag: ["@events", "@poll"],
}, async ({ converse, raw }) => {
  const topic = "weather/berlin";
  const talk = await converse();
  const { epoch } = await talk.request({ type: "subscribe", topic });
  await talk.events(topic, 3);
  const { events, cursor } = await stream(raw, topic, { "Last-Event-ID": `${epoch}:0` });
  expect(cursor).toMatchObject({ mode: "latest", epoch });
  expect(offsetsOf(await take(events, 2))).toEqual([cursor.offset, cursor.offset + 1]);
  const page = await poll(raw, topic, `${epoch}:0`);
  expect(page.events).toHaveLength(1);
  expect(page.events[0]?.offset).toBe(page.offset);
});

test("ALT-19 MUST bring a feed by stream and by poll without being asked twice", {
  tag: ["@events", "@poll"],
}, async ({ raw }) => {
  const { events, cursor } = await stream(raw, "scores");
  const known = Math.min(cursor.offset, 32);
  const streamed = await take(events, known + 2);
  expect(offsetsOf(streamed)).toEqual(from(cursor.offset - known + 1, cursor.offset + 2));
  const page = await poll(raw, "scores", `${cursor.epoch}:${cursor.offset}`);
  expect(page.events.slice(0, 2)).toEqual(streamed.slice(known));
});

// RFC 9110 §15.5.6: 405 says what is allowed.
test("ALT-20 MUST answer nothing but GET", { tag: "@door" }, async ({ raw, room }) => {
  for (const path of transports.map((transport) => `${transport}?topic=${room}`)) {
    for (const method of ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"]) {
      const answer = await raw.request(path, { method });
      expect(answer.status, `${method} ${path}`).toBe(405);
      expect(answer.headers.get("allow")).toBe("GET");
    }
  }
});

test("ALT-21 MUST refuse a foreign Origin, and requests that other sites make without one", {
  tag: "@door",
}, async ({ raw, room, app }) => {
  const foreign = [
    { Origin: "http://foreign.example" },
    { Origin: "null" },
    { Origin: `http://127.0.0.1:${app.port}.foreign.example` },
    { Origin: `https://127.0.0.1:${app.port}` },
    { "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site" },
  ];
  for (const path of transports.map((transport) => `${transport}?topic=${room}`)) {
    for (const headers of foreign) {
      const answer = await raw.request(path, { headers });
      expect(answer.status, `${path} ${JSON.stringify(headers)}`).toBe(403);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
  }
});

// Fetch §3.2: the page of a sibling server may read it; whoever caches must not give it to another origin.
test("ALT-22 MUST let a listed Origin read it, and say that the answer depends on it", {
  tag: ["@door", "@events", "@poll"],
}, async ({ raw, room, app }) => {
  const own = `http://localhost:${app.port}`;
  const streamed = await stream(raw, room, { Origin: own });
  const answers = [
    streamed.events.head,
    await raw.request(`/poll?topic=${room}`, { headers: { Origin: own } }),
    await raw.request("/poll?topic=nothing", { headers: { Origin: own } }),
    await raw.request("/events?topic=nothing", { headers: { Origin: own } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 404]);
  for (const { headers } of answers) {
    expect(headers.get("access-control-allow-origin")).toBe(own);
    expect(headers.get("vary")).toMatch(/\borigin\b/i);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  }
  const without = await raw.request(`/poll?topic=${room}`);
  expect(without.headers.get("access-control-allow-origin")).toBeNull();
  expect(without.headers.get("vary")).toMatch(/\borigin\b/i);
});

test("ALT-23 MUST cut off a stream whose reader has stopped reading, after a prefix without gaps", {
  tag: "@events",
}, async ({ launch, converse, raw }) => {
  const server = await launch({ MAX_QUEUE_BYTES: "65536" });
  const http = raw.at(server.port);
  const { events } = await stream(http, "room/flood");
  events.pause();
  // Far more than the kernels on both sides take.
  const author = await converse({ server });
  await author.request({ type: "chaos", do: "flood", mebibytes: 32 });
  await expect.poll(() => held(http, "/events")).toBe(0);
  events.resume();
  let last: Event | undefined;
  for (;;) {
    const event = await events.next(({ data }) => data !== undefined).catch(() => undefined);
    if (!event) break;
    const next = eventOf(event);
    expect(next.offset, "what came is without a gap").toBe((last?.offset ?? 0) + 1);
    last = next;
  }
  // The reader comes back with the last id that it saw. Whatever was under way at the cut is lost.
  expect(last?.offset ?? 0).toBeLessThan(8_192);
  expect(events.complete, "the server has ended it").toBe(false);
});

// Behind a proxy all readers have the proxy's address. Together they would soon reach the limit per address.
test("ALT-24 MUST count streams and polls by the address that the trusted proxy reports", {
  tag: ["@door", "@events", "@poll"],
}, async ({ launch, raw, room }) => {
  const server = await launch({ TRUST_PROXY: "1", MAX_CONNECTIONS_PER_ADDRESS: "2" });
  const http = raw.at(server.port);
  const forwarded = (address: string) => ({ "X-Forwarded-For": address });
  await stream(http, room, forwarded("203.0.113.1"));
  const { cursor } = await poll(http, room);
  const wait = async (address: string, count: number) => {
    const connection = await http.tcp();
    const host = ["Host", `127.0.0.1:${server.port}`] as const;
    const headers = [host, ["X-Forwarded-For", address] as const];
    connection.write(requestHead("GET", `/poll?topic=${room}&since=${cursor}`, headers));
    await expect.poll(() => held(http, "/poll")).toBe(count);
  };
  await wait("203.0.113.2", 1);
  await stream(http, room, forwarded("203.0.113.1"));
  await wait("203.0.113.2", 2);
  for (const address of ["203.0.113.1", "203.0.113.2"]) {
    for (const path of transports) {
      const { status } = await http.request(`${path}?topic=${room}`, { headers: forwarded(address) });
      expect(status, `${path} from ${address}, which has two already`).toBe(429);
    }
  }
  await stream(http, room, forwarded("203.0.113.3"));
});
