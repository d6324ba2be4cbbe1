// Random worlds: servers above an engine that fails in every way it can, and what Jepsen would ask of them.
import fc from "fast-check";
import { expect, test } from "vitest";
import { cast, type Mishap, Simulation } from "./simulation/simulation.ts";
import { tell, worlds } from "./testing/worlds.ts";

const client = fc.nat(cast.clients - 1);
const server = fc.nat(cast.servers - 1);
const ms = fc.constantFrom(20, 200, 1_000, 4_000);

function of<T extends Mishap>(
  weight: number,
  arbitrary: fc.Arbitrary<T>,
): { weight: number; arbitrary: fc.Arbitrary<Mishap> } {
  return { weight, arbitrary };
}

const step = fc.oneof(
  of(12, fc.record({ do: fc.constant("publish"), client, to: fc.constantFrom("all", "others") })),
  of(8, fc.record({ do: fc.constant("pass"), ms: fc.constantFrom(1, 3, 10, 100, 1_000, 5_000) })),
  of(2, fc.record({ do: fc.constant("move"), client })),
  of(1, fc.record({ do: fc.constant("leave"), client })),
  of(1, fc.record({ do: fc.constant("start"), client })),
  of(4, fc.record({ do: fc.constant("lose message"), server })),
  of(1, fc.record({ do: fc.constant("lose answer"), server })),
  of(1, fc.record({ do: fc.constant("deafen"), server })),
  of(2, fc.record({ do: fc.constant("cut"), server, ms })),
  of(1, fc.record({ do: fc.constant("kill"), server, ms })),
  of(1, fc.record({ do: fc.constant("freeze"), ms })),
  of(2, fc.record({ do: fc.constant("crash"), remains: fc.constantFrom("whole", "behind", "empty"), ms })),
  of(1, fc.record({ do: fc.constant("split"), server, ms })),
  of(1, fc.record({ do: fc.constant("flush") })),
);

/** A client moves to the half of a split engine in which nothing has happened yet, and back. */
const toAndFro: [number, Mishap[]] = [
  19,
  [
    { do: "publish", client: 0, to: "all" },
    { do: "pass", ms: 10 },
    { do: "split", server: 2, ms: 4_000 },
    { do: "move", client: 2 },
    { do: "pass", ms: 1_000 },
    { do: "move", client: 2 },
    { do: "cut", server: 0, ms: 20 },
  ],
];

/** An append begins an epoch, its answer is lost, and it is sent again in another life of the engine. */
const onceMore: [number, Mishap[]] = [
  -2147467062,
  [
    { do: "lose answer", server: 0 },
    { do: "flush" },
    { do: "publish", client: 0, to: "all" },
    { do: "publish", client: 0, to: "all" },
    { do: "pass", ms: 10 },
    { do: "split", server: 1, ms: 20 },
  ],
];

/** A server alone in its half of a split engine is the last to report the room, as empty, when both are one again. */
const alone: [number, Mishap[]] = [
  -2147483312,
  [
    { do: "pass", ms: 5_000 },
    { do: "pass", ms: 10 },
    { do: "split", server: 0, ms: 4_000 },
    { do: "publish", client: 2, to: "all" },
  ],
];

/** The same, for a server whose connection was cut before. */
const aloneAfterCut: [number, Mishap[]] = [
  -729729732,
  [
    { do: "publish", client: 0, to: "all" },
    { do: "pass", ms: 10 },
    { do: "cut", server: 0, ms: 1_000 },
    { do: "publish", client: 0, to: "all" },
    { do: "pass", ms: 5_000 },
    { do: "split", server: 2, ms: 4_000 },
  ],
];

/** A server is killed, and the others are deaf when its members are reported gone. */
const unheard: [number, Mishap[]] = [
  0,
  [
    { do: "deafen", server: 1 },
    { do: "deafen", server: 0 },
    { do: "leave", client: 0 },
    { do: "kill", server: 2, ms: 4_000 },
  ],
];

/** A job is taken for a dead server's before it has published anything, and still does its work. */
const tooEarly: [number, Mishap[]] = [
  2138943331,
  [
    { do: "pass", ms: 1_000 },
    { do: "start", client: 1 },
    { do: "pass", ms: 10 },
    { do: "crash", remains: "whole", ms: 20 },
    { do: "freeze", ms: 4_000 },
  ],
];

test("whatever happens to servers and engine, nobody misses an event untold, and nothing happens twice", {
  timeout: 3_600_000,
}, async () => {
  const sum = { worlds: 0, published: 0, acknowledged: 0, places: 0, epochs: 0, told: 0, jobs: 0 };
  const begunAt = Date.now();
  const all = worlds(1_000);
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(step, { maxLength: 40, size: "max" }), async (number, steps) => {
      const { faults, ...counts } = await new Simulation(number).play(steps);
      expect(faults).toEqual([]);
      sum.worlds += 1;
      for (const [name, count] of Object.entries(counts)) sum[name as keyof typeof counts] += count;
    }),
    { ...all, examples: [toAndFro, onceMore, alone, aloneAfterCut, unheard, tooEarly] },
  );
  tell(all, sum, begunAt);
  // One that is repeated need not be like the others.
  if (all.numRuns < 100) return;
  // The worlds were hard enough to mean something.
  expect(sum.published / sum.worlds).toBeGreaterThan(5);
  expect(sum.acknowledged / sum.published).toBeGreaterThan(0.5);
  expect(sum.epochs / sum.worlds).toBeGreaterThan(1.5);
  expect(sum.jobs / sum.worlds).toBeGreaterThan(0.2);
});
