// Random conversations of a few clients with one hub, checked against the protocol's promises: every subscriber sees a
// contiguous part of the log, in order and without duplicates; every acknowledged event is in the log; no request takes
// effect twice.
import type { ClientMessage, Cursor, ServerMessage } from "@rosetta/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Entry } from "./delivery/log.ts";
import { type Peer, type Setting, secret, settled, setUp } from "./testing/index.ts";

const room = "room/a";
const rememberedMs = 120_000;

/** What a client has seen of the room without a gap. */
interface Run {
  /** The last place before it. */
  after: Cursor;
  offsets: number[];
}

/** A correct client: it resumes, repeats requests that were not acknowledged, and checks everything it gets. */
class Client {
  readonly #setting: Setting;
  readonly #number: number;
  readonly #truth: Entry[];
  readonly runs: Run[] = [];
  readonly #acks = new Map<string, Cursor>();
  /** Publications that were not acknowledged yet. */
  #pending: Extract<ClientMessage, { type: "publish" }>[] = [];
  #published = 0;
  #peer: Peer | undefined;
  #lost: Peer[] = [];
  #leftAt = 0;
  #frames: ServerMessage[] = [];
  /** The last place up to which nothing is missing. */
  #seen: Cursor | undefined;
  #asked: Cursor | undefined;
  #head: number | undefined;
  #isStuffed = false;

  constructor(setting: Setting, truth: Entry[], number: number) {
    this.#setting = setting;
    this.#truth = truth;
    this.#number = number;
  }

  get isConnected(): boolean {
    return this.#peer !== undefined;
  }

  /** Connects, replacing an older connection if there is one. `isStuffed`: so much waits that no replay fits. */
  connect(isStuffed: boolean): void {
    const { world, connect, inside } = this.#setting;
    if (!this.#peer && world.time - this.#leftAt >= rememberedMs) this.#pending = [];
    this.#loseFrames();
    if (this.#peer) this.#lost.push(this.#peer);
    this.#peer = connect();
    this.#isStuffed = isStuffed;
    if (isStuffed) this.#peer.socket.waiting = inside.settings.limits.queueBytes;
    this.#asked = this.#seen;
    this.#head = undefined;
    this.#say({ type: "hello", id: "hello", client: secret(this.#number) });
    for (const request of this.#pending) this.#say(request);
    this.#say({ type: "subscribe", id: "s", topic: room, ...(this.#seen && { since: this.#seen }) });
  }

  /** Loses the connection, with everything that was not read yet. */
  cut(): void {
    this.#loseFrames();
    if (this.#peer) this.#lost.push(this.#peer);
    if (this.#peer) this.#leftAt = this.#setting.world.time;
    this.#peer = undefined;
    for (const peer of this.#lost.splice(0)) peer.session.closed(1006);
  }

  publish(to: "all" | "others"): void {
    if (!this.#peer) return;
    this.#published += 1;
    const id = `${this.#published}`;
    const request = { type: "publish", id, topic: room, to, text: `${this.#number} ${id}` } as const;
    this.#pending.push(request);
    this.#say(request);
  }

  unsubscribe(): void {
    this.#say({ type: "unsubscribe", id: "u", topic: room });
  }

  read(count = Number.POSITIVE_INFINITY): void {
    this.#frames.push(...(this.#peer?.heard() ?? []));
    for (const message of this.#frames.splice(0, count)) this.#hear(message);
  }

  /** Returns the offsets of the room that this client should see. */
  meant(epoch: string): number[] {
    return this.#truth
      .filter((entry) => entry.epoch === epoch && !this.#isOwn(entry))
      .map(({ offset }) => offset);
  }

  #say(message: ClientMessage): void {
    this.#peer?.session.text(JSON.stringify(message));
  }

  #loseFrames(): void {
    this.#peer?.heard();
    this.#frames = [];
  }

  #isOwn({ to, data }: Entry): boolean {
    return to === "others" && data.kind === "chat" && data.text.startsWith(`${this.#number} `);
  }

  #hear(message: ServerMessage): void {
    if (message.type === "subscribed") this.#subscribed(message);
    else if (message.type === "event") this.#event(message);
    else if (message.type === "ack" && message.re === "u") this.#head = undefined;
    else if (message.type === "ack") this.#ack(message);
    else if (message.type === "error") expect(message).toMatchObject({ re: "u", code: "not_found" });
  }

  #subscribed({ epoch, offset, recovered }: ServerMessage<"subscribed">): void {
    // A ring holds more than any of these conversations, so only a new epoch or a full queue excuses a loss.
    const missed =
      this.#asked && this.meant(epoch).some((each) => each > (this.#asked?.offset ?? 0) && each <= offset);
    if (this.#asked?.epoch !== epoch) expect(recovered).toBe(false);
    else if (!this.#isStuffed || !missed) expect(recovered).toBe(true);
    else expect(recovered).toBe(false);
    this.#head = offset;
    if (recovered) return;
    this.#seen = undefined;
    this.runs.push({ after: { epoch, offset }, offsets: [] });
  }

  #event({ epoch, offset, data, to }: ServerMessage<"event">): void {
    const run = this.runs.at(-1);
    if (this.#head === undefined || !run) throw new Error("an event without a subscription");
    expect(epoch).toBe(run.after.epoch);
    const entry = this.#truth.find((each) => each.epoch === epoch && each.offset === offset);
    expect(entry).toMatchObject({ data, to });
    if (entry) expect(this.#isOwn(entry)).toBe(false);
    const known = Math.max(this.#seen?.offset ?? 0, this.#head);
    // Up to the head, the client's own offsets may be left out. After it, none may.
    if (offset <= this.#head) expect(offset).toBeGreaterThan(this.#seen?.offset ?? 0);
    else expect(offset).toBe(known + 1);
    if (run.offsets.length === 0) run.after = { epoch, offset: Math.min(run.after.offset, offset - 1) };
    run.offsets.push(offset);
    this.#seen = { epoch, offset };
  }

  #ack({ re, epoch, offset }: ServerMessage<"ack">): void {
    const before = this.#acks.get(re);
    if (before) expect({ epoch, offset }).toEqual(before);
    this.#acks.set(re, { epoch, offset });
    this.#pending = this.#pending.filter(({ id }) => id !== re);
    const entry = this.#truth.find((each) => each.epoch === epoch && each.offset === offset);
    expect(entry?.data).toEqual({ kind: "chat", text: `${this.#number} ${re}` });
    if (before || this.#head === undefined || epoch !== this.runs.at(-1)?.after.epoch) return;
    const known = Math.max(this.#seen?.offset ?? 0, this.#head);
    if (offset <= known) return;
    // The ack of a publication to others takes the event's place. With `all`, the ack comes after the event.
    expect(entry?.to).toBe("others");
    expect(offset).toBe(known + 1);
    this.#seen = { epoch, offset };
  }

  /** To be called when everything is read. Compares what the client saw with the log. */
  check(): void {
    // A connected client has got every reply, on this connection or on an earlier one.
    if (this.isConnected) expect(this.#pending).toEqual([]);
    for (const [index, { after, offsets }] of this.runs.entries()) {
      const isLive = index === this.runs.length - 1 && this.#head !== undefined && this.isConnected;
      const end = isLive ? Number.POSITIVE_INFINITY : (offsets.at(-1) ?? after.offset);
      expect(offsets).toEqual(this.meant(after.epoch).filter((each) => each > after.offset && each <= end));
    }
  }
}

const who = fc.nat(2);
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      who,
      to: fc.constantFrom("all" as const, "others" as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("read" as const), who, count: fc.nat(6) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("settle" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("connect" as const),
      who,
      isStuffed: fc.nat(5).map((n) => n === 0),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cut" as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("unsubscribe" as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(100, 5_000, 119_000, 121_000),
    }),
  },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

/** Returns a promise only for actions that take time. Others happen while earlier ones are still on their way. */
function perform(each: Action, clients: Client[], { world }: Setting): Promise<void> | undefined {
  if (each.do === "settle") return settled();
  if (each.do === "pass") return world.pass(each.ms);
  const client = clients[each.who];
  if (each.do === "publish") client?.publish(each.to);
  if (each.do === "read") client?.read(each.count);
  if (each.do === "connect") client?.connect(each.isStuffed);
  if (each.do === "cut") client?.cut();
  if (each.do === "unsubscribe") client?.unsubscribe();
  return undefined;
}

/** Checks that no request is in the log twice within one epoch. */
function expectOnce(truth: Entry[]): void {
  const effects = truth.map(({ epoch, data }) => `${epoch} ${data.kind === "chat" ? data.text : ""}`);
  expect(new Set(effects).size).toBe(effects.length);
}

test("with any cuts, resumes, repetitions and losses, every client sees each event once and in order", {
  timeout: 60_000,
}, async () => {
  let [events, resumed, lives] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 10, maxLength: 80, size: "max" }),
      fc.boolean(),
      async (actions, atOnce) => {
        const setting = setUp({ limits: { burst: 10_000 } });
        setting.port.reportsAtOnce = atOnce;
        const truth: Entry[] = [];
        setting.inside.log.follow((entry) => void (entry.topic === room && truth.push(entry)));
        const clients = [1, 2, 3].map((number) => new Client(setting, truth, number));
        for (const client of clients) client.connect(false);
        for (const each of actions) {
          const pause = perform(each, clients, setting);
          if (pause) await pause;
        }

        await settled();
        for (const client of clients) {
          client.read();
          client.check();
        }
        expectOnce(truth);
        expect(setting.failures).toEqual([]);
        events += clients.flatMap(({ runs }) => runs.flatMap(({ offsets }) => offsets)).length;
        resumed += clients.filter(({ runs }) => runs.length > 0).length;
        lives += new Set(truth.map(({ epoch }) => epoch)).size;
      },
    ),
    { numRuns: 150 },
  );
  // The conversations were long and varied enough to mean something.
  expect(events).toBeGreaterThan(1_000);
  expect(resumed).toBeGreaterThan(200);
  expect(lives).toBeGreaterThan(75);
});
