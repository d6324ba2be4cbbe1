import fc from "fast-check";
import { expect, test } from "vitest";
import { type Linked, LinkedSet } from "./linked-set.ts";

interface Item extends Linked<Item> {
  name: number;
}

test("a linked set keeps the order of a Set that deletes an item before it is added again", () => {
  const step = fc.record({ adds: fc.boolean(), name: fc.nat(7) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const items = Array.from(
        { length: 8 },
        (_, name): Item => ({ name, before: undefined, after: undefined }),
      );
      const set = new LinkedSet<Item>();
      const model = new Set<Item>();
      for (const { adds, name } of steps) {
        const item = items[name] as Item;
        expect(set.has(item)).toBe(model.has(item));
        const wasThere = model.delete(item);
        if (adds) set.add(item);
        else expect(set.delete(item)).toBe(wasThere);
        if (adds) model.add(item);
        expect([set.first, set.size]).toEqual([[...model][0], model.size]);
        expect([...set].map((one) => one.name)).toEqual([...model].map((one) => one.name));
      }
    }),
  );
});

test("what has left a linked set holds none of its neighbours, so it keeps none of them in memory", () => {
  const set = new LinkedSet<Item>();
  const [first, middle, last] = [0, 1, 2].map(
    (name): Item => ({ name, before: undefined, after: undefined }),
  );
  for (const item of [first, middle, last]) set.add(item as Item);
  expect(set.delete(middle as Item)).toBe(true);
  expect([middle?.before, middle?.after]).toEqual([undefined, undefined]);
  expect([first?.after, last?.before]).toEqual([last, first]);
});
