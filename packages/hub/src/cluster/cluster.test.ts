// A hub among others, which a test plays: whatever has to be asked is answered only when the test says so.
import { describe, expect, test } from "vitest";
import type { Entry } from "../delivery/log.ts";
import { Refused } from "../delivery/log.ts";
import { MemoryLog } from "../delivery/memory-log.ts";
import { request, type Setting, secret, settled, setUp } from "../testing/index.ts";
import { alone } from "./alone.ts";
import type { Claim, Cluster, ClusterEvents } from "./cluster.ts";

interface Question {
  what: string;
  answer(value: unknown): void;
  refuse(): void;
}

/** The others, as one hub sees them. */
class Others {
  readonly questions: Question[] = [];
  readonly opened = new Set<string>();
  readonly memory = new MemoryLog(() => (++this.#tokens).toString(16).padStart(32, "e"));
  events!: ClusterEvents;
  isServing = true;
  /** The clients whose sessions have left. */
  readonly left: string[] = [];
  #tokens = 0;
  #entry: (entry: Entry) => void = () => {};
  lost: (topic: string, began: boolean) => void = () => {};

  readonly cluster: Cluster = {
    ...alone(this.memory),
    log: {
      open: (topic) => (this.opened.has(topic) ? undefined : this.#ask<void>(`open ${topic}`)),
      append: (topic, draft) => this.memory.append(topic, draft),
      head: (topic) => this.memory.head(topic),
      since: (topic, cursor) => this.memory.since(topic, cursor),
      close: (topic) => this.memory.close(topic),
      follow: (entry, lost) => {
        this.#entry = entry;
        this.lost = lost ?? this.lost;
        this.memory.follow((each) => this.#entry(each));
      },
    },
    join: (events) => {
      this.events = events;
    },
    identify: (client) => `digest of ${client}`,
    released: (client) => this.left.push(client),
    claim: ({ client, member }) =>
      this.#ask<Claim | "older">(`claim ${client}`, { member: member(), known: false }),
    roster: (room, members) => this.#ask(`roster ${room} ${members.length}`),
    jobStarts: ({ topic }) => this.#ask(`start ${topic}`),
    cancel: (topic) => this.#ask(`cancel ${topic}`),
    exists: (topic) => this.#ask(`exists ${topic}`),
  };

  constructor() {
    Object.defineProperty(this.cluster, "isServing", { get: () => this.isServing });
  }

  /** Answers the oldest pending question whose text begins with `what`. `value` defaults to the usual answer. */
  async answer(what: string, value?: unknown): Promise<void> {
    const [question] = this.#take(what);
    if (!question) throw new Error(`nobody asked ${what}, but ${this.questions.map((each) => each.what)}`);
    if (question.what.startsWith("open ")) this.opened.add(question.what.slice(5));
    question.answer(value);
    await settled();
  }

  async refuse(what: string): Promise<void> {
    const [question] = this.#take(what);
    if (!question) throw new Error(`nobody asked ${what}`);
    question.refuse();
    await settled();
  }

  #take(what: string): Question[] {
    const index = this.questions.findIndex((each) => each.what.startsWith(what));
    return index === -1 ? [] : this.questions.splice(index, 1);
  }

  #ask<T>(what: string, usual?: T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.questions.push({
      what,
      answer: (value) => resolve((value ?? usual) as T),
      refuse: () => reject(new Refused("unavailable", "nobody answers")),
    });
    return promise;
  }
}

async function among(
  settings: Parameters<typeof setUp>[0] = {},
): Promise<Setting & { others: Others; meet(client: number): ReturnType<Setting["greet"]> }> {
  const others = new Others();
  const setting = setUp(settings, { cluster: others.cluster });
  const meet = async (client: number) => {
    const peer = setting.connect();
    await peer.say({ type: "hello", id: "hello", client: secret(client) });
    await others.answer("claim");
    peer.heard();
    return peer;
  };
  return { ...setting, others, meet };
}

const hi = { type: "publish", id: "1", topic: "room/a", to: "all", text: "hi" } as const;

describe("a request that others have to be asked for", () => {
  test("holds up those behind it, and nobody else's", async () => {
    const { meet, others } = await among();
    const [anna, ben] = [await meet(1), await meet(2)];
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    await anna.say({ type: "echo", id: "2", text: "behind" });
    await ben.say({ type: "echo", id: "1", text: "besides" });
    expect(anna.heard()).toEqual([]);
    expect(ben.heard()).toMatchObject([{ type: "echo" }]);
    await others.answer("open room/a");
    expect(anna.heard()).toMatchObject([
      { type: "subscribed", re: "1" },
      { type: "echo", re: "2" },
    ]);
  });

  test("is unavailable if they do not answer, and may be sent again", async () => {
    const { meet, others } = await among();
    const anna = await meet(1);
    await anna.say(hi);
    await others.refuse("open room/a");
    expect(anna.heard()).toMatchObject([{ type: "error", re: "1", code: "unavailable" }]);
    await anna.say(hi);
    await others.answer("open room/a");
    expect(anna.heard()).toMatchObject([{ type: "ack", re: "1", offset: 1 }]);
  });

  test("counts as memory of its connection", async () => {
    const { meet, others } = await among();
    const anna = await meet(1);
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    const before = anna.session.queued();
    await anna.say({ type: "echo", id: "2", text: "x".repeat(4_000) });
    expect(anna.session.queued() - before).toBeGreaterThan(4_000);
    await others.answer("open room/a");
    expect(anna.session.queued()).toBe(before);
  });

  test("ends with its connection", async () => {
    const { meet, others, inside, failures } = await among();
    const anna = await meet(1);
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    await anna.say({ ...hi, id: "2" });
    await anna.gone();
    await others.answer("open room/a");
    expect(inside.topics.get("room/a")?.sessions.size).toBe(0);
    expect(inside.log.head("room/a").offset).toBe(0);
    expect(failures).toEqual([]);
  });

  test("is answered before a stop", async () => {
    const { meet, others } = await among();
    const anna = await meet(1);
    await anna.say(hi);
    await anna.say({ type: "stop", id: "2" });
    expect(anna.socket.closing).toBeUndefined();
    await others.answer("open room/a");
    expect(anna.heard()).toMatchObject([
      { type: "ack", re: "1" },
      { type: "bye", re: "2" },
    ]);
  });

  test("behind a stop that has to wait is ignored", async () => {
    const { meet, others } = await among();
    const anna = await meet(1);
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    await anna.say({ type: "stop", id: "2" });
    await anna.say(hi);
    await others.answer("open room/a");
    expect(anna.heard()).toMatchObject([
      { type: "subscribed", re: "1" },
      { type: "bye", re: "2" },
    ]);
    expect(others.memory.head("room/a").offset).toBe(0);
  });
});

describe("hello", () => {
  test("is welcomed with the name that the others know, and whether they know the client", async () => {
    const { connect, others } = await among();
    const anna = connect();
    await anna.say({ type: "hello", id: "1", client: secret(1) });
    await anna.say({ type: "echo", id: "2", text: "at once" });
    expect(anna.heard()).toEqual([]);
    await others.answer(`claim digest of ${secret(1)}`, { member: "guest-abcdef", known: true });
    expect(anna.heard()).toMatchObject([
      { type: "welcome", member: "guest-abcdef", known: true },
      { type: "echo", re: "2" },
    ]);
  });

  test("is refused if the others know a newer connection", async () => {
    const { connect, others } = await among();
    const anna = connect();
    await anna.say({ type: "hello", id: "1", client: secret(1) });
    await others.answer("claim", "older");
    expect(anna.socket.closing?.code).toBe(4509);
  });

  test("of a socket that closes before the answer does not take the place of the next", async () => {
    const { connect, others, meet, inside } = await among();
    const gone = connect();
    await gone.say({ type: "hello", id: "1", client: secret(1) });
    const claim = others.questions.splice(0);
    await gone.gone();
    const next = await meet(1);
    claim[0]?.answer({ member: "guest-abcdef", known: true });
    await settled();
    expect(inside.clients.get(`digest of ${secret(1)}`)?.session).toBe(next.session);
  });

  test("of a socket that closes before the answer leaves nothing with the others", async () => {
    const { connect, others } = await among();
    const gone = connect();
    await gone.say({ type: "hello", id: "1", client: secret(1) });
    await gone.gone();
    expect(others.left).toEqual([]);
    await others.answer("claim");
    expect(others.left).toEqual([`digest of ${secret(1)}`]);
  });

  test("at another server ends the session here, and a job goes on", async () => {
    const { meet, others, world } = await among();
    const anna = await meet(1);
    await anna.say({ type: "start", id: "1", job: "hash", mebibytes: 2 });
    await others.answer("open job/");
    await others.answer("start job/");
    others.events.replaced(`digest of ${secret(1)}`);
    expect(anna.socket.closing?.code).toBe(4509);
    await anna.gone(4509);
    await world.pass(200_000);
    const [work] = world.works;
    work?.do();
    await settled();
    expect(JSON.parse(others.memory.since(jobOf(others)).entries.at(-1)?.frame ?? "{}").data.state).toBe(
      "done",
    );
  });
});

/** Returns the topic of the job that was started. */
function jobOf({ opened }: Others): string {
  return [...opened].find((topic) => topic.startsWith("job/")) ?? "no job";
}

const elsewhere = "job/0123456789ab";

describe("a job", () => {
  test("is not started twice: the same request elsewhere has started it", async () => {
    const { meet, others, world } = await among();
    const anna = await meet(1);
    await anna.say({ type: "start", id: "1", job: "hash", mebibytes: 2 });
    await others.answer("open job/");
    await others.answer("start job/", { topic: elsewhere, epoch: "e", offset: 0 });
    expect(anna.heard()).toMatchObject([{ type: "ack", re: "1", topic: elsewhere, offset: 0 }]);
    expect(world.works).toEqual([]);
  });

  test("counts while the others are asked, and no longer if they cannot be reached", async () => {
    const { meet, others } = await among({ limits: { jobsTotal: 4 } });
    const [anna, ben] = [await meet(1), await meet(2)];
    await anna.say({ type: "start", id: "1", job: "hash", mebibytes: 2 });
    await ben.say({ type: "start", id: "1", job: "hash", mebibytes: 2 });
    expect(ben.heard()).toMatchObject([{ type: "error", re: "1", code: "limit" }]);
    await others.refuse("open job/");
    await ben.say({ type: "start", id: "2", job: "hash", mebibytes: 2 });
    await others.answer("open job/");
    await others.answer("start job/");
    expect(ben.heard()).toMatchObject([{ type: "ack", re: "2" }]);
  });

  test("that cannot be told to the others is not started, and may be started again", async () => {
    const { meet, others, world } = await among();
    const anna = await meet(1);
    await anna.say({ type: "start", id: "1", job: "hash", mebibytes: 2 });
    await others.answer("open job/");
    await others.refuse("start job/");
    expect(anna.heard()).toMatchObject([{ type: "error", re: "1", code: "unavailable" }]);
    await anna.say({ type: "start", id: "1", job: "hash", mebibytes: 2 });
    await others.answer("open job/");
    await others.answer("start job/");
    expect(anna.heard()).toMatchObject([{ type: "ack", re: "1" }]);
    expect(world.works).toHaveLength(1);
  });

  test("of another server is followed if it exists there, and unknown if not", async () => {
    const { meet, others } = await among();
    const anna = await meet(1);
    await anna.say({ type: "subscribe", id: "1", topic: elsewhere });
    await others.answer("exists", false);
    expect(anna.heard()).toMatchObject([{ type: "error", code: "not_found" }]);
    await anna.say({ type: "subscribe", id: "2", topic: elsewhere });
    await others.answer("exists", true);
    await others.answer("open job/");
    expect(anna.heard()).toMatchObject([{ type: "subscribed", re: "2" }]);
  });

  test("of another server is cancelled there; the ack has the place from before", async () => {
    const { meet, others } = await among();
    const anna = await meet(1);
    for (const [id, outcome, reply] of [
      ["1", "forbidden", { type: "error", re: "1", code: "forbidden" }],
      ["2", "cancelled", { type: "ack", re: "2", topic: elsewhere, offset: 0 }],
      ["3", "not_found", { type: "error", re: "3", code: "not_found" }],
    ] as const) {
      await anna.say({ type: "cancel", id, topic: elsewhere });
      if (id === "1") await others.answer("exists", true);
      if (id === "1") await others.answer("open job/");
      await others.answer("cancel", outcome);
      expect(anna.heard()).toMatchObject([reply]);
    }
  });

  test("ends here if its client has cancelled it elsewhere", async () => {
    const { meet, others, world } = await among();
    const anna = await meet(1);
    await anna.say({ type: "start", id: "1", job: "hash", mebibytes: 5 });
    await others.answer("open job/");
    await others.answer("start job/");
    others.events.cancelled(jobOf(others));
    world.works[0]?.do();
    await settled();
    expect(JSON.parse(others.memory.since(jobOf(others)).entries.at(-1)?.frame ?? "{}").data.state).toBe(
      "cancelled",
    );
  });
});

/** Opens a stream of room/a. `ends` gets how the server ended it. */
function follow(hub: Awaited<ReturnType<typeof among>>["hub"], write: (part: string) => void = () => {}) {
  const stream = hub.events(request("/events?topic=room/a"), "1.1.1.1");
  if (stream instanceof Promise || stream.refusal) throw new Error("refused");
  const ends: string[] = [];
  const end = () => void ends.push("end");
  const cut = () => void ends.push("cut");
  return { leave: stream.start({ write, queued: () => 0, end, cut }), ends };
}

describe("readers over HTTP", () => {
  test("wait for the topic, as streams and as polls", async () => {
    const { hub, others } = await among();
    const parts: string[] = [];
    const { leave } = follow(hub, (part) => void parts.push(part));
    const bodies: string[] = [];
    hub.poll(request("/poll?topic=room/a"), "1.1.1.1", ({ body }) => bodies.push(body));
    expect([parts, bodies]).toEqual([[], []]);
    await others.answer("open room/a");
    await others.answer("open room/a");
    expect(parts.join("")).toContain("event: subscribed");
    expect(JSON.parse(bodies[0] ?? "")).toMatchObject({ topic: "room/a", offset: 0 });
    leave();
  });

  test("whose topic cannot be opened are told: a poll by 503, a stream by its end", async () => {
    const { hub, others, inside } = await among();
    const { leave, ends } = follow(hub);
    const answers: number[] = [];
    const left = hub.poll(request("/poll?topic=room/a"), "1.1.1.1", ({ status }) => answers.push(status));
    await others.refuse("open room/a");
    await others.refuse("open room/a");
    expect([ends, answers]).toEqual([["end"], [503]]);
    leave();
    left();
    expect(inside.connections.load("1.1.1.1").connections).toBe(0);
  });

  test("who leave before their topic turns out to be unavailable are not ended again", async () => {
    const { hub, others } = await among();
    const { leave, ends } = follow(hub);
    leave();
    await others.refuse("open room/a");
    expect(ends).toEqual([]);
  });

  test("whose stream cannot begin once its topic is there are cut off, so that they come back", async () => {
    const { hub, others, inside, failures } = await among();
    const { leave, ends } = follow(hub, () => {
      throw new Error("a broken stream");
    });
    await others.answer("open room/a");
    expect(ends).toEqual(["cut"]);
    expect(failures).toHaveLength(1);
    leave();
    expect(inside.topics.get("room/a")?.readers.size).toBe(0);
    expect(inside.connections.load("1.1.1.1").connections).toBe(0);
  });

  test("whose server goes down while they wait are ended, and count no more", async () => {
    const { hub, others, inside } = await among();
    const { leave, ends } = follow(hub);
    void hub.drain();
    await others.answer("open room/a");
    expect(ends).toEqual(["end"]);
    leave();
    expect(inside.connections.load("1.1.1.1").connections).toBe(0);
  });

  test("who leave while they wait leave nothing behind", async () => {
    const { hub, others, inside } = await among();
    follow(hub).leave();
    hub.poll(request("/poll?topic=room/a"), "1.1.1.1", () => {})();
    await others.answer("open room/a");
    await others.answer("open room/a");
    expect(inside.topics.get("room/a")?.readers.size).toBe(0);
    expect(inside.connections.load("1.1.1.1").connections).toBe(0);
  });

  test("ask for a job of another server", async () => {
    const { hub, others } = await among();
    const stream = hub.events(request(`/events?topic=${elsewhere}`), "1.1.1.1");
    await others.answer("exists", false);
    expect((await stream).refusal?.status).toBe(404);
  });
});

describe("when events are missing that do not come any more", () => {
  /** A room with an author of a publication to others, another follower, a stream and a poll. */
  async function room() {
    const setting = await among();
    const { meet, others, hub } = setting;
    const [anna, ben] = [await meet(1), await meet(2)];
    await anna.say({ type: "subscribe", id: "1", topic: "room/a" });
    await others.answer("open room/a");
    await ben.say({ type: "subscribe", id: "1", topic: "room/a" });
    const { epoch } = others.memory.head("room/a");
    const { ends } = follow(hub);
    const poll = (): unknown[] => {
      const pages: unknown[] = [];
      const facts = request(
        `/poll?topic=room/a&since=${others.memory.head("room/a").epoch}:${others.memory.head("room/a").offset}`,
      );
      hub.poll(facts, "1.1.1.1", ({ body }) => pages.push(JSON.parse(body)));
      return pages;
    };
    return { ...setting, anna, ben, ends, poll, epoch };
  }

  test("an event of the new epoch tells everybody who gets it; its author has to come back", async () => {
    const { anna, ben, ends, poll, others } = await room();
    await anna.say({ ...hi, to: "others" });
    for (const peer of [anna, ben]) peer.heard();
    const pages = poll();
    others.lost("room/a", true);
    expect(ben.heard()).toMatchObject([{ type: "event", offset: 1 }]);
    expect(ben.socket.closing).toBeUndefined();
    expect(anna.heard()).toEqual([]);
    expect(anna.socket.closing?.code).toBe(1013);
    expect(ends).toEqual(["end"]);
    expect(pages).toMatchObject([{ recovered: false, offset: 1 }]);
  });

  test("everybody has to come back if there is no event to tell it by, or only a hole in the same epoch", async () => {
    for (const began of [true, false]) {
      const { anna, ben, others } = await room();
      if (!began) await anna.say(hi);
      for (const peer of [anna, ben]) peer.heard();
      others.lost("room/a", began);
      for (const peer of [anna, ben]) {
        expect(peer.heard()).toEqual([]);
        expect(peer.socket.closing?.code).toBe(1013);
      }
    }
  });
});

describe("presence", () => {
  test("is that of all servers, and is told again if the others could not be told", async () => {
    const { meet, others, world } = await among();
    const anna = await meet(1);
    others.opened.add("room/a").add("presence/a");
    await anna.say({ type: "subscribe", id: "1", topic: "presence/a" });
    await anna.say({ type: "subscribe", id: "2", topic: "room/a" });
    anna.heard();
    await others.refuse("roster a 1");
    await world.pass(500);
    await others.answer("roster a 1", { members: ["guest-1", "guest-2"], version: 7, life: "1" });
    expect(anna.heard()).toMatchObject([
      { type: "event", data: { count: 2, members: ["guest-1", "guest-2"] } },
    ]);
  });
});

describe("a server that knows nothing of the others", () => {
  test("says so to probes and at the door, and sends its clients away", async () => {
    const { meet, others, hub } = await among();
    const anna = await meet(1);
    expect(hub.health().status).toBe(200);
    others.isServing = false;
    others.events.cutOff();
    expect(hub.health()).toMatchObject({ status: 503, body: '{"status":"unavailable","server":"test"}' });
    expect(anna.heard()).toMatchObject([{ type: "bye", code: 1013, retryAfterMs: 1_000 }]);
    expect(anna.socket.closing?.code).toBe(1013);
    expect(hub.admit(request("/poll?topic=scores"), "1.1.1.1").refusal?.status).toBe(503);
    expect(hub.admit(request("/healthz"), "1.1.1.1").refusal).toBeUndefined();
    others.isServing = true;
    expect(hub.admit(request("/poll?topic=scores"), "1.1.1.1").refusal).toBeUndefined();
  });
});
