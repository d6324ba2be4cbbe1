import { describe, expect, test } from "vitest";
import { type Acked, isKept, judge, lostOf, type Seen } from "./history.ts";

const at = (offset: number, text = `t${offset}`, epoch = "a"): Acked => ({ epoch, offset, text });
const upTo = (count: number): Acked[] => Array.from({ length: count }, (_, index) => at(index + 1));

function verdictOf(seen: Seen[], acked: Acked[] = upTo(4)) {
  return judge({ acked, readers: [upTo(4), seen] });
}

describe("a history", () => {
  test("in which everybody saw everything is kept", () => {
    const verdict = verdictOf(upTo(4));
    expect(verdict).toEqual({
      ...{ acked: 4, delivered: 8, told: 0, missing: 0, twice: 0, outOfOrder: 0, differing: 0 },
    });
    expect(isKept(verdict)).toBe(true);
  });

  test.each<[string, Seen[], object]>([
    ["a hole", [at(1), at(4)], { missing: 2 }],
    ["an end that does not come", [at(1), at(2)], { missing: 2 }],
    ["an event twice", [at(1), at(2), at(2), at(3), at(4)], { twice: 1 }],
    ["two in the wrong order", [at(1), at(3), at(2), at(4)], { outOfOrder: 1 }],
    ["another text", [at(1), at(2, "other"), at(3), at(4)], { differing: 1 }],
    ["another epoch without a word", [at(1), at(5, "t5", "b")], { missing: 5 }],
    ["nothing at all", [], { missing: 4 }],
    ["nothing but a notice", ["told"], { missing: 4 }],
  ])("with %s is not", (_what, seen, expected) => {
    const verdict = verdictOf(seen);
    expect(verdict).toMatchObject(expected);
    expect(isKept(verdict)).toBe(false);
  });

  test.each<[string, Seen[]]>([
    ["a hole that the reader was told of", [at(1), "told", at(4)]],
    ["a reader that came late", [at(3), at(4)]],
  ])("with %s is kept", (_what, seen) => {
    expect(isKept(verdictOf(seen))).toBe(true);
  });

  test("that goes on in another epoch is kept only if the reader was told and followed it to its end", () => {
    const acked = [at(1), at(1, "x", "b"), at(2, "y", "b")];
    const followed: Seen[] = [at(1), "told", at(1, "x", "b"), at(2, "y", "b")];
    expect(isKept(judge({ acked, readers: [followed] }))).toBe(true);
    expect(judge({ acked, readers: [followed.slice(0, 3)] }).missing).toBe(1);
    expect(judge({ acked, readers: [[at(1)]] }).missing).toBe(2);
  });

  test("with one publication in two places of an epoch is not kept, in two epochs it is", () => {
    expect(judge({ acked: [at(1, "x"), at(2, "x")], readers: [] }).twice).toBe(1);
    expect(judge({ acked: [at(1, "x"), at(1, "x", "b")], readers: [] }).twice).toBe(0);
  });

  test("with an ack for a place where a reader saw another text is not kept", () => {
    expect(judge({ acked: [at(1, "mine")], readers: [[at(1, "yours")]] }).differing).toBe(1);
  });

  test("loses the events that were acknowledged and that nobody has seen, in any epoch", () => {
    const readers: Seen[][] = [[at(1), "told", at(2, "t3", "b")], [at(1)]];
    expect(lostOf({ acked: upTo(4), readers })).toBe(2);
  });
});
