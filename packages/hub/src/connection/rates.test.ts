import { defaultLimits } from "@rosetta/protocol";
import { describe, expect, test } from "vitest";
import { Clock } from "../operation/clock.ts";
import { type Peer, request, type Setting, setUp, World } from "../testing/index.ts";
import { Rates } from "./rates.ts";

function createRates(): { rates: Rates; world: World } {
  const world = new World();
  const clock = new Clock(world);
  clock.start();
  return { rates: new Rates(defaultLimits, clock), world };
}

const handshake = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** Makes `count` requests from one address and counts their statuses. 200 means admitted. */
function statuses({ hub }: Setting, address: string, count: number, path = "/greet"): Map<number, number> {
  const counts = new Map<number, number>();
  for (let index = 0; index < count; index++) {
    const status = hub.admit(request(path), address).refusal?.status ?? 200;
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return counts;
}

describe("requests of one address", () => {
  test("are 1,000 at once and 100 a second, and others have their own", async () => {
    const setting = setUp();
    expect([...statuses(setting, "1.1.1.1", 1_200)]).toEqual([
      [200, 1_000],
      [429, 200],
    ]);
    expect([...statuses(setting, "2.2.2.2", 10)]).toEqual([[200, 10]]);
    await setting.world.pass(1_000);
    expect(statuses(setting, "1.1.1.1", 200).get(200)).toBe(100);
    expect(setting.hub.metrics().body).toContain('rosetta_refused_total{status="429"} 300');
  });

  test("get Retry-After in whole seconds", () => {
    const setting = setUp({ limits: { requestBurst: 1, requestsPerSecond: 1 } });
    statuses(setting, "1.1.1.1", 1);
    const { refusal } = setting.hub.admit(request("/greet"), "1.1.1.1");
    expect(refusal?.body).toBe("too many requests from this address");
    expect(refusal?.headers["Retry-After"]).toBe("1");
  });

  test("include handshakes, each counted once, however often mayUpgrade() is asked", () => {
    const { hub } = setUp({ limits: { requestBurst: 2 } });
    const facts = request("/echo", handshake);
    for (let count = 0; count < 5; count++) expect(hub.mayUpgrade(facts, "1.1.1.1")).toBe(true);
    for (let count = 0; count < 2; count++) expect(hub.admit(facts, "1.1.1.1").refusal).toBeUndefined();
    expect(hub.mayUpgrade(facts, "1.1.1.1")).toBe(false);
    expect(hub.admit(facts, "1.1.1.1").refusal?.status).toBe(429);
  });

  test("include a handshake that could upgrade a moment ago, if the address has made a request since", () => {
    const { hub } = setUp({ limits: { requestBurst: 1 } });
    const facts = request("/echo", handshake);
    expect(hub.mayUpgrade(facts, "1.1.1.1")).toBe(true);
    expect(hub.admit(request("/greet"), "1.1.1.1").refusal).toBeUndefined();
    expect(hub.admit(facts, "1.1.1.1").refusal?.status).toBe(429);
  });

  test("do not include those that a foreign page makes a browser send, nor those of a probe", () => {
    const { hub } = setUp({ limits: { requestBurst: 1 } });
    for (let count = 0; count < 10; count++) {
      expect(hub.admit(request("/greet", { origin: "http://evil.com" }), "1.1.1.1").refusal?.status).toBe(
        403,
      );
      expect(hub.admit(request("/greet", { host: "evil.com" }), "1.1.1.1").refusal?.status).toBe(421);
      expect(hub.admit(request("/healthz"), "1.1.1.1").refusal).toBeUndefined();
    }
    expect(hub.admit(request("/greet"), "1.1.1.1").refusal).toBeUndefined();
    expect(hub.admit(request("/healthz"), "1.1.1.1").refusal).toBeUndefined();
  });

  test("count even if refused for another reason, so guessing paths is slowed down", () => {
    const setting = setUp({ limits: { requestBurst: 3 } });
    expect([...statuses(setting, "1.1.1.1", 5, "/a%20b").values()]).toEqual([3, 2]);
  });
});

describe("bursts of one address", () => {
  const ping = '{"type":"ping","id":"p","at":0}';
  /** Returns how many messages a socket may send at once, not counting its hello. */
  function said(peer: Peer, count: number): number {
    for (let index = 0; index < count; index++) peer.session.text(ping);
    return peer.heardOf("pong").length;
  }

  test("are given to as many sockets as it may have, and end with them", async () => {
    const setting = setUp({ limits: { connectionsPerAddress: 2 } });
    let total = 0;
    for (let count = 0; count < 100; count++) {
      const peer = await setting.greet(count, "6.6.6.6");
      total += said(peer, 210);
      await peer.gone();
    }
    // Two whole bursts, and a tenth of one for each of the others, all of them less their hello.
    expect(total).toBe(2 * 199 + 98 * 19);
    expect(said(await setting.greet(1_000, "1.1.1.1"), 210)).toBe(199);
  });

  test("come back at ten a second", async () => {
    const setting = setUp({ limits: { connectionsPerAddress: 20 } });
    const spend = async (sockets: number, from: number): Promise<number> => {
      let total = 0;
      for (let count = 0; count < sockets; count++) {
        const peer = await setting.greet(from + count, "6.6.6.6");
        total += said(peer, 210);
        await peer.gone();
      }
      return total;
    };
    expect(await spend(25, 0)).toBe(20 * 199 + 5 * 19);
    await setting.world.pass(1_000);
    expect(await spend(15, 100)).toBe(10 * 199 + 5 * 19);
  });

  test("are not lost on reconnecting: the unused part comes back", async () => {
    const setting = setUp({ limits: { connectionsPerAddress: 1 } });
    for (let count = 0; count < 50; count++) {
      const peer = await setting.greet(1, "1.1.1.1");
      expect(said(peer, 2)).toBe(2);
      await peer.gone();
    }
    // Each of the fifty sent three messages.
    expect(said(await setting.greet(1, "1.1.1.1"), 210)).toBe(200 - 3 * 50 - 1);
  });

  test("never exceed its allowed connections, whatever its sockets leave", async () => {
    const setting = setUp({ limits: { connectionsPerAddress: 1 } });
    const peers = [await setting.greet(1, "1.1.1.1"), await setting.greet(2, "1.1.1.1")];
    await setting.world.pass(20_000);
    for (const peer of peers) await peer.gone();
    expect(said(await setting.greet(3, "1.1.1.1"), 210)).toBe(199);
    expect(said(await setting.greet(4, "1.1.1.1"), 210)).toBe(19);
  });
});

describe("remembered addresses", () => {
  test("are forgotten when their allowance is full again", async () => {
    const { rates, world } = createRates();
    for (let host = 0; host < 100; host++) rates.request(`1.1.1.${host}`);
    await world.pass(101_000);
    for (let count = 0; count < 60; count++) rates.request("2.2.2.2");
    expect(rates.size).toBe(1);
  });

  test("are not forgotten before: that would be a new allowance", async () => {
    const { rates, world } = createRates();
    for (let count = 0; count < 2_000; count++) rates.request("6.6.6.6");
    rates.takeBurst("6.6.6.6");
    await world.pass(5_000);
    for (let host = 0; host < 250; host++) rates.request(`1.1.1.${host}`);
    expect(rates.size).toBe(251);
    expect(rates.wait("6.6.6.6")).toBe(0);
    for (let count = 0; count < 500; count++) rates.request("6.6.6.6");
    expect(rates.wait("6.6.6.6")).toBe(10);
  });

  test("are 20,000 at most, and those unused longest go first", () => {
    const { rates } = createRates();
    for (let host = 0; host < 30_000; host++) {
      rates.request(`${host}`);
      rates.request("here");
    }
    expect(rates.size).toBeLessThanOrEqual(20_000);
    for (let count = 0; count < 1_000; count++) rates.request("here");
    expect(rates.wait("here")).toBeGreaterThan(0);
  });
});
