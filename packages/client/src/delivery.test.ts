import type { Cursor, ServerMessage } from "@rosetta/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Client } from "./client.ts";
import type { ClientProblem } from "./emitter.ts";
import type { TopicState } from "./subscriptions.ts";
import { FakeHost } from "./testing/fake-host.ts";
import { FakeHub, isFor, room } from "./testing/fake-hub.ts";
import { settled } from "./testing/scripted-peer.ts";

/** What a listener was told, in order: an event, or how the subscription stands. */
type Told = { event: ServerMessage<"event"> } | { state: TopicState };

/** Something that happens. */
type Step = (world: World) => void;

class World {
  readonly host = new FakeHost();
  readonly hub = new FakeHub(this.host);
  readonly client = new Client("ws://test", { host: this.host });
  readonly told: Told[] = [];
  readonly problems: ClientProblem[] = [];
  readonly acks: { text: string; ack: ServerMessage<"ack"> }[] = [];
  #publications = 0;

  constructor() {
    this.client.on("problem", (problem) => void this.problems.push(problem));
    this.client.subscribe(
      room,
      (event) => void this.told.push({ event }),
      (state) => void this.told.push({ state }),
    );
    this.client.open();
  }

  lastText = "";

  publish(to: "all" | "others"): void {
    const text = `own ${this.#publications++}`;
    this.lastText = text;
    this.client.publish(room, text, to).then(
      (ack) => void this.acks.push({ text, ack }),
      () => {},
    );
  }

  /** A second passes, and whatever is on the wire arrives, and what it causes, too. */
  goWell(): void {
    this.host.advance(1_000);
    this.hub.accept();
    for (let round = 0; round < 5; round++) {
      this.hub.read(1_000);
      this.hub.commit(1_000);
      this.hub.deliver(1_000);
    }
  }

  /** All goes well, until everything is mended that can be: what comes last shows whether something is missing. */
  heal(): void {
    // Longer than the heartbeat needs to notice a silent connection, and than any wait before a retry.
    for (let second = 0; second < 90; second++) this.goWell();
    this.hub.strangerPublishes("all");
    this.goWell();
    this.publish("others");
    this.goWell();
    this.hub.strangerPublishes("all");
    this.goWell();
  }

  get events(): ServerMessage<"event">[] {
    return this.told.flatMap((told) => ("event" in told ? [told.event] : []));
  }
}

const few = fc.integer({ min: 1, max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: few.map((count) => named(`deliver ${count}`, ({ hub }) => hub.deliver(count))) },
  { weight: 4, arbitrary: few.map((count) => named(`read ${count}`, ({ hub }) => hub.read(count))) },
  { weight: 4, arbitrary: few.map((count) => named(`commit ${count}`, ({ hub }) => hub.commit(count))) },
  of(4, "1 s in which all goes well", (world) => world.goWell()),
  of(3, "publish to all", (world) => world.publish("all")),
  of(3, "publish to others", (world) => world.publish("others")),
  of(3, "stranger to all", ({ hub }) => hub.strangerPublishes("all")),
  of(2, "stranger to others", ({ hub }) => hub.strangerPublishes("others")),
  of(2, "lose", ({ hub }) => hub.loseEvent()),
  of(1, "repeat", ({ hub }) => hub.repeatEvent()),
  of(2, "cut", ({ hub }) => hub.cut()),
  of(2, "retry", ({ client }) => client.open()),
  of(2, "accept", ({ hub }) => hub.accept()),
  of(1, "silence", ({ hub }) => hub.silence()),
  of(1, "restart", ({ hub }) => hub.restart()),
  of(2, "forget", ({ hub }) => hub.forget()),
  of(1, "1 s", ({ host }) => host.advance(1_000)),
  of(1, "40 s", ({ host }) => host.advance(40_000)),
);

function of(weight: number, name: string, run: Step) {
  return { weight, arbitrary: fc.constant(named(name, run)) };
}

/** A function that fast-check can print. */
function named(name: string, run: Step): Step {
  return Object.assign((world: World) => run(world), { [fc.toStringMethod]: () => name });
}

async function live(steps: Step[]): Promise<World> {
  const world = new World();
  for (const step of steps) step(world);
  world.heal();
  await settled();
  return world;
}

const scripts = fc.array(step, { minLength: 5, maxLength: 100 });

/** What a listener should have been told, and was not, or the other way round; empty if all is well. */
function faults({ told, hub, events }: World): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  let last: Cursor | undefined;
  let mayJump = true;
  for (const one of told) {
    // The server had to give up on us, and we were told: the next event may be from anywhere further on.
    if ("state" in one && one.state.recovered === false) mayJump = true;
    if (!("event" in one)) continue;
    const { epoch, offset } = one.event;
    if (seen.has(`${epoch}:${offset}`)) found.push(`${epoch}:${offset} came twice`);
    seen.add(`${epoch}:${offset}`);
    if (last?.epoch === epoch && offset < last.offset) found.push(`${epoch}:${offset} came late`);
    if (!mayJump && last) found.push(...missed(hub, last, one.event));
    mayJump = false;
    last = { epoch, offset };
  }
  for (const { epoch, offset, data } of events) {
    const entry = hub.history.find((entry) => entry.epoch === epoch && entry.offset === offset);
    if (!entry || !isFor(entry, "client")) found.push(`${epoch}:${offset} was not meant for it`);
    if (data.kind === "chat" && data.text !== entry?.text) found.push(`${epoch}:${offset} is another event`);
  }
  const newest = hub.history.findLast((entry) => isFor(entry, "client"));
  if (newest?.epoch !== last?.epoch || newest?.offset !== last?.offset) found.push("the end is missing");
  return found;
}

/** The events between two that came, if they were meant for the client. */
function missed(hub: FakeHub, from: Cursor, to: Cursor): string[] {
  if (from.epoch !== to.epoch) return [`${to.epoch} began untold`];
  const between = hub.history.filter(
    ({ epoch, offset }) => epoch === to.epoch && offset > from.offset && offset < to.offset,
  );
  return between
    .filter((entry) => isFor(entry, "client"))
    .map(({ epoch, offset }) => `${epoch}:${offset} is missing`);
}

// Hundreds of scripts may take their time on a busy machine.
const patience = { timeout: 60_000 };

test(
  "what is meant for a listener reaches it once, in order, without a gap, or it is told",
  patience,
  async () => {
    await fc.assert(
      fc.asyncProperty(scripts, async (steps) => {
        const world = await live(steps);
        expect(faults(world)).toEqual([]);
        // A silent server is one, and here it is meant to be.
        expect(world.problems.filter(({ what }) => what !== "server")).toEqual([]);
        expect(world.client.state.name).toBe("open");
      }),
      { numRuns: 300 },
    );
  },
);

test("a publication happens at most once in an epoch, and where its ack says", patience, async () => {
  await fc.assert(
    fc.asyncProperty(scripts, async (steps) => {
      const { hub, acks, lastText } = await live(steps);
      const own = hub.history.filter(({ author }) => author === "client");
      expect(new Set(own.map(({ epoch, text }) => `${epoch} ${text}`)).size).toBe(own.length);
      for (const { text, ack } of acks) {
        expect(own).toContainEqual(expect.objectContaining({ text, epoch: ack.epoch, offset: ack.offset }));
      }
      expect(acks.map(({ text }) => text)).toContain(lastText);
    }),
    { numRuns: 200 },
  );
});

test("the world in which this is tested has all that makes it hard", patience, async () => {
  const counts = {
    cuts: 0,
    gaps: 0,
    recovered: 0,
    lost: 0,
    leftOut: 0,
    forgot: 0,
    epochs: new Set<string>(),
  };
  const worlds = await Promise.all(fc.sample(scripts, { numRuns: 200, seed: 1 }).map(live));
  for (const { told, hub, host } of worlds) {
    const states = told.flatMap((one) => ("state" in one ? [one.state] : []));
    counts.forgot += hub.forgot - 1;
    counts.cuts += host.sockets.length - 1;
    counts.gaps += states.filter(({ gap }) => gap).length;
    counts.recovered += states.filter(({ recovered }) => recovered).length;
    counts.lost += states.filter(({ recovered }) => recovered === false).length;
    counts.leftOut += hub.history.filter((entry) => !isFor(entry, "client")).length;
    for (const { epoch } of hub.history) counts.epochs.add(epoch);
  }
  for (const count of Object.values({ ...counts, epochs: counts.epochs.size }))
    expect(count).toBeGreaterThan(2);
});
