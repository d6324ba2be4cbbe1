import { describe, expect, test } from "vitest";
import { Peer, request, type Setting, settled, setUp } from "./testing/index.ts";

/** Begins a shutdown, and notes when it is over. */
function drain({ hub }: Setting): { isDone: boolean } {
  const state = { isDone: false };
  hub.drain().then(() => {
    state.isDone = true;
  });
  return state;
}

describe("a shutdown", () => {
  test("refuses new connections from the first moment, and says why", () => {
    const setting = setUp();
    const { hub, inside } = setting;
    expect(hub.health()).toMatchObject({ status: 200, body: '{"status":"ok","server":"test"}' });
    drain(setting);
    expect(inside.isDraining).toBe(true);
    expect(hub.health()).toMatchObject({ status: 503, body: '{"status":"draining","server":"test"}' });
    const { refusal } = hub.admit(request("/events?topic=scores"), "1.1.1.1");
    expect(refusal?.status).toBe(503);
    expect(refusal?.headers["Retry-After"]).toBe("1");
    expect(hub.admit(request("/healthz"), "1.1.1.1").refusal).toBeUndefined();
  });

  test("says bye on /ws, then closes everything with 1012", async () => {
    const setting = setUp();
    const anna = await setting.greet();
    const silent = setting.connect();
    const echo = setting.connect("/echo");
    drain(setting);
    await settled();
    expect(anna.heard()).toEqual([{ type: "bye", code: 1012, retryAfterMs: 1_000 }]);
    expect(silent.heard()).toMatchObject([{ type: "bye" }]);
    expect(echo.heard()).toEqual([]);
    for (const { socket } of [anna, silent, echo]) expect(socket.closing?.code).toBe(1012);
  });

  test("spreads more clients over a longer window: 2 ms each", async () => {
    const setting = setUp();
    const peers = [...Array(2_000).keys()].map(() => setting.connect());
    setting.connect("/echo");
    drain(setting);
    await settled();
    for (const peer of peers)
      expect(peer.heard()).toEqual([{ type: "bye", code: 1012, retryAfterMs: 4_000 }]);
  });

  test("is over when all have answered", async () => {
    const setting = setUp();
    const peers = [await setting.greet(), setting.connect("/echo")];
    const shutdown = drain(setting);
    await settled();
    for (const peer of peers) await peer.gone(1012);
    expect(shutdown.isDone).toBe(false);
    await setting.world.pass(10);
    expect(shutdown.isDone).toBe(true);
    for (const { socket } of peers) expect(socket.isTerminated).toBe(false);
  });

  test("is over at once if a stack reports the end at once, or if there are no connections", async () => {
    const setting = setUp();
    await setting.greet();
    setting.port.reportsAtOnce = true;
    const shutdown = drain(setting);
    await settled();
    expect(shutdown.isDone).toBe(true);
  });

  test("waits at most 4 s for queues to empty, and 1 s more for close frames", async () => {
    const setting = setUp();
    const [reads, stuck] = [await setting.greet(), await setting.greet()];
    reads.socket.waiting = 500;
    stuck.socket.waiting = 500;
    const shutdown = drain(setting);
    await setting.world.pass(1_000);
    reads.socket.waiting = 0;
    await setting.world.pass(2_980);
    expect(reads.socket.closing).toBeUndefined();
    await setting.world.pass(20);
    expect(reads.socket.closing?.code).toBe(1012);
    expect(stuck.socket.closing?.code).toBe(1012);
    await reads.gone(1012);
    await setting.world.pass(980);
    expect(stuck.socket.isTerminated).toBe(false);
    expect(shutdown.isDone).toBe(false);
    await setting.world.pass(20);
    expect(stuck.socket.isTerminated).toBe(true);
    expect(shutdown.isDone).toBe(true);
    expect(reads.socket.isTerminated).toBe(false);
  });

  test("waits no longer for sockets that were closing already", async () => {
    const setting = setUp();
    const slow = await setting.greet();
    slow.socket.waiting = 500;
    const shutdown = drain(setting);
    await setting.world.pass(3_000);
    slow.session.slow();
    await setting.world.pass(1_990);
    expect(slow.socket).toMatchObject({ closing: { code: 4002 }, isTerminated: false });
    await setting.world.pass(10);
    expect(slow.socket.isTerminated).toBe(true);
    expect(shutdown.isDone).toBe(true);
  });

  test("closes as soon as nothing waits", async () => {
    const setting = setUp();
    const anna = await setting.greet();
    anna.socket.waiting = 500;
    drain(setting);
    await setting.world.pass(1_000);
    anna.socket.waiting = 0;
    await setting.world.pass(10);
    expect(anna.socket.closing?.code).toBe(1012);
  });

  test("ends by the wall clock, even if the process stands still", async () => {
    const setting = setUp();
    const anna = await setting.greet();
    anna.socket.waiting = 500;
    const shutdown = drain(setting);
    await setting.world.pass(1_000);
    setting.world.stall(60_000);
    await setting.world.pass(10);
    expect(anna.socket.closing?.code).toBe(1012);
    setting.world.stall(60_000);
    await setting.world.pass(10);
    expect(anna.socket.isTerminated).toBe(true);
    expect(shutdown.isDone).toBe(true);
  });

  test("has deadlines that can be set", async () => {
    const setting = setUp({ limits: { drainMs: 0, lingerMs: 0 } });
    const anna = await setting.greet();
    anna.socket.waiting = 500;
    const shutdown = drain(setting);
    await setting.world.pass(0);
    expect(anna.socket).toMatchObject({ closing: { code: 1012 }, isTerminated: true });
    expect(shutdown.isDone).toBe(true);
  });

  test("ends sockets that were admitted before it began and opened after", async () => {
    for (const reportsAtOnce of [true, false]) {
      const setting = setUp();
      const stuck = await setting.greet();
      stuck.socket.waiting = 1;
      const shutdown = drain(setting);
      await settled();
      setting.port.reportsAtOnce = reportsAtOnce;
      const late = new Peer(setting.hub, "/echo");
      expect(late.socket.closing).toBeUndefined();
      await setting.world.pass(0);
      expect(late.socket.closing?.code).toBe(1012);
      await setting.world.pass(5_100);
      expect(shutdown.isDone).toBe(true);
      const later = new Peer(setting.hub, "/ws");
      await setting.world.pass(0);
      expect(later.socket.closing?.code).toBe(1012);
    }
  });

  test("is begun only once: a second call awaits the first", () => {
    const { hub } = setUp();
    expect(hub.drain()).toBe(hub.drain());
  });

  test("delivers every publication that it acknowledges", async () => {
    const setting = setUp();
    const [author, reader] = [await setting.greet(), await setting.greet()];
    for (const peer of [author, reader]) await peer.say({ type: "subscribe", id: "s", topic: "room/a" });
    const say = (id: number) =>
      author.session.text(
        JSON.stringify({ type: "publish", id: `${id}`, topic: "room/a", to: "all", text: "x" }),
      );
    for (let id = 1; id <= 10; id++) say(id);
    setting.hub.drain();
    for (let id = 11; id <= 20; id++) {
      say(id);
      await undefined;
    }
    await setting.world.pass(10_000);
    const acked = author.heardOf("ack").map(({ offset }) => offset);
    const delivered = reader.heardOf("event").map(({ offset }) => offset);
    expect(acked.length).toBeGreaterThanOrEqual(10);
    expect(delivered).toEqual(expect.arrayContaining(acked));
    expect(delivered).toEqual(delivered.map((_, index) => index + 1));
  });

  test("continues after a socket that throws", async () => {
    const setting = setUp();
    const [broken, anna] = [await setting.greet(), await setting.greet()];
    broken.socket.isBroken = true;
    const shutdown = drain(setting);
    await setting.world.pass(5_100);
    expect(anna.heard()).toMatchObject([{ type: "bye" }]);
    expect(anna.socket.closing?.code).toBe(1012);
    expect(shutdown.isDone).toBe(true);
    expect(setting.failures).toHaveLength(1);
  });

  test("leaves no heartbeat, no feed and no deadline behind", async () => {
    const setting = setUp();
    setting.port.reportsAtOnce = true;
    setting.connect("/echo");
    drain(setting);
    await setting.world.pass(1_000);
    expect(setting.world.timers).toBe(0);
  });
});
