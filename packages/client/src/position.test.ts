import { describe, expect, test } from "vitest";
import { Position } from "./position.ts";

const subscribed = (rest: object = {}) => ({
  type: "subscribed" as const,
  re: "1",
  topic: "room/a",
  mode: "stream" as const,
  epoch: "e1",
  offset: 5,
  recovered: false,
  ...rest,
});

/** A reader that has seen everything up to 5 and follows live. */
function atFive(): Position {
  const position = new Position();
  position.confirm(subscribed());
  position.event({ epoch: "e1", offset: 5 });
  return position;
}

const at = (offset: number, epoch = "e1") => ({ epoch, offset });

describe("before `subscribed`", () => {
  test("there is no cursor, and nothing counts", () => {
    const position = new Position();
    expect(position.cursor).toBeUndefined();
    expect(position.event(at(1))).toBe("drop");
    expect(position.ownAck(at(1))).toBe("drop");
    expect(position.cursor).toBeUndefined();
  });

  test("asking again, what still arrives does not count either: the replay brings it", () => {
    const position = atFive();
    position.ask();
    expect(position.event(at(6))).toBe("drop");
    expect(position.ownAck(at(6))).toBe("drop");
    expect(position.cursor).toEqual(at(5));
    position.confirm(subscribed({ offset: 6, recovered: true }));
    expect(position.event(at(6))).toBe("deliver");
  });
});

describe("the replay", () => {
  test("may leave out events, up to the head", () => {
    const position = new Position();
    position.confirm(subscribed({ offset: 9 }));
    expect([2, 5, 9].map((offset) => position.event(at(offset)))).toEqual(["deliver", "deliver", "deliver"]);
  });

  test("may be empty: the place after the head is the next one", () => {
    const position = new Position();
    position.confirm(subscribed({ offset: 9 }));
    expect(position.event(at(10))).toBe("deliver");
  });

  test("does not excuse a hole after the head", () => {
    const position = new Position();
    position.confirm(subscribed({ offset: 9 }));
    expect(position.event(at(3))).toBe("deliver");
    expect(position.event(at(11))).toBe("gap");
    expect(position.cursor).toEqual(at(3));
  });

  test("if it is cut, the cursor is at the last event that came, not at the head", () => {
    const position = new Position();
    position.confirm(subscribed({ offset: 9 }));
    expect(position.cursor).toEqual(at(0));
    position.event(at(3));
    expect(position.cursor).toEqual(at(3));
  });

  test("may overlap what was seen: that is dropped", () => {
    const position = atFive();
    position.confirm(subscribed({ offset: 7 }));
    expect([4, 5, 6, 7].map((offset) => position.event(at(offset)))).toEqual([
      "drop",
      "drop",
      "deliver",
      "deliver",
    ]);
  });

  test("is not overtaken by the ack of a repeated request", () => {
    const position = new Position();
    position.confirm(subscribed({ offset: 9 }));
    expect(position.ownAck(at(9))).toBe("drop");
    expect(position.event(at(8))).toBe("deliver");
  });
});

describe("live", () => {
  test("each place follows the last", () => {
    const position = atFive();
    expect([6, 7, 8].map((offset) => position.event(at(offset)))).toEqual(["deliver", "deliver", "deliver"]);
    expect(position.cursor).toEqual(at(8));
  });

  test("what was seen is dropped", () => {
    const position = atFive();
    expect([5, 1].map((offset) => position.event(at(offset)))).toEqual(["drop", "drop"]);
    expect(position.cursor).toEqual(at(5));
  });

  test("a skipped place is a gap, and the cursor stays before it", () => {
    const position = atFive();
    expect(position.event(at(7))).toBe("gap");
    expect(position.cursor).toEqual(at(5));
  });

  test("our own ack stands for the event that we are not sent", () => {
    const position = atFive();
    expect(position.ownAck(at(6))).toBe("drop");
    expect(position.event(at(7))).toBe("deliver");
    expect(position.cursor).toEqual(at(7));
  });

  test("an ack that skips a place is a gap, too", () => {
    const position = atFive();
    expect(position.ownAck(at(7))).toBe("gap");
    expect(position.cursor).toEqual(at(5));
  });

  test("another epoch is a gap of unknown size", () => {
    const position = atFive();
    expect(position.event(at(6, "e2"))).toBe("gap");
    expect(position.cursor).toEqual(at(5));
  });

  test("the ack of another epoch says nothing", () => {
    const position = atFive();
    expect(position.ownAck(at(6, "e2"))).toBe("drop");
    expect(position.event(at(7))).toBe("gap");
  });

  test("in a `latest` topic every step forward is legal", () => {
    const position = new Position();
    position.confirm(subscribed({ mode: "latest" }));
    expect([9, 12, 11, 100].map((offset) => position.event(at(offset)))).toEqual([
      "deliver",
      "deliver",
      "drop",
      "deliver",
    ]);
  });
});

describe("resuming", () => {
  test("goes on where the server says so", () => {
    expect(atFive().confirm(subscribed({ offset: 7, recovered: true }))).toBe(true);
  });

  test("does not go on where the server cannot", () => {
    expect(atFive().confirm(subscribed({ offset: 900, recovered: false }))).toBe(false);
  });

  test("never goes on in another epoch, whatever the server says, and counts from the beginning", () => {
    const position = atFive();
    expect(position.confirm(subscribed({ epoch: "e2", offset: 2, recovered: true }))).toBe(false);
    expect(position.cursor).toEqual(at(0, "e2"));
    expect(position.event(at(1, "e2"))).toBe("deliver");
  });

  test("a log that is shorter than what we saw of it is another one", () => {
    const position = atFive();
    expect(position.confirm(subscribed({ offset: 3, recovered: true }))).toBe(false);
    expect(position.event(at(3))).toBe("deliver");
  });

  test("a partial replay within the epoch does not bring back what was seen", () => {
    const position = atFive();
    position.confirm(subscribed({ offset: 7, recovered: false }));
    expect(position.event(at(5))).toBe("drop");
    expect(position.event(at(7))).toBe("deliver");
  });
});
