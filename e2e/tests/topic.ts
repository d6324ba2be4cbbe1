import { different, from, memberOf, offsetsOf, publish, textsOf } from "@rosetta/testkit";
import { expect, test } from "../fixtures.ts";
import { isPresence, present } from "../presence.ts";

/** What a subscriber without a cursor is given of a long topic. */
const newest = 32;

test("TOPIC-01 MUST bring what is published to all to every subscriber, the author included", {
  tag: "@broadcast",
}, async ({ converse, room }) => {
  const [author, reader] = [await converse(), await converse()];
  const { epoch } = await author.request({ type: "subscribe", topic: room });
  await reader.request({ type: "subscribe", topic: room });
  await author.request({ type: "publish", topic: room, to: "all", text: "hello" });
  const event = {
    type: "event",
    topic: room,
    epoch,
    offset: 1,
    at: expect.any(Number),
    from: memberOf(author),
    to: "all",
    data: { kind: "chat", text: "hello" },
  };
  const [[own], [other]] = [await author.events(room, 1), await reader.events(room, 1)];
  expect(own).toEqual(event);
  expect(other).toEqual(own);
  expect(await author.rest(room)).toEqual([]);
  expect(await reader.rest(room)).toEqual([]);
});

test("TOPIC-02 MUST bring what is published to others to every subscriber but the author", {
  tag: "@broadcast",
}, async ({ converse, room }) => {
  const [author, one, two] = [await converse(), await converse(), await converse()];
  for (const talk of [author, one, two]) await talk.request({ type: "subscribe", topic: room });
  await publish(author, room, ["not for me"], "others");
  await publish(author, room, ["for all"]);
  for (const reader of [one, two]) {
    const events = await reader.events(room, 2);
    expect(textsOf(events)).toEqual(["not for me", "for all"]);
    expect(events.map(({ to }) => to)).toEqual(["others", "all"]);
  }
  const own = await author.events(room, 1);
  expect(textsOf(own)).toEqual(["for all"]);
  expect(offsetsOf(own), "offsets count for everyone").toEqual([2]);
  expect(await author.rest(room)).toEqual([]);
});

test("TOPIC-03 MUST let publish who does not subscribe, to all and to others", {
  tag: "@broadcast",
}, async ({ converse, room }) => {
  const [author, one, two] = [await converse(), await converse(), await converse()];
  for (const reader of [one, two]) await reader.request({ type: "subscribe", topic: room });
  await publish(author, room, ["a"], "others");
  await publish(author, room, ["b"], "all");
  for (const reader of [one, two]) expect(textsOf(await reader.events(room, 2))).toEqual(["a", "b"]);
  expect(await author.rest(room)).toEqual([]);
});

test("TOPIC-04 MUST keep rooms apart", { tag: "@broadcast" }, async ({ converse, room }) => {
  const [left, right] = [`${room}-1`, `${room}-11`];
  const [author, inLeft, inRight, inBoth] = [
    await converse(),
    await converse(),
    await converse(),
    await converse(),
  ];
  for (const talk of [inLeft, inBoth]) await talk.request({ type: "subscribe", topic: left });
  for (const talk of [inRight, inBoth]) await talk.request({ type: "subscribe", topic: right });
  await publish(author, left, ["left"]);
  await publish(author, right, ["right"]);
  expect(textsOf(await inLeft.events(left, 1))).toEqual(["left"]);
  expect(textsOf(await inRight.events(right, 1))).toEqual(["right"]);
  expect(textsOf(await inBoth.events(left, 1))).toEqual(["left"]);
  expect(textsOf(await inBoth.events(right, 1))).toEqual(["right"]);
  for (const topic of [left, right, room]) {
    for (const talk of [author, inLeft, inRight, inBoth]) expect(await talk.rest(topic)).toEqual([]);
  }
});

test("TOPIC-05 MUST bring everything in one order to all, whoever publishes at the same time", {
  tag: "@broadcast",
}, async ({ converse, room }) => {
  const authors = await Promise.all(from(1, 4).map(() => converse()));
  const readers = await Promise.all(from(1, 3).map(() => converse()));
  for (const talk of [...authors, ...readers]) await talk.request({ type: "subscribe", topic: room });
  const said = authors.map((_, index) => different(30, `author ${index}:`));
  await Promise.all(authors.map((author, index) => publish(author, room, said[index] ?? [])));
  const [first = [], ...others] = await Promise.all(
    [...readers, ...authors].map((talk) => talk.events(room, 120)),
  );
  expect(offsetsOf(first)).toEqual(from(1, 120));
  for (const events of others) expect(events).toEqual(first);
  for (const [index, texts] of said.entries()) {
    const own = textsOf(first).filter((text) => text.startsWith(`author ${index}:`));
    expect(own, "each author's own in the order of publication").toEqual(texts);
  }
});

test("TOPIC-06 MUST send the ack in the place of the publication, behind one's own copy", {
  tag: ["@broadcast", "@send"],
}, async ({ converse, room }) => {
  const [author, other] = [await converse(), await converse()];
  for (const talk of [author, other]) await talk.request({ type: "subscribe", topic: room });
  const publications = different(40).flatMap((text, index) => [
    author.request({ type: "publish", topic: room, to: index % 2 ? "all" : "others", text }),
    other.request({ type: "publish", topic: room, to: "all", text: `other ${text}` }),
  ]);
  await Promise.all(publications);
  await author.settled();
  const places = author.collected.flatMap((message) =>
    message.type === "event" || message.type === "ack" ? [`${message.type} ${message.offset}`] : [],
  );
  const own = new Set(author.collected.flatMap((message) => (message.type === "ack" ? message.offset : [])));
  const copies = new Set(
    author.collected.flatMap((message) => (message.type === "event" ? message.offset : [])),
  );
  const expected = from(1, 80).flatMap((offset) => [
    ...(copies.has(offset) ? [`event ${offset}`] : []),
    ...(own.has(offset) ? [`ack ${offset}`] : []),
  ]);
  expect(places).toEqual(expected);
  expect([own.size, copies.size]).toEqual([40, 60]);
});

test("TOPIC-07 MUST send nothing of a topic behind the ack of unsubscribe", {
  tag: "@broadcast",
}, async ({ converse, room }) => {
  const [author, reader, other] = [await converse(), await converse(), await converse()];
  const presence = room.replace("room", "presence");
  for (const talk of [reader, other]) await talk.request({ type: "subscribe", topic: room });
  await reader.request({ type: "subscribe", topic: presence });
  const publishing = publish(author, room, different(50));
  const acks = [
    await reader.request({ type: "unsubscribe", topic: room }),
    await reader.request({ type: "unsubscribe", topic: presence }),
  ];
  await publishing;
  await publish(author, room, ["one more"]);
  expect(await other.events(room, 51)).toHaveLength(51);
  await reader.settled();
  for (const ack of acks) {
    const behind = reader.collected.slice(reader.collected.indexOf(ack) + 1);
    expect(behind.filter((message) => message.type === "event" && message.topic === ack.topic)).toEqual([]);
  }
});

test("TOPIC-08 MUST give a late subscriber the newest part, then what is live", {
  tag: ["@send", "@broadcast"],
}, async ({ converse, room }) => {
  const [author, late] = [await converse(), await converse()];
  await publish(author, room, different(40));
  const subscribed = await late.request({ type: "subscribe", topic: room });
  expect(subscribed).toMatchObject({ offset: 40, recovered: false });
  await publish(author, room, ["live"]);
  const events = await late.events(room, newest + 1);
  expect(offsetsOf(events)).toEqual(from(40 - newest + 1, 41));
  expect(textsOf(events).at(-1)).toBe("live");
  const place = late.collected.indexOf(subscribed);
  expect(late.collected.findIndex(({ type }) => type === "event")).toBeGreaterThan(place);
  expect(await late.rest(room)).toEqual([]);
});

test("TOPIC-09 MUST bring each event once to who subscribes twice, and tell nobody that they came again", {
  tag: "@broadcast",
}, async ({ converse, room }) => {
  const [author, reader] = [await converse(), await converse()];
  const presence = room.replace("room", "presence");
  await author.request({ type: "subscribe", topic: presence });
  const { epoch } = await reader.request({ type: "subscribe", topic: room });
  await present(author, presence, [reader]);
  const since = { epoch, offset: 0 };
  const again = await reader.request({ type: "subscribe", topic: room, since });
  expect(again).toMatchObject({ epoch, offset: 0, recovered: true });
  await publish(author, room, ["once"]);
  expect(textsOf(await reader.events(room, 1))).toEqual(["once"]);
  expect(await reader.rest(room)).toEqual([]);
  // Twice a second at most: once another room was told of a second change, this one would have been told, too.
  const [elsewhere, others] = [`${room}-b`, `${presence}-b`];
  await author.request({ type: "subscribe", topic: others });
  await reader.request({ type: "subscribe", topic: elsewhere });
  await reader.request({ type: "unsubscribe", topic: elsewhere });
  await present(author, others, []);
  expect(await author.rest(presence)).toEqual([]);
  await reader.request({ type: "unsubscribe", topic: room });
  await publish(author, room, ["never"]);
  expect(await reader.rest(room), "one unsubscribe is enough").toEqual([]);
});

test("TOPIC-10 MUST tell who is in a room: who comes, who goes, who stops, who is cut off", {
  tag: ["@send", "@closed"],
}, async ({ converse, room }) => {
  const presence = room.replace("room", "presence");
  const [watcher, one, two, three] = [await converse(), await converse(), await converse(), await converse()];
  expect(await watcher.request({ type: "subscribe", topic: presence })).toMatchObject({ mode: "latest" });
  await one.request({ type: "subscribe", topic: room });
  await present(watcher, presence, [one]);
  await two.request({ type: "subscribe", topic: room });
  await present(watcher, presence, [one, two]);
  await three.request({ type: "subscribe", topic: room });
  await present(watcher, presence, [one, two, three]);
  await one.request({ type: "unsubscribe", topic: room });
  await present(watcher, presence, [two, three]);
  await two.request({ type: "stop" });
  await present(watcher, presence, [three]);
  three.socket.destroy();
  await present(watcher, presence, []);
});

test("TOPIC-11 MUST count a client that came back on a new connection once, under its old name", {
  tag: ["@closed", "@close"],
}, async ({ converse, room }) => {
  const presence = room.replace("room", "presence");
  const [watcher, old] = [await converse(), await converse()];
  await watcher.request({ type: "subscribe", topic: presence });
  await old.request({ type: "subscribe", topic: room });
  await present(watcher, presence, [old]);
  const young = await converse({ client: old.client });
  await young.request({ type: "subscribe", topic: room });
  const other = await converse();
  await other.request({ type: "subscribe", topic: room });
  await present(watcher, presence, [young, other]);
  expect(memberOf(young)).toBe(memberOf(old));
});

test("TOPIC-12 MUST tell of a busy room's members now and then, not of each change, and the last state for sure", {
  tag: "@send",
}, async ({ converse, room }) => {
  const presence = room.replace("room", "presence");
  const [watcher, restless, last] = [await converse(), await converse(), await converse()];
  await watcher.request({ type: "subscribe", topic: presence });
  const changes = from(1, 40).map((number) =>
    restless.send({ type: number % 2 ? "subscribe" : "unsubscribe", topic: room }),
  );
  for (const id of changes) await restless.reply(id);
  await last.request({ type: "subscribe", topic: room });
  await present(watcher, presence, [last]);
  // Twice a second: once at the first change, once for all the others, and more only if this machine stood still.
  const told = watcher.collected.filter((message) => isPresence(message, presence));
  expect(told.length).toBeLessThanOrEqual(5);
});

test("TOPIC-13 MUST bring everything to each of 200 subscribers", {
  tag: "@broadcast",
}, async ({ converse, room }) => {
  const author = await converse();
  const readers = await Promise.all(from(1, 200).map(() => converse()));
  await Promise.all(readers.map((reader) => reader.request({ type: "subscribe", topic: room })));
  await publish(author, room, different(5));
  await publish(readers[0] ?? author, room, ["from one of them"], "others");
  const heard = await Promise.all(
    readers.map(async (reader, index) => offsetsOf(await reader.events(room, index === 0 ? 5 : 6))),
  );
  for (const [index, offsets] of heard.entries()) expect(offsets).toEqual(from(1, index === 0 ? 5 : 6));
});

test("TOPIC-14 MUST tell how many are in a full room, and at most a hundred of their names", {
  tag: "@send",
}, async ({ converse, room }) => {
  const presence = room.replace("room", "presence");
  const watcher = await converse();
  await watcher.request({ type: "subscribe", topic: presence });
  const members = await Promise.all(from(1, 150).map(() => converse()));
  await Promise.all(members.map((member) => member.request({ type: "subscribe", topic: room })));
  const event = await watcher.next((message) => isPresence(message, presence) && message.data.count === 150, {
    awaited: "presence of 150",
  });
  const names = isPresence(event, presence) ? event.data.members : [];
  expect(new Set(names).size).toBe(100);
  expect(members.map(memberOf)).toEqual(expect.arrayContaining(names));
});

test("TOPIC-15 MUST leave out the author who came back on a new connection, and nobody else", {
  tag: "@broadcast",
}, async ({ converse, room }) => {
  // The same client on a new connection is the author still.
  const [old, reader] = [await converse(), await converse()];
  await reader.request({ type: "subscribe", topic: room });
  const author = await converse({ client: old.client });
  await old.socket.closed();
  await author.request({ type: "subscribe", topic: room });
  await publish(author, room, ["a"], "others");
  await publish(reader, room, ["b"], "others");
  expect(textsOf(await reader.events(room, 1))).toEqual(["a"]);
  expect(textsOf(await author.events(room, 1))).toEqual(["b"]);
  for (const talk of [author, reader]) expect(await talk.rest(room)).toEqual([]);
});

test("TOPIC-16 MUST compress events to all and to others if compression was agreed on", {
  tag: ["@broadcast", "@limits"],
}, async ({ launch, converse, room }) => {
  const server = await launch({ COMPRESSION: "1" });
  const headers = { "Sec-WebSocket-Extensions": "permessage-deflate" };
  const [author, reader] = [await converse({ server, headers }), await converse({ server, headers })];
  for (const each of [author, reader]) await each.request({ type: "subscribe", topic: room });
  for (const to of ["all", "others"] as const) {
    const text = `${to}: ${"a".repeat(2_000)}`;
    await publish(author, room, [text], to);
    expect(textsOf(await reader.events(room, 1))).toEqual([text]);
    const frame = reader.socket.frames.at(-1);
    expect(frame?.rsv1, `to ${to}`).toBe(true);
    expect(frame?.payload.length).toBeLessThan(500);
  }
});
