import { describe, expect, test } from "vitest";
import { request, setUp } from "../testing/index.ts";
import { codeLabel, Metrics } from "./metrics.ts";

interface Sample {
  name: string;
  labels: string;
  value: number;
}

/** Reads the exposition format 0.0.4, and throws for anything else. */
function parse(text: string): { samples: Sample[]; types: Map<string, string> } {
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const samples: Sample[] = [];
  expect(text.endsWith("\n")).toBe(true);
  for (const line of text.slice(0, -1).split("\n")) {
    const [, help] = /^# HELP ([a-z_]+) [^\\]+$/.exec(line) ?? [];
    const [, typed, type] = /^# TYPE ([a-z_]+) (counter|gauge)$/.exec(line) ?? [];
    const [, name, labels = "", value] = /^([a-z_]+)(?:\{([a-z]+="[^"\\\n]*")\})? (-?\d+)$/.exec(line) ?? [];
    if (help) helped.add(help);
    else if (typed && type) types.set(typed, type);
    else if (name) samples.push({ name, labels, value: Number(value) });
    else throw new Error(`not the exposition format: ${line}`);
    if (name) expect(types.has(name) && helped.has(name)).toBe(true);
  }
  return { samples, types };
}

describe("metrics", () => {
  test("are text that Prometheus reads, from the start: no metric is missing", () => {
    const { samples, types } = parse(new Metrics().text());
    expect([...new Set(samples.map(({ name }) => name))]).toEqual([...types.keys()]);
    for (const { value } of samples) expect(value).toBe(0);
    for (const [name, type] of types) {
      expect(name).toMatch(/^rosetta_/);
      expect(name.endsWith("_total")).toBe(type === "counter");
    }
  });

  test("are still text that Prometheus reads when the hub is busy", async () => {
    const { greet, connect, hub } = setUp();
    const anna = await greet();
    connect("/echo").session.echoed(5, false);
    await anna.say("bad");
    anna.session.slow();
    await anna.gone(4002);
    hub.admit(request("/", { origin: "http://evil.com" }), "1.2.3.4");
    const { samples } = parse(hub.metrics().body);
    const value = (name: string, labels = "") =>
      samples.find((sample) => sample.name === `rosetta_${name}` && sample.labels === labels)?.value;
    expect(value("connections", 'endpoint="/ws"')).toBe(0);
    expect(value("connections", 'endpoint="/echo"')).toBe(1);
    expect(value("messages_total", 'direction="in"')).toBe(3);
    expect(value("closed_total", 'code="4002"')).toBe(1);
    expect(value("refused_total", 'status="403"')).toBe(1);
    expect(value("slow_total")).toBe(1);
  });

  test("count the bytes that wait for all sockets together", async () => {
    const { greet, hub } = setUp();
    const [anna, ben] = [await greet(), await greet()];
    Object.assign(anna.socket, { waiting: 90, queued: 100 });
    Object.assign(ben.socket, { waiting: 20, queued: 23 });
    expect(hub.metrics().body).toContain("\nrosetta_queue_bytes 123\n");
    await anna.gone();
    expect(hub.metrics().body).toContain("\nrosetta_queue_bytes 23\n");
  });

  test("count a publication once for each socket that it is sent to", async () => {
    const { greet, hub } = setUp();
    const peers = [await greet(), await greet(), await greet()];
    for (const peer of peers) await peer.say({ type: "subscribe", id: "s", topic: "room/a" });
    const out = () =>
      parse(hub.metrics().body).samples.find(({ labels }) => labels === 'direction="out"')?.value ?? 0;
    const before = out();
    await peers[0]?.say({ type: "publish", id: "1", topic: "room/a", to: "all", text: "x" });
    expect(out()).toBe(before + 4);
    await peers[0]?.say({ type: "publish", id: "2", topic: "room/a", to: "others", text: "x" });
    expect(out()).toBe(before + 7);
  });

  test("show the memory of all topics, which stays within its limit", async () => {
    const { greet, hub } = setUp({ limits: { logBytes: 20_480 } });
    const anna = await greet();
    for (let id = 0; id < 100; id++) {
      const topic = `room/${id % 3}`;
      await anna.say({ type: "publish", id: `${id}`, topic, to: "all", text: "x".repeat(1_000) });
    }
    const [bytes] = parse(hub.metrics().body).samples.filter(({ name }) => name === "rosetta_log_bytes");
    expect(bytes?.value).toBeGreaterThan(18_000);
    expect(bytes?.value).toBeLessThanOrEqual(20_480);
  });

  test("have no label with an unlimited number of values", async () => {
    const { greet, connect, hub } = setUp();
    const peers = await Promise.all([1, 2, 3].map((client) => greet(client, `10.0.0.${client}`)));
    for (const [index, peer] of peers.entries()) {
      await peer.say({ type: "subscribe", id: "1", topic: `room/r${index}` });
    }
    for (let code = 0; code <= 5_000; code++) connect("/echo", "10.1.1.1").session.closed(code);
    hub.admit(request("/secret-path", {}, "POST"), "10.9.9.9");
    const text = hub.metrics().body;
    expect(text).not.toMatch(/room|guest|10\.|secret/);
    expect(parse(text).samples.filter(({ name }) => name.endsWith("closed_total")).length).toBeLessThan(40);
  });
});

test.each([
  [1000, "1000"],
  [1006, "1006"],
  [1015, "1015"],
  [1016, "1xxx"],
  [4002, "4002"],
  [4999, "4xxx"],
  [3000, "3xxx"],
  [0, "0xxx"],
])("close code %d counts as %s", (code, label) => {
  expect(codeLabel(code)).toBe(`code="${label}"`);
});
