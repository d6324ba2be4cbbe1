import { parseServer } from "@rosetta/protocol";
import { describe, expect, test } from "vitest";
import { now, type Peer, request, type Setting, settled, setUp, start } from "../testing/index.ts";
import type { Answer } from "./answers.ts";
import type { Sink } from "./readers.ts";

/** An event stream as its reader sees it. */
class Stream implements Sink {
  text = "";
  queue = 0;
  isEnded = false;
  isCut = false;
  isBroken = false;
  leave = (): void => {};

  write(text: string): void {
    if (this.isBroken) throw new Error("a broken stream");
    this.text += text;
  }

  queued(): number {
    return this.queue;
  }

  end(): void {
    this.isEnded = true;
  }

  cut(): void {
    this.isCut = true;
  }

  /** The values of `retry` that were sent, in milliseconds. */
  get retries(): number[] {
    return [...this.text.matchAll(/^retry: (\d+)$/gm)].map(([, ms]) => Number(ms));
  }

  /** The events that came, as an EventSource parses them (WHATWG HTML §9.2.6). */
  get events(): { id: string; event: string; data: string }[] {
    const blocks = this.text.split("\n\n").filter((block) => /^(id|data):/.test(block));
    return blocks.map((block) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
      return { id: field("id"), event: field("event") || "message", data: field("data") };
    });
  }

  get ids(): string[] {
    return this.events.map(({ id }) => id);
  }
}

function openStream(
  { hub }: Setting,
  url: string,
  headers: Record<string, string> = {},
  address = "1.1.1.1",
) {
  const facts = request(url, headers);
  const stream = new Stream();
  stream.leave = start(hub, facts, address, stream);
  return stream;
}

/** A poll, its answers (one, if all is well) and a way for its reader to leave. */
function poll({ hub }: Setting, url: string, address = "1.1.1.1") {
  const answers: Answer[] = [];
  const leave = hub.poll(request(url), address, (answer) => answers.push(answer));
  return { answers, leave, body: () => JSON.parse(answers[0]?.body ?? "null") };
}

let published = 0;

async function publish(author: Peer, count: number, room = "room/a"): Promise<void> {
  for (let index = 0; index < count; index++) {
    published += 1;
    await author.say({ type: "publish", id: `${published}`, topic: room, to: "all", text: "x" });
  }
}

function epochOf({ inside }: Setting, topic = "room/a"): string {
  return inside.log.head(topic).epoch;
}

describe("before anything is streamed, a request is refused", () => {
  test.each([
    ["no topic", "/events", 404, "not_found"],
    ["an unknown topic", "/events?topic=nowhere", 404, "not_found"],
    ["a cursor that is none", "/events?topic=scores&since=5", 400, "invalid"],
    ["a cursor of another kind", "/poll?topic=scores&since=a:-1", 400, "invalid"],
    ["a cursor too large", `/poll?topic=scores&since=a:${"9".repeat(16)}`, 400, "invalid"],
    ["a room that no message could name", "/events?topic=room/%22%7D", 404, "not_found"],
    ["a room with a long name", `/poll?topic=room/${"r".repeat(33)}`, 404, "not_found"],
    ["a room in capitals", "/poll?topic=room/A", 404, "not_found"],
    ["a prototype", "/poll?topic=__proto__", 404, "not_found"],
    ["a query that cannot be decoded", "/events?topic=%", 404, "not_found"],
    ["a path that only a router takes for /events", "/Events?topic=scores", 404, "not_found"],
    ["a path with a slash at its end", "/poll/?topic=scores", 404, "not_found"],
  ])("%s", (_what, url, status, code) => {
    const { hub } = setUp();
    const answer = now(hub.events(request(url), "1.1.1.1")).refusal;
    expect(answer?.status).toBe(status);
    expect(parseServer(answer?.body ?? "").message).toMatchObject({ type: "error", code });
    expect(answer?.headers["Content-Type"]).toBe("application/json");
    const answers: Answer[] = [];
    hub.poll(request(url), "1.1.1.1", (each) => answers.push(each));
    expect(answers).toEqual([answer]);
  });

  test("for the log of a server that others can reach, or for one room too many", () => {
    const { hub } = setUp({ host: "0.0.0.0", limits: { rooms: 1 } });
    expect(now(hub.events(request("/events?topic=log"), "1.1.1.1")).refusal?.status).toBe(403);
    expect(now(hub.events(request("/events?topic=room/a"), "1.1.1.1")).refusal).toBeUndefined();
    const sink = { write: () => {}, queued: () => 0, end: () => {}, cut: () => {} };
    const leave = start(hub, request("/events?topic=room/a"), "", sink);
    const refusal = now(hub.events(request("/events?topic=room/b"), "1.1.1.1")).refusal;
    expect(refusal).toMatchObject({ status: 503, headers: { "Retry-After": "5" } });
    leave();
    expect(now(hub.events(request("/events?topic=room/b"), "1.1.1.1")).refusal).toBeUndefined();
  });

  test("for an address that has as many rooms as it may, which says nothing of the server", () => {
    const { hub } = setUp({ limits: { rooms: 4 } });
    const statusFor = (address: string) => {
      const { refusal } = now(hub.events(request("/events?topic=room/b"), address));
      const answers: Answer[] = [];
      if (refusal) hub.poll(request("/poll?topic=room/b"), address, (answer) => answers.push(answer));
      expect(answers).toEqual(refusal ? [refusal] : []);
      if (refusal) expect(refusal.headers["Retry-After"]).toBe("5");
      return refusal?.status;
    };
    start(hub, request("/events?topic=room/a"), "1.1.1.1", new Stream());
    expect([statusFor("1.1.1.1"), statusFor("2.2.2.2")]).toEqual([429, undefined]);
  });

  test("for a malformed Last-Event-ID, but not for an empty one", () => {
    const { hub } = setUp();
    expect(
      now(hub.events(request("/events?topic=scores", { "last-event-id": "x" }), "1.1.1.1")).refusal?.status,
    ).toBe(400);
    expect(
      now(hub.events(request("/events?topic=scores", { "last-event-id": "" }), "1.1.1.1")).refusal,
    ).toBeUndefined();
  });

  test("and nothing has begun by then: a stream that starts after its room was taken gets an exception", () => {
    const { hub } = setUp({ limits: { rooms: 1 } });
    const stream = now(hub.events(request("/events?topic=room/a"), "1.1.1.1"));
    start(hub, request("/events?topic=room/b"), "2.2.2.2", new Stream());
    expect(() => stream.refusal ?? stream.start(new Stream())).toThrow("too many rooms");
  });
});

describe("an event stream", () => {
  test("begins with the place before its replay, and each event's id is its place", async () => {
    const setting = setUp();
    const anna = await setting.greet();
    await publish(anna, 2);
    const stream = openStream(setting, "/events?topic=room/a");
    await publish(anna, 1);
    const epoch = epochOf(setting);
    expect(stream.ids).toEqual([`${epoch}:0`, `${epoch}:1`, `${epoch}:2`, `${epoch}:3`]);
    const [first, ...others] = stream.events;
    expect(first?.event).toBe("subscribed");
    expect(JSON.parse(first?.data ?? "")).toEqual({
      ...{ topic: "room/a", mode: "stream", epoch, offset: 2, recovered: false },
    });
    for (const { event, data } of others) {
      expect(event).toBe("message");
      expect(parseServer(data).message?.type).toBe("event");
    }
  });

  test("of an empty topic begins with its cursor at once", () => {
    const setting = setUp();
    const stream = openStream(setting, "/events?topic=room/a");
    expect(stream.ids).toEqual([`${epochOf(setting)}:0`]);
  });

  test("continues after the last id that its reader saw, given by header or by query", async () => {
    const setting = setUp();
    const anna = await setting.greet();
    await publish(anna, 5);
    const epoch = epochOf(setting);
    const byHeader = openStream(setting, "/events?topic=room/a", { "last-event-id": `${epoch}:3` });
    const byQuery = openStream(setting, `/events?topic=room/a&since=${epoch}:3`);
    const both = openStream(setting, `/events?topic=room/a&since=${epoch}:1`, {
      "last-event-id": `${epoch}:3`,
    });
    for (const stream of [byHeader, byQuery, both]) {
      expect(stream.ids).toEqual([`${epoch}:3`, `${epoch}:4`, `${epoch}:5`]);
      expect(JSON.parse(stream.events[0]?.data ?? "")).toMatchObject({ recovered: true, offset: 5 });
    }
  });

  test("that is cut at any event continues without gap and without duplicate", async () => {
    const setting = setUp();
    const anna = await setting.greet();
    await publish(anna, 8);
    const whole = openStream(setting, "/events?topic=room/a");
    for (const [index, id] of whole.ids.entries()) {
      const rest = openStream(setting, "/events?topic=room/a", { "last-event-id": id });
      expect(rest.ids.slice(1)).toEqual(whole.ids.slice(index + 1));
    }
  });

  test("with an id of another epoch starts over, and says so", async () => {
    const setting = setUp();
    const anna = await setting.greet();
    await publish(anna, 40);
    const stream = openStream(setting, "/events?topic=room/a", { "last-event-id": "abc:3" });
    expect(JSON.parse(stream.events[0]?.data ?? "")).toMatchObject({ recovered: false, offset: 40 });
    expect(stream.ids[0]).toBe(`${epochOf(setting)}:8`);
    expect(stream.events).toHaveLength(33);
  });

  test("of a latest topic begins with the newest event", async () => {
    const setting = setUp();
    await setting.world.pass(5_000);
    const stream = openStream(setting, "/events?topic=weather/berlin");
    const epoch = epochOf(setting, "weather/berlin");
    expect(stream.ids).toEqual([`${epoch}:4`, `${epoch}:5`]);
    await setting.world.pass(1_000);
    expect(stream.ids.at(-1)).toBe(`${epoch}:6`);
  });

  test("carries a comment now and then, so that no proxy takes it for dead", async () => {
    const setting = setUp({ limits: { streamMs: 600_000 } });
    const stream = openStream(setting, "/events?topic=room/a");
    await setting.world.pass(75_000);
    expect(stream.text.match(/^:$/gm)).toHaveLength(3);
    expect(stream.events).toHaveLength(1);
    stream.leave();
    await setting.world.pass(75_000);
    expect(stream.text.match(/^:$/gm)).toHaveLength(3);
  });

  test("whose reader falls behind is cut off, counted, and resumes from its last id", async () => {
    const setting = setUp({ limits: { queueBytes: 1_000 } });
    const anna = await setting.greet();
    const stream = openStream(setting, "/events?topic=room/a");
    stream.queue = 1_000;
    await publish(anna, 1);
    expect(stream.isCut).toBe(false);
    stream.queue = 1_001;
    await publish(anna, 2);
    expect(stream.isCut).toBe(true);
    expect(setting.hub.metrics().body).toContain("rosetta_slow_total 1");
    expect(setting.hub.metrics().body).toContain('rosetta_connections{endpoint="/events"} 0');
    expect(stream.events).toHaveLength(3);
    const again = openStream(setting, "/events?topic=room/a", { "last-event-id": stream.ids.at(-1) ?? "" });
    expect(again.ids.at(-1)).toBe(`${epochOf(setting)}:3`);
    expect(again.ids).toHaveLength(2);
  });

  test("that is slow is also noticed when a comment is sent", async () => {
    const setting = setUp();
    const stream = openStream(setting, "/events?topic=room/a");
    stream.queue = 2_000_000;
    await setting.world.pass(25_000);
    expect(stream.isCut).toBe(true);
  });

  test("ends in time, in case its reader vanished; one that is there misses nothing", async () => {
    const setting = setUp({ limits: { drainMs: 30_000 } });
    const anna = await setting.greet();
    const streams = Array.from({ length: 20 }, () => openStream(setting, "/events?topic=room/a"));
    await setting.world.pass(45_000);
    await publish(anna, 1);
    await setting.world.pass(15_000);
    expect(streams.map(({ isEnded }) => isEnded)).toEqual(streams.map(() => true));
    expect(streams.every(({ isCut }) => !isCut)).toBe(true);
    await publish(anna, 1);
    for (const { ids } of streams) {
      const again = openStream(setting, "/events?topic=room/a", { "last-event-id": ids.at(-1) ?? "" });
      expect(again.ids.at(-1)).toBe(`${epochOf(setting)}:2`);
    }
  });

  test("counts as a connection until its end is sent, whether read or not", async () => {
    const setting = setUp({ limits: { drainMs: 30_000 } });
    const stream = openStream(setting, "/events?topic=room/a");
    await setting.world.pass(60_000);
    expect(stream.isEnded).toBe(true);
    expect(setting.hub.metrics().body).toContain('rosetta_connections{endpoint="/events"} 1');
    stream.queue = 500;
    expect(setting.hub.metrics().body).toContain("rosetta_queue_bytes 500");
    stream.leave();
    expect(setting.hub.metrics().body).toContain('rosetta_connections{endpoint="/events"} 0');
    expect(setting.hub.metrics().body).toContain("rosetta_queue_bytes 0");
  });

  test("is cut off if its reader does not read the rest of it in time", async () => {
    const setting = setUp({ limits: { drainMs: 4_000 } });
    const stream = openStream(setting, "/events?topic=room/a");
    await setting.world.pass(60_000);
    expect(stream.isEnded).toBe(true);
    await setting.world.pass(4_000);
    expect(stream.isCut).toBe(true);
    expect(setting.hub.metrics().body).toContain('rosetta_connections{endpoint="/events"} 0');
  });

  test("makes its readers come back soon, but not all at once", () => {
    const setting = setUp();
    const retries = Array.from({ length: 3 }, () => openStream(setting, "/events?topic=room/a").retries);
    for (const [first, ...others] of retries) {
      expect(others).toEqual([]);
      expect(first).toBeGreaterThanOrEqual(1_000);
      expect(first).toBeLessThan(3_000);
    }
  });

  test("that throws harms neither other readers nor the process", async () => {
    const setting = setUp();
    const anna = await setting.greet();
    const broken = openStream(setting, "/events?topic=room/a");
    const whole = openStream(setting, "/events?topic=room/a");
    broken.isBroken = true;
    await publish(anna, 1);
    await setting.world.pass(25_000);
    expect(whole.events).toHaveLength(2);
    expect(anna.heardOf("ack")).toHaveLength(1);
    expect(setting.failures).toHaveLength(2);
  });

  test("that cannot even begin leaves nothing behind", () => {
    const setting = setUp();
    const timers = setting.world.timers;
    setting.inside.topics.open("room/a", "1.1.1.1");
    const stream = new Stream();
    stream.isBroken = true;
    expect(() => start(setting.hub, request("/events?topic=room/a"), "1.1.1.1", stream)).toThrow();
    expect(setting.world.timers).toBe(timers + 1);
    expect(setting.inside.topics.get("room/a")?.readers.size).toBe(0);
  });

  test("keeps its room alive until it ends", async () => {
    const setting = setUp({ limits: { streamMs: 3_600_000 } });
    const stream = openStream(setting, "/events?topic=room/a");
    await setting.world.pass(600_000);
    expect(setting.inside.topics.get("room/a")).toBeDefined();
    stream.leave();
    await setting.world.pass(120_000);
    expect(setting.inside.topics.get("room/a")).toBeUndefined();
  });
});

describe("a poll", () => {
  test("without a cursor returns at once with a cursor and no events", async () => {
    const setting = setUp();
    await publish(await setting.greet(), 3);
    const { answers, body } = poll(setting, "/poll?topic=room/a");
    expect(answers).toHaveLength(1);
    expect(answers[0]?.headers["Content-Type"]).toBe("application/json");
    expect(body()).toEqual({
      ...{
        topic: "room/a",
        mode: "stream",
        epoch: epochOf(setting),
        offset: 3,
        recovered: false,
        events: [],
      },
    });
  });

  test("returns at once with all events after its cursor, if there are any", async () => {
    const setting = setUp();
    await publish(await setting.greet(), 3);
    const { body } = poll(setting, `/poll?topic=room/a&since=${epochOf(setting)}:1`);
    expect(body()).toMatchObject({ offset: 3, recovered: true });
    expect(body().events.map((event: { offset: number }) => event.offset)).toEqual([2, 3]);
    for (const event of body().events) expect(parseServer(JSON.stringify(event)).problem).toBeUndefined();
  });

  test("waits for the next event, and returns once", async () => {
    const setting = setUp();
    const anna = await setting.greet();
    await publish(anna, 1);
    const { answers, body } = poll(setting, `/poll?topic=room/a&since=${epochOf(setting)}:1`);
    expect(answers).toEqual([]);
    await setting.world.pass(20_000);
    await publish(anna, 2);
    await setting.world.pass(60_000);
    expect(answers).toHaveLength(1);
    expect(body()).toMatchObject({ offset: 2, recovered: true, events: [{ offset: 2 }] });
  });

  test("returns 204 after 25 s without an event", async () => {
    const setting = setUp();
    setting.inside.topics.open("room/a", "1.1.1.1");
    const { answers } = poll(setting, `/poll?topic=room/a&since=${epochOf(setting)}:0`);
    await setting.world.pass(24_999);
    expect(answers).toEqual([]);
    await setting.world.pass(1);
    expect(answers).toEqual([{ status: 204, headers: { "Cache-Control": "no-store" }, body: "" }]);
  });

  test("waits for 25 s of lived time, so a standstill in between does not count", async () => {
    const setting = setUp();
    const { answers } = poll(setting, `/poll?topic=room/a&since=${epochOf(setting)}:0`);
    await setting.world.pass(10_000);
    setting.world.stall(60_000);
    await setting.world.pass(14_800);
    expect(answers).toEqual([]);
    await setting.world.pass(200);
    expect(answers).toMatchObject([{ status: 204 }]);
  });

  test("with a cursor of another epoch returns at once, and says so", async () => {
    const setting = setUp();
    setting.inside.topics.open("room/a", "1.1.1.1");
    const { body } = poll(setting, "/poll?topic=room/a&since=abc:5");
    expect(body()).toMatchObject({ offset: 0, recovered: false, events: [] });
  });

  test("that follows another one misses nothing", async () => {
    const setting = setUp();
    const anna = await setting.greet();
    let { offset } = poll(setting, "/poll?topic=room/a").body();
    const seen: number[] = [];
    for (let round = 0; round < 20; round++) {
      const { answers, body } = poll(setting, `/poll?topic=room/a&since=${epochOf(setting)}:${offset}`);
      await publish(anna, (round * 7) % 4);
      if (answers.length === 0) await setting.world.pass(25_000);
      if (answers[0]?.status === 204) continue;
      offset = body().offset;
      seen.push(...body().events.map((event: { offset: number }) => event.offset));
    }
    expect(seen).toEqual(seen.map((_, index) => index + 1));
    expect(seen.length).toBeGreaterThan(20);
  });

  test("is over when its reader leaves", async () => {
    const setting = setUp();
    const anna = await setting.greet();
    setting.inside.topics.open("room/a", "1.1.1.1");
    const timers = setting.world.timers;
    const { answers, leave } = poll(setting, `/poll?topic=room/a&since=${epochOf(setting)}:0`);
    leave();
    leave();
    expect(setting.world.timers).toBe(timers);
    await publish(anna, 1);
    await setting.world.pass(60_000);
    expect(answers).toEqual([]);
  });

  test("of a latest topic returns the newest event", async () => {
    const setting = setUp();
    await setting.world.pass(5_000);
    const { body } = poll(
      setting,
      `/poll?topic=weather/berlin&since=${epochOf(setting, "weather/berlin")}:1`,
    );
    expect(body()).toMatchObject({ mode: "latest", offset: 5, recovered: true });
    expect(body().events).toHaveLength(1);
  });
});

describe("a server that shuts down", () => {
  test("ends its streams and answers its polls at once", async () => {
    const setting = setUp();
    const stream = openStream(setting, "/events?topic=room/a");
    const { answers } = poll(setting, `/poll?topic=room/a&since=${epochOf(setting)}:0`);
    setting.hub.drain();
    await settled();
    expect(stream.isEnded).toBe(true);
    expect(answers.map(({ status }) => status)).toEqual([204]);
    // A browser that comes back earlier gets a 503, and then never tries again (WHATWG HTML §9.2).
    const { drainMs, lingerMs } = setting.inside.settings.limits;
    expect(stream.retries.at(-1)).toBeGreaterThanOrEqual(drainMs + lingerMs + 1_000);
  });

  test("begins no more of them, even for requests that were admitted before", async () => {
    const setting = setUp();
    const facts = request("/events?topic=room/a");
    expect(setting.hub.admit(facts, "1.1.1.1").refusal).toBeUndefined();
    setting.hub.drain();
    await settled();
    expect(now(setting.hub.events(facts, "1.1.1.1")).refusal?.status).toBe(503);
    expect(poll(setting, "/poll?topic=room/a&since=abc:1").answers[0]?.status).toBe(503);
  });
});

test("streams and polls count as connections, of their address too, exactly as long as they last", async () => {
  const setting = setUp({ limits: { connections: 3, connectionsPerAddress: 2 } });
  const { hub } = setting;
  const status = (address: string) =>
    hub.admit(request("/events?topic=room/a"), address).refusal?.status ?? 200;
  const stream = openStream(setting, "/events?topic=room/a", {}, "1.1.1.1");
  expect(status("1.1.1.1")).toBe(200);
  const waiting = poll(setting, `/poll?topic=room/a&since=${epochOf(setting)}:0`, "1.1.1.1");
  const answered = poll(setting, "/poll?topic=room/a", "1.1.1.1");
  expect([status("1.1.1.1"), status("2.2.2.2")]).toEqual([503, 503]);
  answered.leave();
  expect([status("1.1.1.1"), status("2.2.2.2")]).toEqual([429, 200]);
  const other = openStream(setting, "/events?topic=room/a", {}, "2.2.2.2");
  expect([status("1.1.1.1"), status("2.2.2.2"), status("3.3.3.3")]).toEqual([503, 503, 503]);
  expect(hub.metrics().body).toContain('rosetta_connections{endpoint="/events"} 2');
  expect(hub.metrics().body).toContain('rosetta_connections{endpoint="/poll"} 1');
  for (const end of [stream.leave, stream.leave, waiting.leave, waiting.leave]) end();
  expect([status("1.1.1.1"), status("2.2.2.2")]).toEqual([200, 200]);
  other.leave();
  expect(hub.metrics().body).toContain('rosetta_connections{endpoint="/events"} 0');
  expect(hub.metrics().body).toContain('rosetta_connections{endpoint="/poll"} 0');
  const again = openStream(setting, "/events?topic=room/a", {}, "1.1.1.1");
  openStream(setting, "/events?topic=room/a", {}, "1.1.1.1");
  expect(status("1.1.1.1")).toBe(429);
  again.leave();
  expect(status("1.1.1.1")).toBe(200);
});
