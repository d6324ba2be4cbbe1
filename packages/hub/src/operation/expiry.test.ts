import { expect, test } from "vitest";
import { World } from "../testing/index.ts";
import { Expiry } from "./expiry.ts";

interface Thing {
  name: string;
  expiresAt: number;
}

const thing = (name: string): Thing => ({ name, expiresAt: 0 });

function setUp(): { world: World; expiry: Expiry<Thing>; gone: string[] } {
  const world = new World();
  const gone: string[] = [];
  const expired = ({ name }: Thing): void => void gone.push(name);
  return { world, expiry: new Expiry({ platform: world, ms: 100, expired }), gone };
}

test("items expire one after the other, each at its own time, with one timer for all", async () => {
  const { world, expiry, gone } = setUp();
  expiry.add(thing("a"));
  await world.pass(40);
  expiry.add(thing("b"));
  expect(world.timers).toBe(1);
  await world.pass(59);
  expect(gone).toEqual([]);
  await world.pass(1);
  expect([gone, expiry.first?.name]).toEqual([["a"], "b"]);
  await world.pass(39);
  expect(gone).toEqual(["a"]);
  await world.pass(1);
  expect([gone, world.timers]).toEqual([["a", "b"], 0]);
});

test("if the callback of one item throws, the others still expire", async () => {
  const world = new World();
  const gone: string[] = [];
  const guarded = (run: () => void) => () => {
    try {
      run();
    } catch {
      gone.push("trouble");
    }
  };
  const expiry = new Expiry<Thing>({
    platform: { now: () => world.now(), after: (ms, run) => world.after(ms, guarded(run)) },
    ms: 100,
    expired({ name }) {
      if (name === "bad") throw new Error("no");
      gone.push(name);
    },
  });
  for (const name of ["bad", "good"]) expiry.add(thing(name));
  await world.pass(101);
  expect(gone).toEqual(["trouble", "good"]);
  expiry.add(thing("later"));
  await world.pass(101);
  expect(gone).toEqual(["trouble", "good", "later"]);
});

test("an item that is added again starts its time over, and a removed one never expires", async () => {
  const { world, expiry, gone } = setUp();
  const [a, b] = [thing("a"), thing("b")];
  for (const each of [a, b]) expiry.add(each);
  await world.pass(50);
  expiry.add(a);
  expiry.delete(b);
  await world.pass(99);
  expect(gone).toEqual([]);
  await world.pass(1);
  expect([gone, world.timers]).toEqual([["a"], 0]);
  expiry.add(a);
  expiry.delete(a);
  expect(world.timers).toBe(0);
});

test("a thousand that expire together do so in turns, and one of them can make a new one", async () => {
  const world = new World();
  const gone: string[] = [];
  const expiry: Expiry<Thing> = new Expiry({
    platform: world,
    ms: 100,
    expired({ name }) {
      gone.push(name);
      if (name === "0") expiry.add(thing("new"));
    },
  });
  for (let index = 0; index < 1_000; index++) expiry.add(thing(`${index}`));
  world.stall(100);
  await world.pass(0);
  expect(gone.length).toBe(1_000);
  await world.pass(99);
  expect(gone.length).toBe(1_000);
  await world.pass(1);
  expect(gone.at(-1)).toBe("new");
});
