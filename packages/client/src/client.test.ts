import { encode, type ServerMessage } from "@rosetta/protocol";
import { describe, expect, test } from "vitest";
import type { ClientFrame } from "./client.ts";
import type { ClientProblem } from "./emitter.ts";
import type { SocketState } from "./socket.ts";
import { record } from "./testing/fake-host.ts";
import { connectedPair, pair, settled, watchPromise } from "./testing/scripted-peer.ts";

describe("the greeting", () => {
  test("offers the protocol and says hello first", () => {
    const { host, client, peer } = pair();
    client.open();
    expect(host.socket.protocols).toEqual(["rosetta.v1.json"]);
    host.socket.accept();
    expect(peer.heard.map(({ type }) => type)).toEqual(["hello"]);
  });

  test("is open only after `welcome`, and keeps what it said", () => {
    const { host, client, peer } = pair();
    const states = record<SocketState>((listener) => client.on("state", listener));
    client.open();
    host.socket.accept();
    expect(client.state.name).toBe("connecting");
    peer.welcome();
    expect(client.state).toMatchObject({ name: "open", protocol: "rosetta.v1.json" });
    expect(client.welcome).toMatchObject({ server: "test", member: "m1" });
    expect(states.map(({ name }) => name)).toEqual(["connecting", "open"]);
  });

  test("each client has a secret of 128 bits, the same on each connection", () => {
    const secretOf = ({ host, client, peer }: ReturnType<typeof pair>) => {
      client.open();
      host.socket.accept();
      return peer.last("hello").client;
    };
    const first = pair();
    const secret = secretOf(first);
    expect(secret).toMatch(/^[0-9a-f]{32}$/);
    first.host.socket.end();
    expect(secretOf(first)).toBe(secret);
    expect(secretOf(pair())).not.toBe(secret);
  });

  test("the secret does not show in the wire log, which is otherwise exact", () => {
    const { host, client, peer } = pair();
    const frames = record<ClientFrame>((listener) => client.on("frame", listener));
    client.open();
    peer.greet();
    void client.echo("hi");
    const secret = peer.last("hello").client;
    peer.say({ type: "echo", re: peer.last("echo").id, text: `${secret}, ${secret}` });
    expect(JSON.stringify([frames, client])).not.toContain(secret);
    const texts = frames.flatMap((frame) =>
      frame.kind === "text" && frame.direction === "out" ? frame.data : [],
    );
    const masked = host.socket.sent.map((frame) => String(frame).replace(secret, "*".repeat(32)));
    expect(texts).toEqual(masked);
  });

  test("a server that echoes the secret cannot have it shown", async () => {
    const { host, client, peer } = connectedPair();
    const twice = `${peer.last("hello").client}${peer.last("hello").client}`;
    const asterisks = "*".repeat(64);
    const problems = record<ClientProblem>((listener) => client.on("problem", listener));
    const frames = record<ClientFrame>((listener) => client.on("frame", listener));
    client.subscribe("room/a", () => {});
    const error = { type: "error", code: "forbidden", message: twice } as const;
    peer.say({ ...error, re: peer.last("subscribe").id });
    peer.say(error);
    const echo = client.echo("hi");
    peer.say({ ...error, re: peer.last("echo").id });
    await expect(echo).rejects.toThrow(asterisks);
    expect(problems).toMatchObject([
      { what: "subscription", reason: `room/a: ${asterisks}`, error: { message: asterisks } },
      { what: "server", reason: `forbidden: ${asterisks}` },
    ]);
    host.socket.end(1012, twice);
    expect(client.state).toMatchObject({ name: "waiting", cause: asterisks });
    expect(frames.slice(-2)).toMatchObject([
      { kind: "close", reason: asterisks },
      { kind: "state", state: { cause: asterisks } },
    ]);
  });

  test("a `welcome` that is refused with the secret is reported without it", () => {
    const { host, client, peer } = pair();
    const problems = record<ClientProblem>((listener) => client.on("problem", listener));
    client.open();
    host.socket.accept();
    const { id, client: secret } = peer.last("hello");
    peer.say({ type: "error", re: id, code: "forbidden", message: `${secret} ${secret}` });
    const asterisks = "*".repeat(32);
    expect(problems).toEqual([{ what: "server", reason: `no welcome: ${asterisks} ${asterisks}` }]);
  });

  test("bytes are told as they came", () => {
    const { host, client } = connectedPair();
    client.on("problem", () => {});
    const frames = record<ClientFrame>((listener) => client.on("frame", listener));
    host.socket.receive(Uint8Array.of(1, 2).buffer);
    expect(frames).toMatchObject([{ kind: "binary", data: Uint8Array.of(1, 2) }]);
  });

  test("the wire log is handed what a received text says", () => {
    const { host, client, peer } = connectedPair();
    const frames = record<ClientFrame>((listener) => client.on("frame", listener));
    peer.say({ type: "bye", code: 1012 });
    host.socket.receive("no message");
    expect(frames).toEqual([
      {
        direction: "in",
        kind: "text",
        at: host.now(),
        data: encode({ type: "bye", code: 1012 }),
        message: { type: "bye", code: 1012 },
      },
      { direction: "in", kind: "text", at: host.now(), data: "no message" },
    ]);
  });

  test("numbers its connections, so that a late hello is not taken for the newest", () => {
    const { host, client, peer } = pair();
    const numbers = [1, 2, 3].map(() => {
      client.open();
      peer.greet();
      const { connection } = peer.last("hello");
      host.socket.end();
      return connection;
    });
    expect(numbers).toEqual([1, 2, 3]);
  });

  test("without `welcome` it tries again after 4 s, waits longer each time, and counts that as a failure", () => {
    const { host, client } = pair();
    const problems = record((listener) => client.on("problem", listener));
    client.open();
    for (const [attempt, waitMs] of [4_000, 8_000, 16_000, 30_000, 30_000].entries()) {
      host.socket.accept();
      host.advance(waitMs - 1);
      expect(client.state).toEqual({ name: "connecting", attempt });
      host.advance(1);
      expect(host.socket.closed?.code).toBe(4001);
      expect(client.state).toMatchObject({ name: "waiting", attempt: attempt + 1, cause: "no welcome" });
      expect(problems.at(-1)).toEqual({ what: "server", reason: `no welcome: no reply within ${waitMs} ms` });
      client.open();
    }
  });

  test("a connection that was welcomed and lived for 5 s is a success", () => {
    const { host, client, peer } = pair();
    client.open();
    for (const attempt of [1, 2]) {
      host.socket.end();
      expect(client.state).toMatchObject({ attempt });
      client.open();
    }
    peer.greet();
    host.advance(5_000);
    host.socket.end();
    expect(client.state).toMatchObject({ attempt: 1 });
  });

  test("a connection that is lost before `welcome` is no success, however long it lived", () => {
    const { host, client } = pair();
    client.open();
    for (const attempt of [1, 2, 3]) {
      host.socket.accept();
      host.advance(3_999);
      host.socket.end();
      expect(client.state).toMatchObject({ attempt });
      client.open();
    }
    host.socket.accept();
    host.advance(15_000);
    host.socket.end();
    expect(client.state).toMatchObject({ attempt: 4 });
  });

  test("a refused hello is tried again when the server says", () => {
    const { host, client, peer } = pair();
    const problems = record((listener) => client.on("problem", listener));
    client.open();
    host.socket.accept();
    const message = "x".repeat(500);
    peer.say({ type: "error", re: peer.last("hello").id, code: "unavailable", message, retryAfterMs: 9_000 });
    expect(client.state).toMatchObject({ name: "waiting", windowMs: [1_000, 10_000] });
    expect(problems).toEqual([{ what: "server", reason: `no welcome: ${message}` }]);
  });

  test("a connection lost before `welcome` is just lost", () => {
    const { host, client } = pair();
    const problems = record((listener) => client.on("problem", listener));
    client.open();
    host.socket.accept();
    host.socket.end(1006);
    expect(client.state).toMatchObject({ name: "waiting", code: 1006 });
    expect(problems).toEqual([]);
    host.advance(60_000);
    expect(host.sockets.length).toBeGreaterThan(1);
  });

  test("a server that does not speak the protocol is left for good", () => {
    const { host, client, peer } = pair();
    client.open();
    host.socket.accept("");
    expect(client.state).toMatchObject({
      name: "stopped",
      reason: "the server does not speak rosetta.v1.json",
    });
    expect(peer.heard).toEqual([]);
  });

  test.each(["", "rosetta.v2.json", "ROSETTA.V1.JSON"])("so is one that chose %j", (protocol) => {
    const { host, client, peer } = pair();
    client.open();
    host.socket.accept(protocol);
    expect(client.state.name).toBe("stopped");
    expect(peer.heard).toEqual([]);
  });
});

describe("requests", () => {
  test("each kind gets the reply that carries its id", async () => {
    const { client, peer } = connectedPair();
    const echo = watchPromise(client.echo("hi"));
    const publish = watchPromise(client.publish("room/a", "text", "others"));
    const start = watchPromise(client.startJob(3));
    const cancel = watchPromise(client.cancel("job/x"));
    const [, ...heard] = peer.heard;
    expect(heard).toMatchObject([
      { type: "echo", text: "hi" },
      { type: "publish", topic: "room/a", text: "text", to: "others" },
      { type: "start", job: "hash", mebibytes: 3 },
      { type: "cancel", topic: "job/x" },
    ]);
    for (const { id } of heard.slice(1).reverse()) peer.ack(id);
    peer.say({ type: "echo", re: peer.last("echo").id, text: "hi" });
    await settled();
    expect(echo.value).toMatchObject({ type: "echo", text: "hi" });
    expect(publish.value).toMatchObject({ type: "ack", re: peer.last("publish").id });
    expect(start.value).toMatchObject({ re: peer.last("start").id });
    expect(cancel.value).toMatchObject({ re: peer.last("cancel").id });
  });

  test("what follows hello does not wait for `welcome`", () => {
    const { host, client, peer } = pair();
    client.open();
    void client.echo("early");
    host.socket.accept();
    void client.echo("at once");
    expect(peer.heard.map(({ type }) => type)).toEqual(["hello", "echo", "echo"]);
  });

  test("an error rejects, with all the server said", async () => {
    const { client, peer } = connectedPair();
    const echo = watchPromise(client.echo("hi"));
    const re = peer.last("echo").id;
    peer.say({ type: "error", re, code: "rate_limited", message: "slowly", retryAfterMs: 70 });
    await settled();
    expect(echo.error).toMatchObject({
      name: "RequestError",
      code: "rate_limited",
      message: "slowly",
      retryAfterMs: 70,
    });
  });

  test("a reply of another kind rejects", async () => {
    const { client, peer } = connectedPair();
    const echo = watchPromise(client.echo("hi"));
    peer.ack(peer.last("echo").id);
    await settled();
    expect(echo.error).toMatchObject({ code: "unexpected", message: "ack in reply to echo" });
  });

  test("5 s without a reply reject; the late reply is nobody's problem", async () => {
    const { host, client, peer } = connectedPair();
    const problems = record((listener) => client.on("problem", listener));
    const [echo, publish] = [watchPromise(client.echo("hi")), watchPromise(client.publish("room/a", "hi"))];
    host.advance(4_999);
    await settled();
    expect([echo, publish]).toEqual([{}, {}]);
    host.advance(1);
    await settled();
    expect([echo.error?.code, publish.error?.code]).toEqual(["timeout", "timeout"]);
    peer.say({ type: "echo", re: peer.last("echo").id, text: "hi" });
    peer.ack(peer.last("publish").id);
    expect(problems).toEqual([]);
  });

  test("what timed out is not sent again", async () => {
    const { host, client, peer } = connectedPair();
    const publish = watchPromise(client.publish("room/a", "hi"));
    host.advance(5_000);
    await settled();
    expect(publish.error?.code).toBe("timeout");
    host.socket.end();
    client.open();
    peer.greet();
    expect(peer.heard.map(({ type }) => type)).toEqual(["hello"]);
  });

  test("a lost connection rejects what cannot be repeated", async () => {
    const { host, client, peer } = connectedPair();
    const requests = [client.echo("hi"), client.cancel("job/x"), client.ping(), client.stop()].map(
      (request) => watchPromise<unknown>(request),
    );
    host.socket.end();
    await settled();
    expect(requests.map(({ error }) => error?.code)).toEqual(new Array(4).fill("disconnected"));
    client.open();
    peer.greet();
    expect(peer.heard.map(({ type }) => type)).toEqual(["hello"]);
  });

  test("after a reconnect hello goes out first, then subscriptions, then requests", () => {
    const { host, client, peer } = connectedPair();
    void client.publish("room/a", "1").catch(() => {});
    client.subscribe("room/a", () => {});
    host.socket.end();
    void client.publish("room/a", "2").catch(() => {});
    void client.echo("3").catch(() => {});
    client.open();
    peer.greet();
    expect(peer.heard.map(({ type }) => type)).toEqual(["hello", "subscribe", "echo", "publish", "publish"]);
  });

  test("a publication and a job are sent again, in order, with their ids, until they are answered", async () => {
    const { host, client, peer } = connectedPair();
    const requests = [client.publish("room/a", "1"), client.startJob(1), client.publish("room/b", "2")];
    const watched = requests.map(watchPromise);
    const sent = peer.heard.slice(1);
    for (const _ of [1, 2]) {
      host.socket.end();
      client.open();
      peer.greet();
      expect(peer.heard.slice(1)).toEqual(sent);
    }
    for (const { id } of sent) peer.ack(id);
    await settled();
    expect(watched.map(({ value }) => value?.re)).toEqual(sent.map(({ id }) => id));
    host.socket.end();
    client.open();
    peer.greet();
    expect(peer.heard).toHaveLength(1);
  });

  test("the time of a publication runs only while there is a connection", async () => {
    const { host, client, peer } = connectedPair();
    const publish = watchPromise(client.publish("room/a", "1"));
    host.happen("offline");
    host.advance(60_000);
    host.happen("online");
    peer.greet();
    host.advance(4_999);
    await settled();
    expect(publish).toEqual({});
    host.advance(1);
    await settled();
    expect(publish.error?.code).toBe("timeout");
  });

  test("a publication sent before waits for `welcome`, and later ones wait behind it", () => {
    const { host, client, peer } = connectedPair();
    void client.publish("room/a", "1");
    host.socket.end();
    void client.publish("room/a", "2");
    client.open();
    host.socket.accept();
    void client.startJob(3);
    void client.echo("at once").catch(() => {});
    expect(peer.heard.map(({ type }) => type)).toEqual(["hello", "echo"]);
    peer.welcome();
    expect(peer.heard.slice(2)).toMatchObject([{ text: "1" }, { text: "2" }, { mebibytes: 3 }]);
    void client.publish("room/a", "4");
    expect(peer.last("publish").text).toBe("4");
  });

  test("repeats nothing to a server that has forgotten us: it might happen twice", async () => {
    const { host, client, peer } = connectedPair();
    const sent = watchPromise(client.publish("room/a", "sent"));
    host.happen("offline");
    const waiting = watchPromise(client.publish("room/a", "never sent"));
    host.happen("online");
    peer.greet({ known: false });
    await settled();
    expect(sent.error?.code).toBe("disconnected");
    expect(waiting).toEqual({});
    expect(peer.heard.slice(1)).toMatchObject([{ type: "publish", text: "never sent" }]);
  });

  test("after the machine slept, the server decides what it remembers: the clock stood still", async () => {
    const { host, client, peer } = connectedPair();
    const publish = watchPromise(client.publish("room/a", "1"));
    host.standStill(125_000);
    host.socket.end();
    client.open();
    peer.greet({ known: false });
    await settled();
    expect(publish.error?.code).toBe("disconnected");
    expect(peer.heard.map(({ type }) => type)).toEqual(["hello"]);
  });

  test.each([
    ["another name: it had forgotten us before", "m2", "disconnected"],
    ["the name that we had", "m1", undefined],
  ])("a server that knows us by a hello whose `welcome` was lost, by %s", async (_, member, code) => {
    const { host, client, peer } = connectedPair();
    const sent = watchPromise(client.publish("room/a", "1"));
    host.socket.end();
    client.open();
    host.socket.accept();
    host.socket.end();
    client.open();
    peer.greet({ known: true, member });
    await settled();
    expect(sent.error?.code).toBe(code);
    expect(peer.heard).toHaveLength(code === undefined ? 2 : 1);
  });

  test.each([
    ["one connection, which is the one that the server knows", 1, undefined],
    ["two: nobody can tell which one the server knows", 2, "disconnected"],
  ])("what was lost before the first `welcome`, after %s", async (_, connections, code) => {
    const { host, client, peer } = pair();
    const publish = watchPromise(client.publish("room/a", "1"));
    for (let connection = 0; connection < connections; connection++) {
      client.open();
      host.socket.accept();
      host.socket.end();
    }
    client.open();
    peer.greet({ known: true });
    await settled();
    expect(publish.error?.code).toBe(code);
    expect(peer.heard).toHaveLength(code === undefined ? 2 : 1);
  });

  test("a publication that was never sent goes to a server that has forgotten us too", () => {
    const { host, client, peer } = pair();
    client.open();
    host.socket.end();
    void client.publish("room/a", "1");
    client.open();
    peer.greet({ known: false });
    expect(peer.last("publish").text).toBe("1");
  });

  test("a question may come before the connection, and waits 5 s for it", async () => {
    const { host, client, peer } = pair();
    const echo = watchPromise(client.echo("hi"));
    const publish = watchPromise(client.publish("room/a", "hi"));
    host.advance(5_000);
    await settled();
    expect(echo.error?.code).toBe("timeout");
    expect(publish).toEqual({});
    client.open();
    peer.greet();
    expect(peer.heard.map(({ type }) => type)).toEqual(["hello", "publish"]);
  });

  test("once stopped, everything rejects, what is under way and what comes later", async () => {
    const { client } = connectedPair();
    const requests = [client.publish("room/a", "1")].map(watchPromise);
    client.close();
    requests.push(watchPromise(client.publish("room/a", "2")));
    await settled();
    expect(requests.map(({ error }) => error?.code)).toEqual(["stopped", "stopped"]);
    client.open();
  });

  test("no more are open than a server takes at once", async () => {
    const { client, peer } = connectedPair();
    const requests = Array.from({ length: 65 }, () => watchPromise(client.publish("room/a", "x")));
    await settled();
    expect(requests.filter(({ error }) => error)).toEqual([requests[64]]);
    expect(requests[64]?.error).toMatchObject({ code: "full", retryAfterMs: 1_000 });
    expect(peer.heard).toHaveLength(1 + 64);
    peer.ack(peer.last("publish").id);
    const another = watchPromise(client.publish("room/a", "x"));
    await settled();
    expect(another).toEqual({});
  });

  test("what timed out is not open any more, though its reply may still come", async () => {
    const { host, client, peer } = connectedPair();
    for (let count = 0; count < 64; count++) void watchPromise(client.publish("room/a", "x"));
    const late = peer.last("publish").id;
    host.advance(5_000);
    const next = watchPromise(client.publish("room/a", "y"));
    await settled();
    expect(next).toEqual({});
    peer.ack(late);
    peer.ack(peer.last("publish").id);
    await settled();
    expect(next.value?.re).toBe(peer.last("publish").id);
  });

  test("however much times out, no more than 64 are open", async () => {
    const { host, client } = connectedPair();
    for (const _ of [1, 2]) {
      const requests = Array.from({ length: 65 }, () => watchPromise(client.echo("hi")));
      await settled();
      expect(requests.map(({ error }) => error?.code).filter(Boolean)).toEqual(["full"]);
      host.advance(5_000);
    }
  });

  test("subscriptions do not count as open questions", async () => {
    const { client } = connectedPair();
    for (let room = 0; room < 128; room++) client.subscribe(`room/${room}`, () => {});
    const echo = watchPromise(client.echo("hi"));
    await settled();
    expect(echo).toEqual({});
  });

  test("a message too long for this server is not sent: the server would close the connection", async () => {
    const { client, peer } = pair();
    client.open();
    peer.greet({ limits: { messageBytes: 2_048 } });
    const frame = (text: string) => JSON.stringify({ type: "echo", text, id: "2" }).length;
    const fits = watchPromise(client.echo("x".repeat(2_048 - frame(""))));
    const publish = watchPromise(client.publish("room/a", "€".repeat(700)));
    await settled();
    expect([fits, publish.error?.code]).toEqual([{}, "invalid"]);
    expect(peer.heard.map(({ type }) => type)).toEqual(["hello", "echo"]);
    expect(client.state.name).toBe("open");
  });

  test("a message that might be too long waits until `welcome` tells the limit", async () => {
    const { host, client, peer } = pair();
    const [long, longer] = [1_025, 3_000].map((length) => watchPromise(client.echo("x".repeat(length))));
    client.open();
    host.socket.accept();
    expect(peer.heard.map(({ type }) => type)).toEqual(["hello"]);
    peer.welcome({ limits: { messageBytes: 2_048 } });
    await settled();
    expect([long, longer?.error?.code]).toEqual([{}, "invalid"]);
    expect(peer.heard.map(({ type }) => type)).toEqual(["hello", "echo"]);
  });

  test("messages go out no faster than the server accepts them, and in order", () => {
    const { host, client, peer } = pair();
    const granted = { messagesPerSecond: 20, burst: 30 };
    const rooms = Array.from({ length: 80 }, (_, number) => `room/${number}`);
    for (const room of rooms) client.subscribe(room, () => {});
    const requests = [client.publish("room/0", "x"), client.echo("x")];
    for (const request of requests) request.catch(() => {});
    client.open();
    const [openedAt, sentAt] = [host.now(), [] as number[]];
    client.on("frame", ({ direction, kind }) => {
      if (direction === "out" && kind === "text") sentAt.push(host.now() - openedAt);
    });
    host.socket.accept();
    host.advance(200);
    expect(sentAt).toHaveLength(16);
    peer.welcome({ limits: granted });
    host.advance(5_000);
    for (const [index, at] of sentAt.entries()) {
      expect(index + 1).toBeLessThanOrEqual(granted.burst + (granted.messagesPerSecond * at) / 1_000);
    }
    const topics = peer.heard.flatMap((message) => (message.type === "subscribe" ? [message.topic] : []));
    expect(topics).toEqual(rooms);
    expect(peer.heard.at(-1)?.type).toBe("echo");
    expect(peer.heard).toHaveLength(1 + 80 + 2);
  });

  test("a server that counts differently is left alone for as long as it says", () => {
    const { host, client, peer } = connectedPair();
    client.echo("1").catch(() => {});
    const re = peer.last("echo").id;
    peer.say({ type: "error", re, code: "rate_limited", message: "slowly", retryAfterMs: 700 });
    void client.echo("2").catch(() => {});
    host.advance(699);
    expect(peer.last("echo").text).toBe("1");
    host.advance(1);
    expect(peer.last("echo").text).toBe("2");
  });

  test("what waits for its turn when the connection is lost comes after the next hello", () => {
    const { host, client, peer } = pair();
    client.open();
    peer.greet({ limits: { messagesPerSecond: 1, burst: 1 } });
    for (const text of ["1", "2", "3"]) void client.publish("room/a", text).catch(() => {});
    // The heartbeat's timer, and the one for the next message.
    expect(host.timers).toBe(2);
    host.socket.end();
    expect(host.timers).toBe(1);
    client.open();
    peer.greet();
    const [hello, ...publications] = peer.heard;
    expect(hello?.type).toBe("hello");
    expect(publications).toMatchObject([{ text: "1" }, { text: "2" }, { text: "3" }]);
  });

  test("a waiting message ends with the connection or its timeout, and leaves nothing behind", async () => {
    const { host, client, peer } = pair();
    client.open();
    peer.greet({ limits: { messagesPerSecond: 1, burst: 1 } });
    const echoes = [1, 2, 3, 4, 5, 6].map((number) => watchPromise(client.echo(String(number))));
    const publish = watchPromise(client.publish("room/a", "waits"));
    host.advance(5_000);
    await settled();
    expect(peer.heard.filter(({ type }) => type === "echo")).toHaveLength(3);
    expect(echoes.map(({ error }) => error?.code)).toEqual(new Array(6).fill("timeout"));
    host.socket.end();
    client.open();
    peer.greet();
    expect(peer.heard.map(({ type }) => type)).toEqual(["hello", "publish"]);
    client.close();
    await settled();
    expect([publish.error?.code, host.timers]).toEqual(["stopped", 0]);
  });

  test("what a congested connection refuses rejects at once", async () => {
    const { host, client } = connectedPair();
    host.socket.bufferedAmount = 1024 * 1024;
    const text = "x".repeat(60_000);
    const requests = Array.from({ length: 5 }, () => watchPromise(client.publish("room/a", text)));
    await settled();
    expect(requests.map(({ error }) => error?.code)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      "full",
    ]);
  });

  test("what waits for a congested connection ends with it: the next hears hello first", () => {
    const { host, client, peer } = connectedPair();
    host.socket.bufferedAmount = 1024 * 1024;
    void client.publish("room/a", "1");
    host.socket.end();
    client.open();
    peer.greet();
    expect(peer.heard.map(({ type }) => type)).toEqual(["hello", "publish"]);
  });

  test("a frame tap that closes the client stops the repetition", async () => {
    const { host, client, peer } = connectedPair();
    const requests = [client.publish("room/a", "1"), client.publish("room/a", "2")].map(watchPromise);
    host.socket.end();
    client.on("frame", (frame) => frame.kind === "text" && frame.data.includes("publish") && client.close());
    const states = record<SocketState>((listener) => client.on("state", listener));
    client.open();
    peer.greet();
    await settled();
    expect(requests.map(({ error }) => error?.code)).toEqual(["stopped", "stopped"]);
    expect(host.socket.sent).toHaveLength(2);
    expect(states.map(({ name }) => name)).toEqual(["connecting", "stopped"]);
  });

  test("a connection that ends amid the repetition leaves the rest to the next one", async () => {
    const { host, client, peer } = connectedPair();
    const requests = [client.publish("room/a", "1"), client.publish("room/a", "2")].map(watchPromise);
    host.socket.end();
    const off = client.on("frame", (frame) => {
      if (frame.kind === "text" && frame.data.includes("publish")) host.happen("offline");
    });
    client.open();
    peer.greet();
    off();
    host.happen("online");
    peer.greet();
    await settled();
    expect(requests).toEqual([{}, {}]);
    expect(peer.heard.slice(1)).toMatchObject([{ text: "1" }, { text: "2" }]);
  });

  test("a message on whose frame a listener closes is not read", () => {
    const { client, peer } = connectedPair();
    const byes = record((listener) => client.on("bye", listener));
    client.on("frame", ({ direction }) => direction === "in" && client.close());
    peer.say({ type: "bye", code: 1012 });
    expect([byes, client.state.name]).toEqual([[], "stopped"]);
  });

  test("the client goes on where the frame `open` closes and opens it", () => {
    const { host, client, peer } = pair();
    let first = true;
    client.on("frame", ({ kind }) => {
      if (kind !== "open" || !first) return;
      first = false;
      client.close();
      client.open();
    });
    client.open();
    host.socket.accept();
    peer.greet();
    expect([client.state.name, host.sockets.length]).toEqual(["open", 2]);
  });
});

describe("ping", () => {
  test("gives the round trip and the server's lead", async () => {
    const { host, client, peer } = connectedPair();
    const at = host.now();
    const ping = watchPromise(client.ping());
    expect(peer.last("ping").at).toBe(at);
    host.advance(40);
    peer.say({ type: "pong", re: peer.last("ping").id, at, serverAt: host.date() + 980 });
    await settled();
    expect(ping.value).toEqual({ rttMs: 40, clockOffsetMs: 1_000 });
  });

  test("the clock offset is relative to the time of day, which goes on while the machine sleeps", async () => {
    const { host, client, peer } = connectedPair();
    host.standStill(125_000);
    const ping = watchPromise(client.ping());
    peer.say({ type: "pong", re: peer.last("ping").id, at: 0, serverAt: host.date() });
    await settled();
    expect(ping.value).toEqual({ rttMs: 0, clockOffsetMs: 0 });
  });

  test("time spent waiting to be sent is not measured", async () => {
    const { host, client, peer } = pair();
    client.open();
    peer.greet({ limits: { messagesPerSecond: 1, burst: 1 } });
    const ping = watchPromise(client.ping());
    host.advance(1_250);
    host.advance(40);
    peer.say({ type: "pong", re: peer.last("ping").id, at: 0, serverAt: host.date() });
    await settled();
    expect(ping.value).toMatchObject({ rttMs: 40 });
  });

  test("does not wait for a connection: the wait would be measured", async () => {
    const { client, peer, host } = pair();
    client.open();
    host.socket.accept();
    const ping = watchPromise(client.ping());
    await settled();
    expect(ping.error?.code).toBe("disconnected");
    expect(peer.heard).toHaveLength(1);
  });
});

describe("the heartbeat", () => {
  test("a server that does not answer is left with 4001, and tried again", () => {
    const { host, client, peer } = connectedPair();
    host.advance(25_000);
    expect(peer.last("ping").at).toBe(host.now());
    host.advance(10_000);
    expect(host.socket.closed?.code).toBe(4001);
    expect(client.state).toMatchObject({ name: "waiting", attempt: 1, cause: "no answer to ping" });
  });

  test("the answer keeps the connection", () => {
    const { host, client, peer } = connectedPair();
    for (let round = 0; round < 10; round++) {
      host.advance(25_000);
      const { id, at } = peer.last("ping");
      peer.say({ type: "pong", re: id, at, serverAt: 0 });
    }
    expect(client.state.name).toBe("open");
    expect(peer.heard.filter(({ type }) => type === "ping")).toHaveLength(10);
  });

  test("whatever comes is a sign of life, even what cannot be read", () => {
    const { host, client, peer } = connectedPair();
    client.on("problem", () => {});
    host.advance(24_000);
    host.socket.receive("?");
    host.advance(24_000);
    expect(peer.heard.map(({ type }) => type)).toEqual(["hello"]);
  });

  test("a page that is shown again asks at once", () => {
    const { host, client, peer } = connectedPair();
    host.happen("hidden");
    host.advance(3_600_000);
    expect(client.state.name).toBe("open");
    host.happen("visible");
    expect(peer.last("ping").at).toBe(host.now());
    host.advance(3_000);
    expect(client.state.name).toBe("waiting");
  });

  test("lives and ends with the connection", () => {
    const { host, client, peer } = connectedPair();
    expect([host.timers, host.watchers]).toEqual([1, 2]);
    host.socket.end();
    expect(host.watchers).toBe(1);
    client.open();
    peer.greet();
    expect([host.timers, host.watchers]).toEqual([1, 2]);
    client.close();
    expect([host.timers, host.watchers]).toEqual([0, 0]);
  });

  test("where `welcome` took long, answers may take three times as long", () => {
    const { host, client, peer } = pair();
    client.open();
    host.socket.accept();
    host.advance(3_900);
    peer.welcome();
    host.happen("visible");
    host.advance(11_699);
    expect(client.state.name).toBe("open");
    host.advance(1);
    expect(client.state).toMatchObject({ name: "waiting", cause: "no answer to ping" });
    client.open();
    host.socket.accept();
    host.advance(3_900);
    peer.welcome();
    host.advance(25_000 + 11_699);
    expect(client.state.name).toBe("open");
    host.advance(1);
    expect(client.state.name).toBe("waiting");
  });

  test("options reach it", () => {
    const { host, peer } = connectedPair({ heartbeat: { idleMs: 100 } });
    host.advance(100);
    expect(peer.last("ping").type).toBe("ping");
  });
});

describe("bye", () => {
  const bye = (rest: Partial<ServerMessage<"bye">>) => ({ type: "bye", code: 1000, ...rest }) as const;

  test("stop() ends the conversation for good", async () => {
    const { host, client, peer } = connectedPair();
    const stop = watchPromise(client.stop());
    peer.say(bye({ re: peer.last("stop").id, final: true }));
    host.socket.end(1000);
    await settled();
    expect(stop.value).toMatchObject({ type: "bye", final: true });
    expect(client.state).toMatchObject({ name: "stopped", code: 1000 });
  });

  test("close() is the end as agreed: 1000", () => {
    const { host, client } = connectedPair();
    client.close();
    expect(host.socket.closed?.code).toBe(1000);
    expect(client.state).toEqual({ name: "stopped", code: 1000, reason: "closed by the client" });
  });

  test("a restart is told, and its spread obeyed", () => {
    const { host, client, peer } = connectedPair();
    const byes = record((listener) => client.on("bye", listener));
    peer.say(bye({ code: 1012, retryAfterMs: 9_000 }));
    expect(byes).toEqual([bye({ code: 1012, retryAfterMs: 9_000 })]);
    expect(client.state.name).toBe("open");
    host.socket.end(1012);
    expect(client.state).toMatchObject({ name: "waiting", windowMs: [1_000, 10_000] });
  });

  test("1000 without an agreement is not the end: proxies send it, too", () => {
    const { host, client } = connectedPair();
    host.socket.end(1000);
    expect(client.state.name).toBe("waiting");
  });

  test("another connection in our place is the end", () => {
    const { host, client } = connectedPair();
    host.socket.end(4509, "replaced");
    expect(client.state).toEqual({ name: "stopped", code: 4509, reason: "replaced" });
  });

  test("after the end, open() begins anew", () => {
    const { client, peer } = connectedPair();
    client.close();
    client.open();
    peer.greet();
    expect(client.state.name).toBe("open");
  });
});

describe("problems", () => {
  function told() {
    const made = connectedPair();
    const problems = record((listener) => made.client.on("problem", listener));
    return { ...made, problems };
  }

  test.each([
    ["no JSON", "?", "not JSON"],
    ["an unknown type", '{"type":"riddle"}', "unknown type"],
    ["binary", new ArrayBuffer(1), "binary"],
  ])("%s is reported, and nothing else happens", (_, data, reason) => {
    const { host, client, problems } = told();
    host.socket.receive(data);
    expect(problems).toEqual([{ what: "message", reason }]);
    expect(client.state.name).toBe("open");
  });

  test("a repeated question may be answered twice", async () => {
    const { host, client, peer, problems } = told();
    const publish = watchPromise(client.publish("room/a", "1"));
    host.socket.end();
    client.open();
    peer.greet();
    const { id } = peer.last("publish");
    peer.ack(id);
    peer.ack(id);
    await settled();
    expect(publish.value).toMatchObject({ re: id });
    expect(problems).toEqual([]);
  });

  test("a reply to nothing is reported", () => {
    const { peer, problems } = told();
    peer.ack("unheard-of");
    expect(problems).toEqual([{ what: "message", reason: "ack in reply to nothing we asked" }]);
  });

  test("an error that belongs to no request is reported", () => {
    const { peer, problems } = told();
    peer.say({ type: "error", code: "rate_limited", message: "slowly" });
    expect(problems).toEqual([{ what: "server", reason: "rate_limited: slowly" }]);
  });

  test("a listener that throws is reported, and the client lives on", () => {
    const { host, client, problems } = told();
    const error = new Error("mine");
    const fail = () => {
      throw error;
    };
    client.on("state", fail);
    client.on("frame", fail);
    host.socket.end();
    // The frames `close` and `state`, and the state itself.
    expect(problems).toEqual(new Array(3).fill({ what: "listener", reason: "a listener threw", error }));
    expect(client.state.name).toBe("waiting");
  });

  test("a reader of messages that throws is reported, too", () => {
    const error = new Error("mine");
    const { host, client, peer } = pair({
      parse: () => {
        throw error;
      },
    });
    const problems = record((listener) => client.on("problem", listener));
    client.open();
    peer.greet();
    expect(problems).toEqual([{ what: "listener", reason: "a listener threw", error }]);
    host.advance(4_000);
    expect(client.state.name).toBe("waiting");
  });

  test("the reader of messages can be replaced", () => {
    const { client, peer } = pair({ parse: (text) => ({ message: JSON.parse(text) }) });
    client.open();
    peer.greet();
    expect(client.state.name).toBe("open");
  });
});
