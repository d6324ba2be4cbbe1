import fc from "fast-check";
import { expect, test } from "vitest";
import { OrderedSet } from "./ordered-set.ts";

test("an ordered set keeps the order of a Set that deletes an item before it is added again", () => {
  const step = fc.record({ adds: fc.boolean(), item: fc.nat(7) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const set = new OrderedSet<number>();
      const model = new Set<number>();
      for (const { adds, item } of steps) {
        const wasThere = model.delete(item);
        if (adds) set.add(item);
        else expect(set.delete(item)).toBe(wasThere);
        if (adds) model.add(item);
        expect([set.first, set.size]).toEqual([[...model][0], model.size]);
      }
      for (const item of model) {
        expect(set.first).toBe(item);
        expect(set.delete(item)).toBe(true);
      }
      expect(set.first).toBeUndefined();
    }),
  );
});
