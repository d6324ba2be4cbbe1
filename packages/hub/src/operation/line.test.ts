import fc from "fast-check";
import { expect, test } from "vitest";
import { Line } from "./line.ts";

test("a line is in the order of a Set from which whatever comes again was deleted first", () => {
  const step = fc.record({ adds: fc.boolean(), item: fc.nat(7) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const line = new Line<number>();
      const model = new Set<number>();
      for (const { adds, item } of steps) {
        const wasThere = model.delete(item);
        if (adds) line.add(item);
        else expect(line.delete(item)).toBe(wasThere);
        if (adds) model.add(item);
        expect([...line]).toEqual([...model]);
        expect([line.first, line.size]).toEqual([[...model][0], model.size]);
      }
    }),
  );
});
