import type { ServerMessage } from "@rosetta/protocol";
import { describe, expect, test } from "vitest";
import type { TopicState } from "./subscriptions.ts";
import { record } from "./testing/fake-host.ts";
import { connectedPair, eventAt, pair, settled } from "./testing/scripted-peer.ts";

function follow({ client }: Pick<ReturnType<typeof pair>, "client">, topic = "room/a") {
  const offsets: number[] = [];
  const states: TopicState[] = [];
  const subscription = client.subscribe(
    topic,
    ({ offset }) => void offsets.push(offset),
    (state) => void states.push(state),
  );
  return { offsets, states, subscription };
}

/** Subscribed, and live after event 1. */
function followed() {
  const made = connectedPair();
  const followed = follow(made);
  made.peer.subscribed();
  made.peer.events([1]);
  return { ...made, ...followed };
}

function reconnect({ host, client, peer }: Pick<ReturnType<typeof pair>, "host" | "client" | "peer">) {
  host.socket.end();
  client.open();
  peer.greet();
}

const types = (peer: ReturnType<typeof pair>["peer"]) => peer.heard.map(({ type }) => type);

describe("a subscription", () => {
  test("is asked for at once, and delivers what follows", () => {
    const { peer, offsets, states, subscription } = followed();
    expect(peer.last("subscribe")).toEqual({ type: "subscribe", id: expect.any(String), topic: "room/a" });
    peer.events([2, 3]);
    expect(offsets).toEqual([1, 2, 3]);
    expect(states).toEqual([{ mode: "stream", cursor: { epoch: "e1", offset: 0 } }]);
    expect(subscription.topic).toBe("room/a");
  });

  test("may be wanted before there is a connection", () => {
    const made = pair();
    follow(made);
    made.client.open();
    made.peer.greet();
    expect(types(made.peer)).toEqual(["hello", "subscribe"]);
  });

  test("goes on after a lost connection from the last event that came", () => {
    const made = followed();
    reconnect(made);
    expect(made.peer.last("subscribe").since).toEqual({ epoch: "e1", offset: 1 });
    made.peer.subscribed({ offset: 3, recovered: true });
    made.peer.events([2, 3, 4]);
    expect(made.offsets).toEqual([1, 2, 3, 4]);
    expect(made.states.at(-1)).toEqual({
      mode: "stream",
      cursor: { epoch: "e1", offset: 1 },
      recovered: true,
    });
  });

  test("each of several goes on from its own place", () => {
    const made = followed();
    follow(made, "room/b");
    made.peer.subscribed({ epoch: "e7", offset: 4 });
    made.peer.events([5], "e7", "room/b");
    reconnect(made);
    const asked = made.peer.heard.filter((message) => message.type === "subscribe");
    expect(asked).toMatchObject([
      { topic: "room/a", since: { epoch: "e1", offset: 1 } },
      { topic: "room/b", since: { epoch: "e7", offset: 5 } },
    ]);
  });

  test("is told when there is no going on, and gets the newest part", () => {
    const made = followed();
    reconnect(made);
    made.peer.subscribed({ epoch: "e2", offset: 9 });
    made.peer.events([8, 9, 10], "e2");
    expect(made.states.at(-1)).toMatchObject({ recovered: false, cursor: { epoch: "e2", offset: 0 } });
    expect(made.offsets).toEqual([1, 8, 9, 10]);
  });

  test("if it was never confirmed, it begins from nothing", () => {
    const made = connectedPair();
    follow(made);
    reconnect(made);
    expect(made.peer.last("subscribe").since).toBeUndefined();
  });

  test("a confirmation of an earlier request is worth nothing", () => {
    const made = connectedPair();
    const first = follow(made);
    const { id } = made.peer.last("subscribe");
    first.subscription.unsubscribe();
    const second = follow(made);
    made.peer.say({
      type: "subscribed",
      re: id,
      topic: "room/a",
      mode: "stream",
      epoch: "e1",
      offset: 0,
      recovered: false,
    });
    made.peer.events([1]);
    expect([first.offsets, second.offsets, second.states]).toEqual([[], [], []]);
    made.peer.subscribed({ offset: 1 });
    made.peer.events([1, 2]);
    expect(second.offsets).toEqual([1, 2]);
  });

  test("a confirmation may take its time", () => {
    const made = connectedPair();
    const { offsets } = follow(made);
    made.host.advance(24_000);
    made.peer.subscribed();
    made.peer.events([1]);
    expect(offsets).toEqual([1]);
  });
});

describe("unsubscribing", () => {
  test("is said once, and silences at once", () => {
    const { peer, offsets, subscription } = followed();
    subscription.unsubscribe();
    subscription.unsubscribe();
    expect(types(peer)).toEqual(["hello", "subscribe", "unsubscribe"]);
    peer.events([2]);
    expect(offsets).toEqual([1]);
  });

  test("is never said to another connection", () => {
    const made = followed();
    made.host.socket.end();
    made.subscription.unsubscribe();
    made.client.open();
    made.peer.greet();
    expect(types(made.peer)).toEqual(["hello"]);
  });

  test("its reply is nobody's problem", () => {
    const { client, peer, subscription } = followed();
    const problems = record((listener) => client.on("problem", listener));
    subscription.unsubscribe();
    peer.ack(peer.last("unsubscribe").id);
    expect(problems).toEqual([]);
  });

  test("subscribing again begins from nothing", () => {
    const made = followed();
    made.subscription.unsubscribe();
    follow(made);
    expect(made.peer.last("subscribe").since).toBeUndefined();
  });

  test("amid an event spares the readers that come after", () => {
    const made = connectedPair();
    let second: { unsubscribe(): void } | undefined;
    made.client.subscribe("room/a", () => second?.unsubscribe());
    const events: unknown[] = [];
    second = made.client.subscribe("room/a", (event) => void events.push(event));
    made.peer.subscribed();
    made.peer.events([1]);
    expect(events).toEqual([]);
  });
});

describe("several readers of one topic", () => {
  test("share one subscription, until the last one leaves", () => {
    const made = followed();
    const second = follow(made);
    expect(types(made.peer)).toEqual(["hello", "subscribe"]);
    made.peer.events([2]);
    made.subscription.unsubscribe();
    made.peer.events([3]);
    expect([made.offsets, second.offsets]).toEqual([
      [1, 2],
      [2, 3],
    ]);
    expect(types(made.peer)).not.toContain("unsubscribe");
    second.subscription.unsubscribe();
    expect(types(made.peer)).toContain("unsubscribe");
  });

  test("one that joins later is told how it stands", async () => {
    const made = followed();
    const { states } = follow(made);
    expect(states).toEqual([]);
    await settled();
    expect(states).toEqual([{ mode: "stream", cursor: { epoch: "e1", offset: 0 } }]);
  });

  test("one that joins a `stream` topic later begins with the next event", async () => {
    const made = followed();
    made.peer.events([2]);
    const late = follow(made);
    await settled();
    expect(late.offsets).toEqual([]);
    made.peer.events([3]);
    expect(late.offsets).toEqual([3]);
  });

  test("one that leaves before it was told is not told", async () => {
    const made = followed();
    const { states, subscription } = follow(made);
    subscription.unsubscribe();
    await settled();
    expect(states).toEqual([]);
  });

  test("one that joins a `latest` topic later gets the newest event, once", async () => {
    const made = connectedPair();
    follow(made, "weather/rome");
    made.peer.subscribed({ mode: "latest" });
    made.peer.events([3, 5], "e1", "weather/rome");
    const late = follow(made, "weather/rome");
    await settled();
    expect(late.offsets).toEqual([5]);
    const later = follow(made, "weather/rome");
    made.peer.events([6], "e1", "weather/rome");
    await settled();
    expect(later.offsets).toEqual([6]);
  });

  test("one that throws does not keep the event from the others", () => {
    const made = connectedPair();
    const problems = record((listener) => made.client.on("problem", listener));
    const error = new Error("mine");
    const fail = () => {
      throw error;
    };
    made.client.subscribe("room/a", fail, fail);
    const { offsets } = follow(made);
    made.peer.subscribed();
    made.peer.events([1, 2]);
    expect(offsets).toEqual([1, 2]);
    expect(problems).toEqual(new Array(3).fill({ what: "listener", reason: "a listener threw", error }));
  });
});

describe("a gap", () => {
  test("is told, and asked for from the last event that came", () => {
    const { peer, offsets, states } = followed();
    peer.events([4]);
    expect(offsets).toEqual([1]);
    expect(states.at(-1)).toEqual({ mode: "stream", cursor: { epoch: "e1", offset: 1 }, gap: true });
    expect(types(peer)).toEqual(["hello", "subscribe", "subscribe"]);
    expect(peer.last("subscribe").since).toEqual({ epoch: "e1", offset: 1 });
  });

  test("is mended by the replay; what comes before it is not delivered twice", () => {
    const { peer, offsets, states } = followed();
    peer.events([4, 5]);
    peer.subscribed({ offset: 5, recovered: true });
    peer.events([2, 3, 4, 5, 6]);
    expect(offsets).toEqual([1, 2, 3, 4, 5, 6]);
    expect(states.at(-1)).toEqual({
      mode: "stream",
      cursor: { epoch: "e1", offset: 1 },
      recovered: true,
    });
  });

  test("is asked for once, however many events come after it", () => {
    const { peer, states } = followed();
    peer.events([4, 6, 9]);
    expect(types(peer).filter((type) => type === "subscribe")).toHaveLength(2);
    expect(states.filter(({ gap }) => gap)).toHaveLength(1);
  });

  test("another epoch amid the stream is one", () => {
    const { peer, offsets, states } = followed();
    peer.events([1], "e2");
    expect(states.at(-1)).toMatchObject({ gap: true });
    expect(peer.last("subscribe").since).toEqual({ epoch: "e1", offset: 1 });
    peer.subscribed({ epoch: "e2", offset: 1 });
    peer.events([1], "e2");
    expect(offsets).toEqual([1, 1]);
    expect(states.at(-1)).toMatchObject({ recovered: false });
  });

  test("there is none where our own publication to others was left out", () => {
    const { client, peer, offsets, states } = followed();
    void client.publish("room/a", "mine", "others");
    peer.ack(peer.last("publish").id, "room/a", 2);
    peer.events([3]);
    expect(offsets).toEqual([1, 3]);
    expect(states).toHaveLength(1);
  });

  test("nor where its ack came too late for whoever waited for it", () => {
    const { host, client, peer, offsets, states } = followed();
    client.publish("room/a", "mine", "others").catch(() => {});
    host.advance(5_000);
    peer.ack(peer.last("publish").id, "room/a", 2);
    peer.events([3]);
    expect(offsets).toEqual([1, 3]);
    expect(states).toHaveLength(1);
  });

  test("an own ack out of its place shows one", () => {
    const { client, peer, states } = followed();
    void client.publish("room/a", "mine", "others");
    peer.ack(peer.last("publish").id, "room/a", 3);
    expect(states.at(-1)).toMatchObject({ gap: true });
  });

  test.each([
    ["a publication to all", "publish"],
    ["a cancelled job", "cancel"],
  ] as const)("the ack of %s does not stand for the event", (_, type) => {
    const { client, peer, offsets } = followed();
    if (type === "publish") void client.publish("room/a", "mine", "all");
    else void client.cancel("room/a");
    peer.ack(peer.last(type).id, "room/a", 2);
    peer.events([2]);
    expect(offsets).toEqual([1, 2]);
  });

  test("an ack in a topic that nobody follows is only an ack", () => {
    const { client, peer } = connectedPair();
    void client.publish("room/z", "mine", "others");
    peer.ack(peer.last("publish").id, "room/z", 7);
    expect(types(peer)).toEqual(["hello", "publish"]);
  });
});

describe("a refusal", () => {
  const refuse = (
    made: ReturnType<typeof pair>,
    code: ServerMessage<"error">["code"],
    retryAfterMs?: number,
  ) => {
    const re = made.peer.last("subscribe").id;
    made.peer.say({ type: "error", re, code, message: "no", ...(retryAfterMs && { retryAfterMs }) });
  };

  test("is told to the reader, and as a problem", () => {
    const made = connectedPair();
    const problems = record((listener) => made.client.on("problem", listener));
    const { states } = follow(made);
    refuse(made, "forbidden");
    expect(states).toMatchObject([{ error: { code: "forbidden", message: "no" } }]);
    expect(problems).toMatchObject([{ what: "subscription", reason: "room/a: no" }]);
  });

  test("for the moment is asked again when the server says", () => {
    const made = connectedPair();
    made.client.on("problem", () => {});
    const { offsets } = follow(made);
    refuse(made, "rate_limited", 700);
    made.host.advance(699);
    expect(types(made.peer)).toEqual(["hello", "subscribe"]);
    made.host.advance(1);
    expect(types(made.peer)).toEqual(["hello", "subscribe", "subscribe"]);
    made.peer.subscribed();
    made.peer.events([1]);
    expect(offsets).toEqual([1]);
  });

  test("with `retryAfterMs` 0 is asked again soon, but not in a loop", () => {
    const made = connectedPair();
    made.client.on("problem", () => {});
    follow(made);
    const re = made.peer.last("subscribe").id;
    made.peer.say({ type: "error", re, code: "rate_limited", message: "no", retryAfterMs: 0 });
    made.host.advance(249);
    expect(types(made.peer)).toEqual(["hello", "subscribe"]);
    made.host.advance(1);
    expect(types(made.peer)).toEqual(["hello", "subscribe", "subscribe"]);
  });

  test("for good is asked again only on the next connection", () => {
    const made = connectedPair();
    made.client.on("problem", () => {});
    follow(made);
    refuse(made, "forbidden");
    made.host.advance(24_000);
    expect(types(made.peer)).toEqual(["hello", "subscribe"]);
    reconnect(made);
    expect(types(made.peer)).toEqual(["hello", "subscribe"]);
  });

  test("that comes when nobody wants the topic any more is nobody's problem", () => {
    const made = connectedPair();
    const problems = record((listener) => made.client.on("problem", listener));
    const { subscription } = follow(made);
    subscription.unsubscribe();
    refuse(made, "rate_limited", 700);
    made.host.advance(700);
    expect(problems).toEqual([]);
    expect(types(made.peer)).toEqual(["hello", "subscribe", "unsubscribe"]);
  });

  test("leaves no timer behind when nobody wants the topic, when it is asked for anew, or when the client closes", () => {
    const made = connectedPair();
    made.client.on("problem", () => {});
    const heartbeat = made.host.timers;
    const { subscription } = follow(made);
    refuse(made, "rate_limited", 10_000);
    expect(made.host.timers).toBe(heartbeat + 1);
    subscription.unsubscribe();
    expect(made.host.timers).toBe(heartbeat);
    follow(made);
    refuse(made, "rate_limited", 10_000);
    reconnect(made);
    expect(made.host.timers).toBe(heartbeat);
    refuse(made, "rate_limited", 10_000);
    made.client.close();
    expect(made.host.timers).toBe(0);
  });

  test("for the limit is asked for once when a place becomes free before the server's time", () => {
    const made = connectedPair();
    made.client.on("problem", () => {});
    const first = follow(made);
    follow(made, "room/b");
    refuse(made, "limit", 10_000);
    first.subscription.unsubscribe();
    made.peer.subscribed();
    made.host.advance(10_000);
    expect(types(made.peer)).toEqual(["hello", "subscribe", "subscribe", "unsubscribe", "subscribe"]);
  });

  test("is not asked again after `stopped`, and is on the next `open`", () => {
    const made = connectedPair();
    made.client.on("problem", () => {});
    follow(made);
    refuse(made, "rate_limited", 700);
    made.client.close();
    made.host.advance(20_000);
    expect(types(made.peer)).toEqual(["hello", "subscribe"]);
    made.client.open();
    made.peer.greet();
    expect(types(made.peer)).toEqual(["hello", "subscribe"]);
  });

  test("is not asked again once nobody wants it, or another connection has asked", () => {
    const made = connectedPair();
    made.client.on("problem", () => {});
    const { subscription } = follow(made);
    refuse(made, "rate_limited", 700);
    subscription.unsubscribe();
    follow(made, "room/b");
    refuse(made, "rate_limited", 10_000);
    reconnect(made);
    made.host.advance(20_000);
    expect(made.peer.heard.filter(({ type }) => type === "subscribe")).toHaveLength(1);
  });
});

describe("more topics than the server allows", () => {
  const topicsOf = ({ peer }: ReturnType<typeof pair>) =>
    peer.heard.flatMap((message) => (message.type === "subscribe" ? [message.topic] : []));

  /** A server that allows two. */
  function granted() {
    const made = pair();
    made.client.on("problem", () => {});
    made.client.open();
    made.peer.greet({ limits: { topics: 2 } });
    return made;
  }

  test("are refused without asking it", async () => {
    const made = granted();
    const [, , third] = ["room/a", "room/b", "room/c"].map((room) => follow(made, room));
    expect([topicsOf(made), third?.states]).toEqual([["room/a", "room/b"], []]);
    await settled();
    expect(third?.states).toMatchObject([{ error: { code: "limit", message: "at most 2 topics" } }]);
  });

  test("are not refused if a place becomes free in the same turn", async () => {
    const made = granted();
    const [first, , third] = ["room/a", "room/b", "room/c"].map((room) => follow(made, room));
    first?.subscription.unsubscribe();
    await settled();
    expect(third?.states).toEqual([]);
    expect(topicsOf(made)).toEqual(["room/a", "room/b", "room/c"]);
  });

  test("get the place of a topic that is left, in their order", () => {
    const made = granted();
    const [first] = ["room/a", "room/b", "room/c", "room/d"].map((room) => follow(made, room));
    first?.subscription.unsubscribe();
    expect(types(made.peer)).toEqual(["hello", "subscribe", "subscribe", "unsubscribe", "subscribe"]);
    expect(topicsOf(made)).toEqual(["room/a", "room/b", "room/c"]);
  });

  test("are left without an `unsubscribe`: the server does not know them", () => {
    const made = granted();
    const [, , third] = ["room/a", "room/b", "room/c"].map((room) => follow(made, room));
    third?.subscription.unsubscribe();
    expect(types(made.peer)).toEqual(["hello", "subscribe", "subscribe"]);
  });

  test("get a place where one was refused", () => {
    const made = granted();
    for (const room of ["room/a", "room/b", "room/c"]) follow(made, room);
    const re = made.peer.last("subscribe").id;
    made.peer.say({ type: "error", re, code: "forbidden", message: "no" });
    const fourth = follow(made, "room/d");
    expect(topicsOf(made)).toEqual(["room/a", "room/b", "room/d"]);
    expect(fourth.states).toEqual([]);
  });

  test("are asked for once each when the next server allows more", () => {
    const made = granted();
    for (const room of ["room/a", "room/b", "room/c", "room/d"]) follow(made, room);
    made.host.socket.end();
    made.client.open();
    made.peer.greet({ limits: { topics: 3 } });
    expect(topicsOf(made)).toEqual(["room/a", "room/b", "room/c"]);
  });

  test("are asked for again when one is left, if the server itself refused them", () => {
    const made = connectedPair();
    made.client.on("problem", () => {});
    const [first, second] = ["room/a", "room/b"].map((room) => follow(made, room));
    const re = made.peer.last("subscribe").id;
    made.peer.say({ type: "error", re, code: "limit", message: "no room" });
    expect(second?.states).toMatchObject([{ error: { code: "limit" } }]);
    first?.subscription.unsubscribe();
    expect(topicsOf(made)).toEqual(["room/a", "room/b", "room/b"]);
  });

  test("do not keep a gap from being repaired when all places are taken", () => {
    const made = granted();
    for (const room of ["room/a", "room/b"]) follow(made, room);
    const [, first] = made.peer.heard;
    made.peer.say({ ...confirmation, re: first?.id ?? "", topic: "room/a" });
    made.peer.events([2]);
    expect(topicsOf(made)).toEqual(["room/a", "room/b", "room/a"]);
  });
});

const confirmation = {
  type: "subscribed",
  mode: "stream",
  epoch: "e1",
  offset: 0,
  recovered: false,
} as const;

test("an event of a topic that was never wanted is ignored", () => {
  const { client, peer } = connectedPair();
  const problems = record((listener) => client.on("problem", listener));
  peer.say(eventAt(1));
  expect(problems).toEqual([]);
  expect(types(peer)).toEqual(["hello"]);
});
