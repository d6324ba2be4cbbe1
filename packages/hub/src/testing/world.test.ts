import { expect, test } from "vitest";
import { settled, World } from "./world.ts";

/** Returns a chain of promises, each waiting for the one before. */
async function chain(links: number, done: () => void): Promise<void> {
  for (let link = 0; link < links; link++) await undefined;
  done();
}

test("settled waits for the end of a chain of promises, however long", async () => {
  let isDone = false;
  void chain(10_000, () => {
    isDone = true;
  });
  await settled();
  expect(isDone).toBe(true);
});

test("everything that a timer sets off has happened before the next timer is due", async () => {
  const world = new World();
  const happened: string[] = [];
  world.after(1, () => void chain(1_000, () => happened.push("of the first timer")));
  world.after(2, () => happened.push("the second timer"));
  await world.pass(2);
  expect(happened).toEqual(["of the first timer", "the second timer"]);
});
