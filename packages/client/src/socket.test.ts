import { describe, expect, test, vi } from "vitest";
import { ReconnectingSocket, type SocketOptions, type SocketState } from "./socket.ts";
import { FakeHost, type Manners, record } from "./testing/fake-host.ts";

function setUp(options: Partial<SocketOptions> = {}) {
  const host = new FakeHost();
  const socket = new ReconnectingSocket("ws://test/echo", { host, ...options });
  return { host, socket };
}

/** Runtimes whose WebSockets behave differently. The client must behave the same on each. */
const runtimes: [name: string, manners: Manners][] = [
  ["a browser", {}],
  ["undici", { tellsWithinClose: true }],
  ["Bun", { terminates: true }],
  ["the package ws", { throwsErrors: true, terminates: true }],
  ["all that at once", { tellsWithinClose: true, throwsErrors: true, terminates: true }],
];

function opened(options: Partial<SocketOptions> = {}) {
  const { host, socket } = setUp(options);
  socket.open();
  host.socket.accept();
  return { host, socket };
}

function waitingState(socket: ReconnectingSocket): Extract<SocketState, { name: "waiting" }> {
  if (socket.state.name !== "waiting") throw new Error(`waiting expected, ${socket.state.name} found`);
  return socket.state;
}

describe.each(runtimes)("the state machine with the WebSocket of %s", (_, manners) => {
  type Pair = ReturnType<typeof setUp>;

  const arrive = {
    idle: () => {},
    connecting: ({ socket }: Pair) => socket.open(),
    open({ host, socket }: Pair) {
      socket.open();
      host.socket.accept();
    },
    waiting({ host, socket }: Pair) {
      socket.open();
      host.socket.end();
    },
    offline({ host, socket }: Pair) {
      socket.open();
      host.happen("offline");
    },
    parked({ host, socket }: Pair) {
      socket.open();
      host.happen("pagehide");
    },
    stopped: ({ socket }: Pair) => socket.close(),
  };

  const cause = {
    "open()": ({ socket }: Pair) => socket.open(),
    "close()": ({ socket }: Pair) => socket.close(),
    "reconnect()": ({ socket }: Pair) => socket.reconnect(4001, "silent"),
    time: ({ host }: Pair) => host.advance(5_000),
    "handshake done": ({ host }: Pair) => host.sockets.at(-1)?.accept(),
    "closed 1006": ({ host }: Pair) => host.sockets.at(-1)?.fail(),
    "closed 4500": ({ host }: Pair) => host.sockets.at(-1)?.end(4500),
    "closed 1006 while offline"({ host }: Pair) {
      host.online = false;
      host.sockets.at(-1)?.end(1006);
    },
    offline: ({ host }: Pair) => host.happen("offline"),
    online: ({ host }: Pair) => host.happen("online"),
    hidden: ({ host }: Pair) => host.happen("hidden"),
    visible: ({ host }: Pair) => host.happen("visible"),
    pagehide: ({ host }: Pair) => host.happen("pagehide"),
    pageshow: ({ host }: Pair) => host.happen("pageshow"),
  };

  // Where each cause leads from each state; "·" stays. `parked` is the idle of a page in the back/forward cache.
  const table = `
                              idle        connecting  open        waiting     offline     parked      stopped
    open()                    connecting  ·           ·           connecting  connecting  connecting  connecting
    close()                   stopped     stopped     stopped     stopped     stopped     stopped     ·
    reconnect()               ·           waiting     waiting     ·           ·           ·           ·
    time                      ·           waiting     ·           connecting  connecting  ·           ·
    handshake done            ·           open        ·           ·           ·           ·           ·
    closed 1006               ·           waiting     waiting     ·           ·           ·           ·
    closed 4500               ·           stopped     stopped     ·           ·           ·           ·
    closed 1006 while offline ·           offline     offline     ·           ·           ·           ·
    offline                   ·           offline     offline     offline     ·           ·           ·
    online                    ·           ·           ·           connecting  connecting  ·           ·
    hidden                    ·           ·           ·           ·           ·           ·           ·
    visible                   ·           ·           ·           connecting  connecting  ·           ·
    pagehide                  ·           idle        idle        idle        idle        ·           ·
    pageshow                  ·           ·           ·           connecting  connecting  connecting  ·
  `;
  const [head = "", ...rows] = table.trim().split("\n");
  const states = head.trim().split(/\s+/) as (keyof typeof arrive)[];
  const edges = rows.flatMap((row) => {
    const [name = "", ...targets] = row.trim().split(/\s{2,}|(?<=offline) (?=·)/);
    return states.map((state, column) => ({ state, name, target: targets[column] }));
  });

  test("has a row for each cause and a column for each state", () => {
    expect(edges.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(cause)));
    expect(edges).toHaveLength(Object.keys(cause).length * Object.keys(arrive).length);
  });

  test.each(edges)("$state, $name: $target", ({ state, name, target }) => {
    const pair = setUp();
    Object.assign(pair.host.manners, manners);
    arrive[state](pair);
    const before = pair.socket.state;
    const told = record<SocketState>((listener) => pair.socket.on("state", listener));
    cause[name as keyof typeof cause](pair);
    if (target === "·") {
      expect(pair.socket.state).toBe(before);
      expect(told).toEqual([]);
    } else {
      expect(pair.socket.state.name).toBe(target);
      expect(told).toEqual([pair.socket.state]);
    }
  });
});

describe("connecting", () => {
  test("does nothing before open()", () => {
    const { host } = setUp();
    expect([host.sockets.length, host.timers, host.watchers]).toEqual([0, 0, 0]);
  });

  test("passes the address and the subprotocols on, and reads binary as bytes", () => {
    const { host, socket } = setUp({ protocols: ["a", "b"] });
    socket.open();
    expect(host.socket).toMatchObject({
      url: "ws://test/echo",
      protocols: ["a", "b"],
      binaryType: "arraybuffer",
    });
  });

  test("tells since when it is open, and what the handshake chose", () => {
    const { host, socket } = setUp({ protocols: ["a"] });
    socket.open();
    host.advance(10);
    host.socket.extensions = "permessage-deflate";
    host.socket.accept();
    expect(socket.state).toEqual({
      name: "open",
      since: host.now(),
      protocol: "a",
      extensions: "permessage-deflate",
    });
  });

  test("does not wait for a handshake longer than 5 s", () => {
    const { host, socket } = setUp();
    socket.open();
    host.advance(4_999);
    expect(socket.state.name).toBe("connecting");
    host.advance(1);
    expect(socket.state).toMatchObject({
      name: "waiting",
      code: 1006,
      cause: "no connection within 5000 ms",
    });
    expect(host.sockets[0]?.closed).toBeDefined();
  });

  test("waits twice as long with each retry, up to 30 s: the network might be slow", () => {
    const { host, socket } = setUp();
    socket.open();
    const causes = [0, 1, 2, 3, 4].map((attempt) => {
      expect(socket.state).toEqual({ name: "connecting", attempt });
      const begunAt = host.now();
      while (socket.state.name === "connecting") host.advance(500);
      const state = waitingState(socket);
      expect(state.cause).toBe(`no connection within ${host.now() - begunAt} ms`);
      host.advance(state.delayMs);
      return state.cause;
    });
    expect(causes.map((cause) => Number(cause.match(/\d+/)?.[0]))).toEqual([
      5_000, 10_000, 20_000, 30_000, 30_000,
    ]);
  });

  test("connects over a network whose handshake takes 6 s", () => {
    const { host, socket } = setUp();
    socket.open();
    host.advance(5_000 + 250 + 6_000);
    host.socket.accept();
    expect([socket.state.name, host.sockets.length]).toEqual(["open", 2]);
  });

  test("does not shorten a longer handshake timeout that was set", () => {
    const { host, socket } = setUp({ connectTimeoutMs: 60_000 });
    socket.open();
    host.advance(59_999);
    expect(socket.state.name).toBe("connecting");
    host.advance(1);
    expect(socket.state.name).toBe("waiting");
  });

  test.each(runtimes)(
    "goes on after a handshake that was given up, with the WebSocket of %s",
    (_, manners) => {
      const { host, socket } = setUp();
      Object.assign(host.manners, manners);
      socket.open();
      const states = record<SocketState>((listener) => socket.on("state", listener));
      host.advance(5_000);
      expect(states.map(({ name }) => name)).toEqual(["waiting"]);
      host.sockets[0]?.fail();
      host.advance(250);
      host.socket.accept();
      expect(states.map(({ name }) => name)).toEqual(["waiting", "connecting", "open"]);
      host.advance(60_000);
      expect([host.sockets.length, host.timers]).toEqual([2, 0]);
    },
  );

  test("says what to do if the runtime has no WebSocket", () => {
    const host = Object.assign(new FakeHost(), { WebSocket: undefined as never });
    expect(() => new ReconnectingSocket("ws://test", { host })).toThrow(/no WebSocket .* of the package ws/);
  });

  test("a handshake that was given up cannot succeed any more", () => {
    const { host, socket } = setUp();
    socket.open();
    host.advance(5_000);
    host.sockets[0]?.accept();
    expect(socket.state.name).toBe("waiting");
  });

  test("the time for the handshake ends with it", () => {
    const { host, socket } = opened();
    host.advance(60_000);
    expect(socket.state.name).toBe("open");
    expect(host.timers).toBe(0);
  });

  test("stops where a WebSocket cannot even be made", () => {
    const { host, socket } = setUp();
    host.constructorError = new SyntaxError("bad URL");
    socket.open();
    expect(socket.state).toEqual({ name: "stopped", code: undefined, reason: "SyntaxError: bad URL" });
    expect([host.timers, host.watchers]).toEqual([0, 0]);
  });
});

describe("waiting", () => {
  test("tells how long, why, and from which window the delay was drawn", () => {
    const { host, socket } = opened();
    host.randoms.push(0.5);
    host.socket.end(1006);
    expect(socket.state).toEqual({
      name: "waiting",
      attempt: 1,
      delayMs: 500,
      untilAt: host.now() + 500,
      windowMs: [250, 750],
      code: 1006,
      cause: "close code 1006",
    });
    host.advance(499);
    expect(host.sockets).toHaveLength(1);
    host.advance(1);
    expect(socket.state).toEqual({ name: "connecting", attempt: 1 });
  });

  test("the server's reason is the cause", () => {
    const { host, socket } = opened();
    host.socket.end(4002, "too slow");
    expect(waitingState(socket)).toMatchObject({ code: 4002, cause: "too slow" });
  });

  test("retries are counted as long as none succeeds", () => {
    const { host, socket } = setUp();
    socket.open();
    const windows = [1, 2, 3].map(() => {
      host.socket.end();
      const { attempt, windowMs } = waitingState(socket);
      host.advance(250);
      return [attempt, windowMs[1]];
    });
    expect(windows).toEqual([
      [1, 750],
      [2, 1_250],
      [3, 2_250],
    ]);
  });

  test("a connection that lives for less than 5 s is no success", () => {
    const { host, socket } = opened();
    for (const expected of [1, 2, 3]) {
      host.advance(4_999);
      host.socket.end();
      expect(waitingState(socket).attempt).toBe(expected);
      socket.open();
      host.socket.accept();
    }
  });

  test("after 5 s of life the count starts anew", () => {
    const { host, socket } = setUp();
    socket.open();
    host.socket.end();
    socket.open();
    host.socket.end();
    socket.open();
    host.socket.accept();
    host.advance(5_000);
    host.socket.end();
    expect(waitingState(socket).attempt).toBe(1);
  });

  test("open() does not wait, and leaves no timer behind", () => {
    const { host, socket } = opened();
    host.socket.end();
    socket.open();
    host.advance(4_000);
    expect(host.sockets).toHaveLength(2);
    expect(socket.state.name).toBe("connecting");
  });

  test("options reach the backoff", () => {
    const { host, socket } = opened({ backoff: { floorMs: 0, baseMs: 10 } });
    host.socket.end();
    expect(waitingState(socket).windowMs).toEqual([0, 10]);
  });
});

describe("close codes", () => {
  const outcome = (code: number) => {
    const { host, socket } = opened();
    host.socket.end(code);
    return socket.state.name;
  };

  test.each([1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014, 3000, 4000, 4001, 4499])("%i: again", (code) => {
    expect(outcome(code)).toBe("waiting");
  });

  test.each([1002, 1003, 1007, 1008, 1009, 1010, 1015, 4500, 4509, 4999])("%i: never again", (code) => {
    expect(outcome(code)).toBe("stopped");
  });

  test("a stop keeps code and reason", () => {
    const { host, socket } = opened();
    host.socket.end(4509, "replaced");
    expect(socket.state).toEqual({ name: "stopped", code: 4509, reason: "replaced" });
  });

  test("new advice adds to earlier advice", () => {
    const { host, socket } = opened();
    socket.advise({ retryAfterMs: 9_000 });
    socket.advise({ code: 1012 });
    host.socket.end(1006);
    expect(waitingState(socket)).toMatchObject({ code: 1012, windowMs: [1_000, 10_000] });
  });

  test("an unproven connection is no success, however long it lived", () => {
    const { host, socket } = opened();
    for (const attempt of [1, 2]) {
      socket.advise({ unproven: true });
      host.advance(60_000);
      host.socket.end();
      expect(waitingState(socket).attempt).toBe(attempt);
      socket.open();
      host.socket.accept();
    }
    socket.advise({ unproven: true });
    socket.advise({ unproven: false });
    host.advance(5_000);
    host.socket.end();
    expect(waitingState(socket).attempt).toBe(1);
  });

  test("an end that was agreed on is one, whatever the code", () => {
    for (const code of [1000, 1005, 1006, 1012]) {
      const { host, socket } = opened();
      socket.advise({ final: true });
      host.socket.end(code);
      expect(socket.state).toMatchObject({ name: "stopped", code });
    }
  });

  test("an agreement does not outlive its connection", () => {
    const { host, socket } = opened();
    socket.advise({ final: true });
    socket.reconnect(4001, "silent");
    expect(socket.state.name).toBe("stopped");
    socket.open();
    host.socket.accept();
    host.socket.end(1000);
    expect(socket.state.name).toBe("waiting");
  });

  test("1012 and 1013 have windows of their own", () => {
    const { host, socket } = opened();
    host.socket.end(1012);
    expect(waitingState(socket).windowMs).toEqual([1_000, 6_000]);
    socket.open();
    host.socket.accept();
    host.socket.end(1013);
    expect(waitingState(socket).windowMs).toEqual([1_000, 5_000]);
  });

  test("advice holds even if the close frame is lost", () => {
    const { host, socket } = opened();
    socket.advise({ code: 1012, retryAfterMs: 9_000 });
    host.socket.end(1006);
    expect(waitingState(socket)).toMatchObject({ code: 1012, windowMs: [1_000, 10_000] });
  });

  test("advice does not replace a close code that came", () => {
    const { host, socket } = opened();
    socket.advise({ code: 1012 });
    host.socket.end(4509);
    expect(socket.state).toMatchObject({ name: "stopped", code: 4509 });
  });

  test("advice holds for one wait", () => {
    const { host, socket } = opened();
    socket.advise({ code: 1012, retryAfterMs: 9_000 });
    host.socket.end(1012);
    socket.open();
    host.socket.end(1006);
    expect(waitingState(socket).windowMs).toEqual([250, 1_250]);
  });

  test("1011 is forgiven five times in a row", () => {
    const { host, socket } = opened();
    for (let time = 1; time <= 5; time++) {
      host.socket.end(1011);
      expect(socket.state.name).toBe("waiting");
      socket.open();
      host.socket.accept();
    }
    host.socket.end(1011);
    expect(socket.state).toMatchObject({ name: "stopped", code: 1011 });
  });

  test.each([
    ["another code", (host: FakeHost) => host.socket.end(1006)],
    [
      "a stable life",
      (host: FakeHost) => {
        host.advance(5_000);
        host.socket.end(1011);
      },
    ],
  ])("after %s, 1011 is counted anew", (_, interrupt) => {
    const { host, socket } = opened();
    const states = record<SocketState>((listener) => socket.on("state", listener));
    const fail = () => {
      host.socket.end(1011);
      socket.open();
      host.socket.accept();
    };
    for (let time = 1; time <= 4; time++) fail();
    interrupt(host);
    socket.open();
    host.socket.accept();
    for (let time = 1; time <= 4; time++) fail();
    expect(states.map(({ name }) => name)).not.toContain("stopped");
  });
});

describe("the network and the page", () => {
  test("offline gives the connection up, and waits four times as long for the next one", () => {
    const { host, socket } = opened();
    host.randoms.push(0.5);
    host.happen("offline");
    expect(host.socket.closed).toEqual({ code: 1000, reason: "offline" });
    const untilAt = host.now() + 2_000;
    const window = { windowMs: [1_000, 3_000], delayMs: 2_000, untilAt };
    expect(socket.state).toEqual({ name: "offline", attempt: 0, code: 1006, cause: "offline", ...window });
  });

  test("going offline lengthens a wait that is under way", () => {
    const { host, socket } = opened();
    host.socket.end(4002, "too slow");
    host.happen("offline");
    const last = { attempt: 1, code: 4002, cause: "too slow" };
    expect(socket.state).toMatchObject({ name: "offline", windowMs: [1_000, 3_000], ...last });
    host.advance(999);
    expect(host.sockets).toHaveLength(1);
    host.advance(1);
    expect(host.sockets).toHaveLength(2);
    host.advance(5_000);
    expect([host.sockets.length, host.timers]).toEqual([2, 1]);
  });

  test("offline is a hint: it tries, and is open where the server can be reached", () => {
    const { host, socket } = opened();
    host.happen("offline");
    host.advance(1_000);
    host.socket.accept();
    expect(socket.state.name).toBe("open");
    host.advance(60_000);
    host.socket.end();
    expect(socket.state).toMatchObject({ name: "offline", attempt: 1 });
  });

  test("offline, attempts become rare, and being online ends the wait", () => {
    const { host, socket } = opened();
    host.happen("offline");
    const widths: number[] = [];
    for (let time = 0; time < 7; time++) {
      if (socket.state.name === "offline") widths.push(socket.state.windowMs[1] - socket.state.windowMs[0]);
      host.advance(1_000);
      host.socket.fail();
    }
    expect(widths).toEqual([2_000, 2_000, 4_000, 8_000, 16_000, 32_000, 40_000]);
    host.happen("online");
    expect(socket.state.name).toBe("connecting");
    host.socket.accept();
    expect(host.timers).toBe(0);
  });

  test("offline is no failure: the next retry counts as before", () => {
    const { host, socket } = opened();
    host.happen("offline");
    host.happen("online");
    expect(socket.state).toEqual({ name: "connecting", attempt: 0 });
  });

  test("a machine without network still reaches its own servers", () => {
    const { host, socket } = setUp();
    host.online = false;
    socket.open();
    host.socket.accept();
    expect(socket.state.name).toBe("open");
  });

  test("a hidden page is left without a connection, and comes back with one", () => {
    const { host, socket } = opened();
    const old = host.socket;
    host.happen("pagehide");
    expect(old.closed?.code).toBe(1000);
    expect([socket.state.name, host.timers]).toEqual(["idle", 0]);
    host.happen("pageshow");
    host.socket.accept();
    expect(socket.state.name).toBe("open");
    expect(host.sockets).toHaveLength(2);
  });

  test("back from the cache, it heeds the network again", () => {
    const { host, socket } = opened();
    host.happen("pagehide");
    host.happen("pageshow");
    host.happen("offline");
    expect(socket.state.name).toBe("offline");
  });

  test("in the back/forward cache nothing else wakes it", () => {
    const { host, socket } = opened();
    host.happen("pagehide");
    for (const event of ["offline", "online", "hidden", "visible", "pagehide"] as const) host.happen(event);
    expect([socket.state.name, host.sockets.length]).toEqual(["idle", 1]);
  });

  test("works where nothing can be watched", () => {
    const { sockets, ...host } = bare(new FakeHost());
    const socket = new ReconnectingSocket("ws://test", { host });
    socket.open();
    sockets[0]?.accept();
    sockets[0]?.end();
    expect(socket.state.name).toBe("waiting");
    socket.close();
    expect(socket.state.name).toBe("stopped");
  });

  function bare(host: FakeHost) {
    return {
      now: () => host.now(),
      after: (ms: number, run: () => void) => host.after(ms, run),
      random: () => host.random(),
      date: () => host.date(),
      WebSocket: host.WebSocket,
      sockets: host.sockets,
    };
  }
});

describe("stopping", () => {
  test("close() says goodbye with code and reason", () => {
    const { host, socket } = opened();
    socket.close(4321, "enough");
    expect(host.socket.closed).toEqual({ code: 4321, reason: "enough" });
    expect(socket.state).toEqual({ name: "stopped", code: 4321, reason: "enough" });
  });

  test("close() without a code sends none: the peer sees 1005", () => {
    const { host, socket } = opened();
    const frames = record((listener) => socket.on("frame", listener));
    socket.close();
    expect(host.socket.closed).toEqual({ code: undefined, reason: undefined });
    expect(frames[0]).toEqual({ direction: "out", kind: "close", at: host.now() });
    expect(socket.state).toEqual({ name: "stopped", reason: "closed by the client" });
  });

  test("a code needs no reason", () => {
    const { host, socket } = opened();
    socket.close(4321);
    expect(host.socket.closed).toEqual({ code: 4321, reason: undefined });
    expect(socket.state).toEqual({ name: "stopped", code: 4321, reason: "closed by the client" });
  });

  test.each(["connecting", "open", "waiting"])(
    "while %s it leaves no timer and no watcher behind",
    (name) => {
      const { host, socket } = setUp();
      socket.open();
      if (name !== "connecting") host.socket.accept();
      if (name === "waiting") host.socket.end();
      socket.close();
      expect([host.timers, host.watchers]).toEqual([0, 0]);
    },
  );

  test("a code that may not be sent is the caller's error, and changes nothing", () => {
    const { socket } = opened();
    expect(() => socket.close(1006)).toThrow("InvalidAccessError");
    expect(() => socket.close(1000, "x".repeat(124))).toThrow("SyntaxError");
    expect(socket.state.name).toBe("open");
  });

  test.each(runtimes)("close() stops while connecting, with the WebSocket of %s", (_, manners) => {
    const { host, socket } = setUp();
    Object.assign(host.manners, manners);
    const states = record<SocketState>((listener) => socket.on("state", listener));
    socket.open();
    socket.close(1000);
    host.sockets[0]?.fail();
    expect(states.map(({ name }) => name)).toEqual(["connecting", "stopped"]);
    host.advance(60_000);
    expect([host.sockets.length, host.timers, host.watchers]).toEqual([1, 0, 0]);
  });

  test("a peer that does not answer the close is cut off after 3 s, where the runtime can", () => {
    const { host, socket } = setUp();
    host.manners.terminates = true;
    for (const giveUp of [
      () => socket.close(),
      () => socket.reconnect(4001, "silent"),
      () => host.happen("offline"),
    ]) {
      socket.open();
      host.socket.accept();
      const { socket: old } = host;
      giveUp();
      host.advance(2_999);
      expect(old.terminated).toBe(0);
      host.advance(1);
      expect(old.terminated).toBe(1);
    }
  });

  test("a peer that answers the close is not cut off, and nothing is left to wait for", () => {
    const { host, socket } = setUp();
    host.manners.terminates = true;
    socket.open();
    host.socket.accept();
    socket.close();
    expect(host.timers).toBe(1);
    host.socket.end(1000);
    expect(host.timers).toBe(0);
    host.advance(60_000);
    expect(host.socket.terminated).toBe(0);
  });

  test("a socket that is closed when close() returns is not cut off", () => {
    const { host, socket } = setUp();
    Object.assign(host.manners, { tellsWithinClose: true, terminates: true });
    socket.open();
    socket.close();
    expect(host.timers).toBe(0);
  });

  test.each(runtimes)(
    "nothing of the old socket is heard any more, with the WebSocket of %s",
    (_, manners) => {
      const { host, socket } = setUp();
      Object.assign(host.manners, manners);
      socket.open();
      host.socket.accept();
      const old = host.socket;
      socket.close();
      const heard = record((listener) => {
        socket.on("message", listener);
        socket.on("state", listener);
        socket.on("frame", listener);
      });
      old.receive("late");
      old.error();
      old.end(1000);
      old.end(1006);
      old.receive("later");
      old.accept();
      expect(heard).toEqual([]);
    },
  );

  test("a replaced socket cannot end its successor", () => {
    const { host, socket } = opened();
    const old = host.socket;
    socket.reconnect(4001, "silent");
    host.advance(250);
    host.socket.accept();
    const messages = record((listener) => socket.on("message", listener));
    old.receive("late");
    old.end(4500);
    expect(socket.state.name).toBe("open");
    expect(messages).toEqual([]);
  });

  // React's StrictMode does this to every effect.
  test.each(runtimes)(
    "opened and closed fifty times in one turn, it has one connection, with %s",
    (_, manners) => {
      const { host, socket } = setUp();
      Object.assign(host.manners, manners);
      for (let time = 0; time < 50; time++) {
        socket.open();
        socket.close();
      }
      socket.open();
      for (const each of host.sockets.slice(0, -1)) each.fail();
      host.socket.accept();
      expect(socket.state.name).toBe("open");
      expect(host.sockets.filter(({ closed }) => !closed)).toEqual([host.socket]);
      expect([host.timers, host.watchers]).toEqual([0, 1]);
    },
  );

  test("open() begins anew, with nothing left from before", () => {
    const { host, socket } = setUp({ bufferBytes: 3 });
    socket.open();
    host.socket.end();
    expect(socket.send("old")).toBe("queued");
    socket.close();
    socket.open();
    expect(socket.state).toEqual({ name: "connecting", attempt: 0 });
    expect(socket.send("new")).toBe("queued");
    host.socket.accept();
    expect(host.socket.sent).toEqual(["new"]);
    expect(host.watchers).toBe(1);
  });
});

describe("sending", () => {
  test("is immediate while open", () => {
    const { host, socket } = opened();
    const bytes = Uint8Array.of(1, 2);
    expect([socket.send("text"), socket.send(bytes), socket.send(bytes.buffer)]).toEqual([
      "sent",
      "sent",
      "sent",
    ]);
    expect(host.socket.sent).toEqual(["text", bytes, bytes.buffer]);
  });

  test("waits for the connection, in order", () => {
    const { host, socket } = setUp();
    expect(socket.send("before open()")).toBe("queued");
    socket.open();
    expect(socket.send("connecting")).toBe("queued");
    host.socket.end();
    expect(socket.send("waiting")).toBe("queued");
    host.happen("offline");
    expect(socket.send("offline")).toBe("queued");
    host.happen("online");
    host.socket.accept();
    expect(host.socket.sent).toEqual(["before open()", "connecting", "waiting", "offline"]);
  });

  test("what a listener sends at `open` comes after what has waited", () => {
    const { host, socket } = setUp();
    socket.on("state", ({ name }) => name === "open" && socket.send("second"));
    socket.send("first");
    socket.open();
    host.socket.accept();
    expect(host.socket.sent).toEqual(["first", "second"]);
  });

  test("the buffer is bounded by bytes, not by characters or messages", () => {
    const { socket } = setUp({ bufferBytes: 10 });
    expect(socket.send("1234")).toBe("queued");
    expect(socket.send("€€€")).toBe("rejected");
    expect(socket.send("€€")).toBe("queued");
    expect(socket.send("1")).toBe("rejected");
  });

  test("binary counts by its bytes, too", () => {
    const { socket } = setUp({ bufferBytes: 4 });
    expect(socket.send(new Uint8Array(4))).toBe("queued");
    expect(socket.send(new ArrayBuffer(1))).toBe("rejected");
  });

  test("what is rejected never goes out, what is queued always", () => {
    const { host, socket } = setUp({ bufferBytes: 4 });
    socket.send("1234");
    socket.send("5");
    socket.open();
    host.socket.accept();
    expect(host.socket.sent).toEqual(["1234"]);
    host.socket.end();
    expect(socket.send("1234")).toBe("queued");
  });

  test("the buffer keeps a copy: the caller may use its bytes again", () => {
    const { host, socket } = setUp();
    const bytes = Uint8Array.of(1);
    socket.send(bytes);
    socket.send(bytes.buffer);
    bytes[0] = 2;
    socket.open();
    host.socket.accept();
    expect(host.socket.sent).toEqual([Uint8Array.of(1), Uint8Array.of(1).buffer]);
  });

  test("once stopped, everything is rejected", () => {
    const { socket } = opened();
    socket.close();
    expect(socket.send("x")).toBe("rejected");
  });

  test("a socket that is closing would lose it: it waits for the next one", () => {
    const { host, socket } = opened();
    host.socket.readyState = 2;
    expect(socket.send("x")).toBe("queued");
    host.socket.end();
    socket.open();
    host.socket.accept();
    expect(host.socket.sent).toEqual(["x"]);
  });

  test("a buffer that does not outlive its connection takes nothing without one", () => {
    const { host, socket } = setUp({ keepBuffer: false });
    socket.open();
    expect(socket.send("connecting")).toBe("rejected");
    host.socket.accept();
    host.socket.readyState = 2;
    expect(socket.send("closing")).toBe("queued");
    host.socket.end();
    socket.open();
    host.socket.accept();
    expect(host.socket.sent).toEqual([]);
  });

  test("a message sent from a `frame` listener is not mistaken for the one going out", () => {
    const { host, socket } = setUp();
    socket.send("1");
    const off = socket.on("frame", (frame) => {
      if (frame.kind !== "text" || frame.data !== "1") return;
      off();
      socket.close();
      socket.open();
      socket.send("2");
    });
    socket.open();
    host.socket.accept();
    host.socket.accept();
    expect(host.sockets.map(({ sent }) => sent)).toEqual([["1"], ["2"]]);
  });

  test("a full socket is left to drain, and order is kept", () => {
    const { host, socket } = opened({ highWaterBytes: 100 });
    host.socket.bufferedAmount = 100;
    expect(socket.send("1")).toBe("queued");
    host.advance(50);
    expect(host.socket.sent).toEqual([]);
    host.socket.bufferedAmount = 99;
    expect(socket.send("2")).toBe("queued");
    host.advance(50);
    expect(host.socket.sent).toEqual(["1", "2"]);
    expect(host.timers).toBe(0);
    expect(socket.send("3")).toBe("sent");
  });

  test("a socket is full at 1 MiB", () => {
    const { host, socket } = opened();
    host.socket.bufferedAmount = 1024 * 1024 - 1;
    expect(socket.send("1")).toBe("sent");
    host.socket.bufferedAmount += 1;
    expect(socket.send("2")).toBe("queued");
  });

  test("one timer polls it, however much waits", () => {
    const { host, socket } = opened({ highWaterBytes: 100 });
    host.socket.bufferedAmount = 100;
    socket.send("1");
    socket.send("2");
    expect(host.timers).toBe(1);
  });

  test("nobody polls a socket that is gone, or not there yet", () => {
    const { host, socket } = setUp({ highWaterBytes: 100 });
    socket.send("1");
    expect(host.timers).toBe(0);
    socket.open();
    host.socket.bufferedAmount = 100;
    host.socket.accept();
    expect(host.timers).toBe(1);
    socket.close();
    expect(host.timers).toBe(0);
  });

  test("the next socket may be full as well", () => {
    const { host, socket } = opened({ highWaterBytes: 100 });
    host.socket.bufferedAmount = 100;
    socket.send("1");
    host.socket.end();
    socket.open();
    host.socket.bufferedAmount = 100;
    host.socket.accept();
    host.socket.bufferedAmount = 0;
    host.advance(50);
    expect(host.socket.sent).toEqual(["1"]);
  });
});

describe("receiving", () => {
  test("text is a string, binary is bytes", () => {
    const { host, socket } = opened();
    const messages = record((listener) => socket.on("message", listener));
    host.socket.receive("text");
    host.socket.receive(Uint8Array.of(1, 2).buffer);
    expect(messages).toEqual(["text", Uint8Array.of(1, 2)]);
  });

  test("a listener that is taken away hears nothing more, even amid an event", () => {
    const { host, socket } = opened();
    const second: unknown[] = [];
    let off = () => {};
    socket.on("message", () => off());
    off = socket.on("message", (message) => second.push(message));
    host.socket.receive("1");
    expect(second).toEqual([]);
  });

  test("a listener that throws harms nobody else, and is reported", () => {
    const { host, socket } = opened();
    const problems = record((listener) => socket.on("problem", listener));
    const error = new Error("mine");
    socket.on("message", () => {
      throw error;
    });
    const messages = record((listener) => socket.on("message", listener));
    host.socket.receive("1");
    host.socket.receive("2");
    expect(messages).toEqual(["1", "2"]);
    expect(problems).toEqual([
      { what: "listener", reason: "a listener threw", error },
      { what: "listener", reason: "a listener threw", error },
    ]);
  });

  test("a problem that nobody listens for goes to the console", () => {
    const { host, socket } = opened();
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    const error = new Error("mine");
    socket.on("message", () => {
      throw error;
    });
    host.socket.receive("1");
    expect(printed.mock.calls).toEqual([[{ what: "listener", reason: "a listener threw", error }]]);
    socket.on("problem", () => {});
    host.socket.receive("2");
    expect(printed).toHaveBeenCalledTimes(1);
    printed.mockRestore();
  });

  test("even a listener of problems may throw", () => {
    const { host, socket } = opened();
    const fail = () => {
      throw new Error("again");
    };
    socket.on("problem", fail);
    socket.on("message", fail);
    expect(() => host.socket.receive("1")).not.toThrow();
  });
});

describe("the frame tap", () => {
  test("sees everything that happens, in order", () => {
    const { host, socket } = setUp({ protocols: "a" });
    const frames = record((listener) => socket.on("frame", listener));
    socket.open();
    host.socket.accept();
    socket.send("out");
    host.socket.receive(Uint8Array.of(1).buffer);
    host.advance(7);
    host.socket.end(1001, "leaving");
    socket.close();
    const at = host.now();
    expect(frames).toMatchObject([
      { kind: "state", state: { name: "connecting" }, at: at - 7 },
      { direction: "in", kind: "open", protocol: "a" },
      { kind: "state", state: { name: "open" } },
      { direction: "out", kind: "text", data: "out" },
      { direction: "in", kind: "binary", data: Uint8Array.of(1) },
      { direction: "in", kind: "close", code: 1001, reason: "leaving", wasClean: true, at },
      { kind: "state", state: { name: "waiting", delayMs: 250 } },
      { kind: "state", state: { name: "stopped", reason: "closed by the client" } },
    ]);
    expect(frames).toHaveLength(8);
  });

  test("shows bytes as bytes, however they were sent", () => {
    const { socket } = opened();
    const frames = record((listener) => socket.on("frame", listener));
    socket.send(Uint8Array.of(1).buffer);
    expect(frames).toMatchObject([{ direction: "out", kind: "binary", data: Uint8Array.of(1) }]);
  });

  test("sees how this side closes", () => {
    const { socket } = opened();
    const frames = record((listener) => socket.on("frame", listener));
    socket.reconnect(4001, "silent");
    expect(frames[0]).toMatchObject({ direction: "out", kind: "close", code: 4001, reason: "silent" });
  });

  test("sees what waited when it goes out, not before", () => {
    const { host, socket } = setUp();
    const texts: unknown[] = [];
    socket.on("frame", (frame) => frame.kind === "text" && texts.push(frame.data));
    socket.send("1");
    expect(texts).toEqual([]);
    socket.open();
    host.socket.accept();
    expect(texts).toEqual(["1"]);
  });

  test("tells a connection that broke from one that was closed", () => {
    const { host, socket } = opened();
    const frames = record((listener) => socket.on("frame", listener));
    host.socket.end(1006);
    expect(frames[0]).toMatchObject({ kind: "close", code: 1006, wasClean: false });
  });
});

describe("a listener may act at once", () => {
  test.each(["open", "close", "text"])("close() on the frame `%s` is final", (kind) => {
    const { host, socket } = setUp();
    const states = record<SocketState>((listener) => socket.on("state", listener));
    const messages = record((listener) => socket.on("message", listener));
    socket.on("frame", (frame) => frame.kind === kind && frame.direction === "in" && socket.close());
    socket.open();
    host.socket.accept();
    if (kind === "text") host.socket.receive("1");
    if (kind === "close") host.socket.end();
    expect(socket.state.name).toBe("stopped");
    expect(states.at(-1)?.name).toBe("stopped");
    expect(states.filter(({ name }) => name === "stopped")).toHaveLength(1);
    expect(messages).toEqual([]);
    expect(host.timers).toBe(0);
  });

  test("what is sent on the frame `close` waits for the next connection", () => {
    const { host, socket } = opened();
    const results: string[] = [];
    socket.on("frame", ({ kind }) => kind === "close" && results.push(socket.send("1")));
    host.socket.end();
    expect(results).toEqual(["queued"]);
    // That of the wait; nobody polls a socket that is gone.
    expect(host.timers).toBe(1);
    socket.open();
    host.socket.accept();
    expect(host.socket.sent).toEqual(["1"]);
  });

  test("open() on the frame of its own close wins over it", () => {
    const { host, socket } = opened();
    const off = socket.on("frame", ({ kind }) => {
      if (kind === "close") socket.open();
    });
    socket.reconnect(4001, "silent");
    off();
    expect(socket.state.name).toBe("connecting");
    host.socket.accept();
    expect(host.sockets).toHaveLength(2);
    expect(socket.state.name).toBe("open");
  });

  test("nobody is told of a state that is over already", () => {
    const { host, socket } = setUp();
    socket.on("state", ({ name }) => name === "open" && socket.close());
    const names: string[] = [];
    socket.on("state", ({ name }) => names.push(name));
    socket.open();
    host.socket.accept();
    expect(names).toEqual(["connecting", "stopped"]);
  });
});
