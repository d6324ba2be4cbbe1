import { Close } from "@rosetta/protocol";
import { describe, expect, test } from "vitest";
import { type Setting, secret, settled, setUp } from "../testing/index.ts";

describe("hello", () => {
  test("gets a welcome the first time, and a conflict after that", async () => {
    const { connect } = setUp();
    const anna = connect();
    await anna.say({ type: "hello", id: "1", client: secret(1) });
    expect(anna.heard()).toEqual([
      {
        type: "welcome",
        re: "1",
        server: "test",
        runtime: "test 1.0",
        session: anna.session.id,
        member: expect.stringMatching(/^guest-[0-9a-f]{10}$/),
        known: false,
        limits: {
          messageBytes: 65_536,
          queueBytes: 1_048_576,
          topics: 128,
          messagesPerSecond: 100,
          burst: 200,
          heartbeatMs: 25_000,
        },
      },
    ]);
    await anna.say({ type: "hello", id: "2", client: secret(1) });
    expect(anna.heard()).toMatchObject([{ type: "error", re: "2", code: "conflict" }]);
    expect(anna.session.isOpen).toBe(true);
  });

  test("learns the burst of this connection, which is smaller if its address has used up its supply", async () => {
    const { greet, connect } = setUp({ limits: { burst: 30, connectionsPerAddress: 1 } });
    const first = await greet();
    for (let message = 1; message < 30; message++) {
      await first.say({ type: "echo", id: String(message), text: "" });
    }
    await first.gone();
    const second = connect();
    await second.say({ type: "hello", id: "1", client: secret(2) });
    expect(second.heard()).toMatchObject([{ type: "welcome", limits: { burst: 3 } }]);
  });

  test("may be followed by requests at once", async () => {
    const { connect } = setUp();
    const anna = connect();
    anna.say({ type: "hello", id: "1", client: secret(1) });
    anna.say({ type: "echo", id: "2", text: "x" });
    expect(anna.heard().map((message) => message.type)).toEqual(["welcome", "echo"]);
  });

  test("must come first: other requests are refused until then", async () => {
    const { connect } = setUp();
    const anna = connect();
    await anna.say({ type: "echo", id: "1", text: "x" });
    expect(anna.heard()).toMatchObject([{ type: "error", re: "1", code: "hello_required" }]);
    await anna.say({ type: "hello", id: "2", client: secret(1) });
    expect(anna.heard()).toMatchObject([{ type: "welcome", re: "2" }]);
  });

  test("is due within 5 s", async () => {
    const { connect, world } = setUp();
    const silent = connect();
    const talking = connect();
    await talking.say({ type: "hello", id: "1", client: secret(1) });
    await world.pass(4_999);
    expect(silent.socket.closing).toBeUndefined();
    await world.pass(1);
    expect(silent.socket.closing?.code).toBe(Close.HelloTimeout);
    await world.pass(5_000);
    expect(talking.socket.closing).toBeUndefined();
  });

  test("is not expected on /echo", async () => {
    const { connect, world } = setUp();
    const echo = connect("/echo");
    await world.pass(10_000);
    expect(echo.socket.closing).toBeUndefined();
  });
});

describe("bad messages", () => {
  test("get an error, and the fifth in a row closes the connection", async () => {
    const { greet } = setUp();
    const anna = await greet();
    for (const bad of ["{", "[]", '{"type":"dance","id":"1"}', '{"type":"echo","id":"2"}'])
      await anna.say(bad);
    expect(anna.heard()).toEqual([
      { type: "error", code: "invalid", message: "not JSON" },
      { type: "error", code: "invalid", message: "not a JSON object" },
      { type: "error", re: "1", code: "unknown_type", message: "unknown type" },
      { type: "error", re: "2", code: "invalid", message: "text: expected string" },
    ]);
    expect(anna.session.isOpen).toBe(true);
    await anna.say("");
    expect(anna.heardOf("error")).toHaveLength(1);
    expect(anna.socket.closing?.code).toBe(Close.BadMessages);
  });

  test("are forgiven after a good one", async () => {
    const { greet } = setUp();
    const anna = await greet();
    for (let round = 0; round < 5; round++) {
      for (let count = 0; count < 4; count++) await anna.say("bad");
      await anna.say({ type: "ping", id: "1", at: 1 });
    }
    expect(anna.session.isOpen).toBe(true);
  });

  test("count before hello too, and so does any other message before it", async () => {
    const { connect } = setUp();
    const anna = connect();
    for (let count = 0; count < 5; count++) await anna.say({ type: "stop", id: "1" });
    expect(anna.socket.closing?.code).toBe(Close.BadMessages);
  });

  test("get only an error, even if they name properties of a prototype", async () => {
    const { greet } = setUp();
    const anna = await greet();
    for (const topic of ["constructor", "prototype", "valueof", "room/constructor"]) {
      await anna.say({ type: "unsubscribe", id: "toString", topic });
      await anna.say({ type: "cancel", id: "__proto__", topic });
    }
    await anna.say({ type: "subscribe", id: "hasOwnProperty", topic: "constructor" });
    const errors = anna.heardOf("error");
    expect(errors).toHaveLength(9);
    for (const { code } of errors) expect(code).toBe("not_found");
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});

test("a binary message closes with 1003", async () => {
  const { greet, hub } = setUp();
  const anna = await greet();
  anna.session.binary(7);
  expect(anna.socket.closing?.code).toBe(Close.Unsupported);
  expect(hub.metrics().body).toContain('rosetta_messages_total{direction="in"} 2');
});

test("a stop is answered after what came before it, and nothing after it is", async () => {
  const { greet } = setUp();
  const anna = await greet();
  anna.session.text(JSON.stringify({ type: "publish", id: "p", topic: "room/a", to: "all", text: "" }));
  anna.session.text(JSON.stringify({ type: "stop", id: "s" }));
  anna.session.text(JSON.stringify({ type: "echo", id: "late", text: "" }));
  anna.session.text("nonsense");
  await settled();
  expect(anna.heard().map((message) => "re" in message && message.re)).toEqual(["p", "s"]);
  expect(anna.socket.closing?.code).toBe(1000);
});

describe("a flood of messages", () => {
  const ping = { type: "ping", id: "p", at: 0 } as const;
  const limits = { burst: 10, messagesPerSecond: 10 };

  test("is answered up to the burst, then refused with a time to wait, then closed", async () => {
    const { greet } = setUp({ limits });
    const anna = await greet();
    for (let count = 0; count < 9; count++) anna.say(ping);
    expect(anna.heardOf("pong")).toHaveLength(9);
    for (let count = 0; count < 19; count++) anna.say(ping);
    const errors = anna.heard();
    expect(errors).toHaveLength(19);
    expect(errors[0]).toMatchObject({ type: "error", re: "p", code: "rate_limited", retryAfterMs: 100 });
    expect(anna.session.isOpen).toBe(true);
    anna.say("not even readable");
    expect(anna.heard()).toMatchObject([{ type: "error", code: "rate_limited" }]);
    expect(anna.socket.closing?.code).toBe(Close.RateLimited);
  });

  test("is answered again after the announced wait", async () => {
    const { greet, world } = setUp({ limits });
    const anna = await greet();
    for (let count = 0; count < 10; count++) anna.say(ping);
    const [error] = anna.heardOf("error");
    await world.pass(error?.retryAfterMs ?? 0);
    anna.say(ping);
    expect(anna.heard()).toMatchObject([{ type: "pong" }]);
  });

  test("is forgiven by a second of calm, however often", async () => {
    const { greet, world } = setUp({ limits });
    const anna = await greet();
    for (let round = 0; round < 5; round++) {
      for (let count = 0; count < 28; count++) anna.say(ping);
      await world.pass(1_001);
    }
    expect(anna.session.isOpen).toBe(true);
  });

  test("is counted for each socket separately", async () => {
    const { greet } = setUp({ limits });
    const [anna, ben] = [await greet(), await greet()];
    for (let count = 0; count < 20; count++) anna.say(ping);
    ben.say(ping);
    expect(ben.heard()).toMatchObject([{ type: "pong" }]);
  });

  test("is not one at a hundred a second, even for a minute", async () => {
    const { greet, world } = setUp();
    const anna = await greet();
    for (let second = 0; second < 60; second++) {
      for (let count = 0; count < 100; count++) anna.session.text('{"type":"ping","id":"p","at":0}');
      await world.pass(1_000);
    }
    expect(anna.heardOf("pong")).toHaveLength(6_000);
  });
});

describe("the heartbeat", () => {
  const endpoints = ["/ws", "/echo"];
  function setUpDeaf(...changes: Parameters<typeof setUp>): Setting {
    const setting = setUp(...changes);
    setting.port.answersPings = false;
    return setting;
  }

  test.each(endpoints)(
    "pings a socket on %s after 25 s of silence, and cuts it off 10 s later",
    async (path) => {
      const { connect, world, hub } = setUpDeaf({ limits: { helloMs: 1_000_000 } });
      const peer = connect(path);
      await world.pass(24_999);
      expect(peer.socket.pings).toBe(0);
      await world.pass(1);
      expect(peer.socket.pings).toBe(1);
      await world.pass(9_999);
      expect(peer.socket).toMatchObject({ pings: 1, isTerminated: false });
      await world.pass(1);
      expect(peer.socket.isTerminated).toBe(true);
      expect(hub.metrics().body).toContain("rosetta_heartbeat_deaths_total 1");
    },
  );

  test("counts anything that a peer sends: a pong, a text message, a binary message", async () => {
    const { greet, world, connect } = setUpDeaf();
    const [pong, text] = [await greet(), await greet()];
    const echo = connect("/echo");
    for (let round = 0; round < 10; round++) {
      await world.pass(30_000);
      pong.session.heard();
      text.session.text('{"type":"ping","id":"1","at":1}');
      echo.session.echoed(5, true);
    }
    for (const { socket } of [pong, text, echo]) expect(socket.isTerminated).toBe(false);
    expect(pong.socket.pings).toBe(10);
  });

  test("does not ping peers that are not silent", async () => {
    const { greet, world } = setUpDeaf();
    const anna = await greet();
    for (let round = 0; round < 10; round++) {
      await world.pass(24_000);
      await anna.say({ type: "ping", id: "1", at: 1 });
    }
    expect(anna.socket.pings).toBe(0);
  });

  test("does not take its own standstill for silence of its peers", async () => {
    const { greet, world } = setUpDeaf();
    const [idle, pinged] = [await greet(), await greet()];
    await world.pass(10_000);
    idle.session.heard();
    await world.pass(20_000);
    expect(pinged.socket.pings).toBe(1);
    expect(idle.socket.pings).toBe(0);
    // An hour's suspension. Then the process reads what came meanwhile, including the pong.
    world.stall(3_600_000);
    await world.pass(0);
    expect([idle.socket.isTerminated, pinged.socket.isTerminated]).toEqual([false, false]);
    pinged.session.heard();
    await world.pass(5_000);
    expect([idle.socket.isTerminated, pinged.socket.isTerminated]).toEqual([false, false]);
    expect(idle.socket.pings).toBe(1);
    await world.pass(10_000);
    expect(idle.socket.isTerminated).toBe(true);
  });

  test.each([100, 300, 2_000])("checks often enough to keep a deadline of %d ms", async (pongMs) => {
    const { connect, world } = setUpDeaf({ limits: { heartbeatMs: 100, pongMs } });
    const { socket } = connect("/echo");
    await world.pass(100 + pongMs / 5 + 50);
    expect(socket.pings).toBe(1);
    await world.pass(pongMs + pongMs / 5 + 50);
    expect(socket.isTerminated).toBe(true);
  });

  test("continues when a stack's ping throws", async () => {
    const { greet, world, failures } = setUpDeaf();
    const [broken, whole] = [await greet(), await greet()];
    broken.socket.isBroken = true;
    await world.pass(25_000);
    expect(failures).toHaveLength(1);
    expect(whole.socket.pings).toBe(1);
    await world.pass(10_000);
    expect(whole.socket.isTerminated).toBe(true);
  });

  test("ignores sockets that are closing, which have their own deadline", async () => {
    const { greet, world } = setUpDeaf({ limits: { drainMs: 100_000 } });
    const anna = await greet();
    anna.session.slow();
    await world.pass(50_000);
    expect(anna.socket).toMatchObject({ pings: 0, isTerminated: false });
  });
});

describe("an incomplete message", () => {
  const limits = { messageMs: 3_000, heartbeatMs: 600_000 };

  test("has 3 s to become complete, whatever comes between its fragments", async () => {
    const { connect, world } = setUp({ limits });
    const { socket, session } = connect("/echo");
    socket.unfinished = 10;
    await world.pass(1_000);
    socket.unfinished = 20;
    session.heard();
    await world.pass(2_000);
    expect(socket.closing).toBeUndefined();
    await world.pass(1_000);
    expect(socket.closing?.code).toBe(4005);
  });

  test("has 3 s again after each complete one", async () => {
    const { connect, world } = setUp({ limits });
    const { socket, session } = connect("/echo");
    socket.unfinished = 10;
    for (let count = 0; count < 10; count++) {
      await world.pass(2_000);
      session.echoed(10, true);
    }
    expect(socket.closing).toBeUndefined();
  });

  test("is too long beyond four times the limit, and no more of it is read, even while the session closes", () => {
    const { connect } = setUp({ limits: { messageBytes: 100_000 } });
    const [open, closing] = [connect("/echo"), connect("/echo")];
    closing.session.slow();
    for (const { socket, session } of [open, closing]) {
      socket.unfinished = 400_000;
      session.heard();
      expect(socket.isPaused).toBe(false);
      socket.unfinished = 400_001;
      session.heard();
      expect(socket.isPaused).toBe(true);
    }
    expect(open.socket.closing?.code).toBe(4005);
    expect(closing.socket.closing?.code).toBe(4002);
  });

  test("takes memory as what waits does, and so does an incomplete ping, which is no message", async () => {
    const { connect, hub, world } = setUp({ limits: { ...limits, queueBytes: 50 } });
    const { socket, session } = connect("/echo");
    Object.assign(socket, { waiting: 1, unfinished: 300, held: 70 });
    expect(hub.metrics().body).toContain("\nrosetta_queue_bytes 370\n");
    socket.unfinished = 0;
    expect(hub.metrics().body).toContain("\nrosetta_queue_bytes 70\n");
    // But it does not wait for the peer to read.
    expect(session.hasRoom()).toBe(true);
    await world.pass(10_000);
    expect(socket.closing).toBeUndefined();
  });

  test("does not exist before its first byte", async () => {
    const { connect, world } = setUp({ limits });
    const { socket } = connect("/echo");
    socket.unfinished = 10;
    await world.pass(2_000);
    socket.unfinished = 0;
    await world.pass(2_000);
    socket.unfinished = 10;
    await world.pass(2_000);
    expect(socket.closing).toBeUndefined();
  });
});

describe("a reader that is too slow", () => {
  test("is closed with 4002 and recorded once, and has as much time to read as in a shutdown", async () => {
    const { greet, world, records, hub } = setUp();
    const anna = await greet();
    anna.session.slow();
    anna.session.slow();
    expect(anna.socket.closing?.code).toBe(Close.Slow);
    expect(records.filter(({ name }) => name === "slow")).toEqual([
      { name: "slow", details: { session: anna.session.id, endpoint: "/ws" } },
    ]);
    expect(hub.metrics().body).toContain("rosetta_slow_total 1");
    await world.pass(3_999);
    expect(anna.socket.isTerminated).toBe(false);
    await world.pass(1);
    expect(anna.socket.isTerminated).toBe(true);
  });

  test("is one for whom more waits than a queue may hold", async () => {
    const { greet } = setUp({ limits: { queueBytes: 1_000 } });
    const anna = await greet();
    anna.socket.queued = 1_000;
    expect(anna.session.hasRoom()).toBe(true);
    anna.socket.queued = 1_001;
    expect(anna.session.hasRoom()).toBe(false);
    expect(anna.socket.closing?.code).toBe(Close.Slow);
  });

  test.each([true, false])(
    "leaves nothing behind, even while it subscribes (reported at once: %s)",
    async (atOnce) => {
      const { greet, port, inside } = setUp({ limits: { queueBytes: 1_000_000 } });
      const ben = await greet();
      await ben.say({ type: "publish", id: "1", topic: "room/a", to: "all", text: "x" });
      const anna = await greet();
      port.reportsAtOnce = atOnce;
      anna.socket.queued = 1_000_001;
      await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
      if (!atOnce) await anna.gone();
      expect(anna.socket.closing?.code).toBe(Close.Slow);
      expect(inside.topics.get("room/a")?.sessions.size).toBe(0);
      expect(port.topics.get("room/a")?.size ?? 0).toBe(0);
    },
  );
});

test("a stop on /echo closes with 1000 and is not sent back", () => {
  const { session, socket } = setUp().connect("/echo");
  expect(session.echo(true)).toBe(false);
  expect(socket.closing?.code).toBe(1000);
});

describe("closing", () => {
  test("waits a second for the peer, then cuts it off", async () => {
    const { greet, world } = setUp();
    const anna = await greet();
    anna.session.close(Close.Normal, "over");
    anna.session.close(Close.InternalError, "too late");
    expect(anna.socket.closing).toEqual({ code: 1000, reason: "over" });
    await world.pass(999);
    expect(anna.socket.isTerminated).toBe(false);
    await world.pass(1);
    expect(anna.socket.isTerminated).toBe(true);
  });

  test("ends both receiving and sending", async () => {
    const { greet } = setUp();
    const anna = await greet();
    anna.session.close(Close.Normal, "over");
    await anna.say({ type: "echo", id: "1", text: "x" });
    anna.session.send({ type: "echo", re: "1", text: "x" });
    anna.session.binary(1);
    anna.session.slow();
    expect(anna.heard()).toEqual([]);
    expect(anna.socket.closing?.code).toBe(1000);
  });

  test.each([true, false])("leaves no timer and no count (reported at once: %s)", async (atOnce) => {
    const { greet, world, port, hub } = setUp();
    const before = world.timers;
    port.reportsAtOnce = atOnce;
    const anna = await greet();
    anna.session.close(Close.Normal, "over");
    if (!atOnce) await anna.gone(1000);
    await anna.gone(1006);
    // What remains is the timer that forgets the client after two minutes.
    expect(world.timers).toBe(before + 1);
    expect(hub.metrics().body).toContain('rosetta_connections{endpoint="/ws"} 0');
    expect(hub.metrics().body).toContain('rosetta_closed_total{code="1000"} 1');
    expect(hub.metrics().body).not.toContain('code="1006"');
  });
});

describe("a handler that throws", () => {
  test("ends only its own socket, with 1011, and is reported", async () => {
    const { greet, failures, hub } = setUp({ chaos: true });
    const [anna, ben] = [await greet(), await greet()];
    expect(() => anna.session.text('{"type":"chaos","id":"1","do":"throw"}')).toThrow("ordered");
    anna.session.failed(new Error("what the app caught"));
    expect(anna.socket.closing?.code).toBe(Close.InternalError);
    expect(failures).toEqual([new Error("what the app caught")]);
    expect(hub.metrics().body).toContain("rosetta_failures_total 1");
    await ben.say({ type: "echo", id: "1", text: "x" });
    expect(ben.heard()).toHaveLength(1);
  });
});

test("messages in and out are counted, and so are their bytes on the wire", async () => {
  const { greet, hub, connect } = setUp();
  const anna = await greet();
  const before = anna.socket.frames.reduce((sum, frame) => sum + Buffer.byteLength(frame), 0);
  const hello = Buffer.byteLength(`{"type":"hello","id":"hello","client":"${secret(1)}"}`);
  await anna.say({ type: "echo", id: "1", text: "aä€😀" });
  const { session } = connect("/echo");
  expect(session.echo(false)).toBe(true);
  session.echoed(7, true);
  const sent = Buffer.byteLength('{"type":"echo","id":"1","text":"aä€😀"}');
  expect(hub.metrics().body).toContain(`rosetta_bytes_total{direction="in"} ${hello + sent + 7}`);
  expect(hub.metrics().body).toContain(`rosetta_bytes_total{direction="out"} ${before + sent + 7}`);
  expect(hub.metrics().body).toContain('rosetta_messages_total{direction="in"} 3');
  expect(hub.metrics().body).toContain('rosetta_messages_total{direction="out"} 3');
});

test("what the stack did not take is not counted as sent", async () => {
  const { greet, hub, connect, port } = setUp();
  const [anna, ben] = [await greet(), await greet()];
  await anna.say({ type: "subscribe", id: "s", topic: "room/a" });
  const sent = () => hub.metrics().body.match(/^rosetta_messages_total\{direction="out"\}.*$/m)?.[0];
  const before = sent();
  connect("/echo").session.echoed(7, false);
  expect(sent()).toBe(before);
  anna.socket.close(Close.Normal, "the stack has begun to close it");
  await anna.say({ type: "echo", id: "1", text: "nobody gets this" });
  expect(sent()).toBe(before);
  await ben.say({ type: "publish", id: "2", topic: "room/a", to: "others", text: "nor this" });
  expect(sent()).toMatch(/ 4$/);
  expect(port.topics.get("room/a")?.size).toBe(1);
});

describe("a standstill of the process", () => {
  const ping = '{"type":"ping","id":"p","at":0}';

  test.each([
    [90, 3],
    [50, 5],
    [30, 10],
    [100, 60],
  ])("does not turn %d messages a second for %d s into a flood", async (perSecond, seconds) => {
    const { greet, world } = setUp();
    const anna = await greet();
    await world.pass(1_000);
    world.stall(seconds * 1_000);
    for (let count = 0; count < perSecond * seconds; count++) anna.session.text(ping);
    expect(anna.heardOf("error")).toEqual([]);
    expect(anna.session.isOpen).toBe(true);
  });

  test("allows nobody more than the rate and the burst", async () => {
    const { greet, world } = setUp();
    const anna = await greet();
    await world.pass(10_000);
    world.stall(100 + 3_000);
    for (let count = 0; count < 600; count++) anna.session.text(ping);
    expect(anna.heardOf("pong")).toHaveLength(200 + 300);
    expect(anna.socket.closing?.code).toBe(Close.RateLimited);
  });

  test("counts neither towards the wait for a hello nor towards the wait for a peer's close", async () => {
    const { greet, connect, world } = setUp();
    const [silent, closing] = [connect(), await greet()];
    closing.session.close(Close.Normal, "over");
    world.stall(60_000);
    await world.pass(800);
    expect(closing.socket.isTerminated).toBe(false);
    expect(silent.socket.closing).toBeUndefined();
    await world.pass(100);
    expect(closing.socket.isTerminated).toBe(true);
    await world.pass(3_900);
    expect(silent.socket.closing).toBeUndefined();
    await world.pass(100);
    expect(silent.socket.closing?.code).toBe(Close.HelloTimeout);
  });
});
