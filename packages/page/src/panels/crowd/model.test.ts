import type { SocketState } from "@rosetta/client";
import { expect, test } from "vitest";
import { barsOf, CrowdMember, crowdSummary, frameOf } from "./model.ts";

const open: SocketState = { name: "open", since: 0, protocol: "", extensions: "" };

function waiting(code: number): SocketState {
  return { name: "waiting", attempt: 1, untilAt: 0, delayMs: 0, windowMs: [1000, 2000], code, cause: "" };
}

/** A client that was told at 1,000 ms, closed at 1,010 ms, and is back at `backAt`. */
function restarted(backAt: number): CrowdMember {
  const member = new CrowdMember();
  member.changed({ name: "connecting", attempt: 0 }, 0);
  member.changed(open, 10);
  member.heard("a", 1);
  member.heard("a", 2);
  member.told(1000);
  member.changed(waiting(1012), 1010);
  member.changed({ name: "connecting", attempt: 1 }, backAt - 5);
  member.changed(open, backAt);
  member.heard("b", 1);
  return member;
}

test("a restart is a time line of four phases", () => {
  const { marks, ended, backAt } = restarted(2500);
  expect(marks).toEqual([
    { phase: "open", at: 10 },
    { phase: "told", at: 1000 },
    { phase: "waiting", at: 1010 },
    { phase: "open", at: 2500 },
  ]);
  expect(ended).toMatchObject({ code: 1012, wasTold: true, at: 1010 });
  expect(backAt).toBe(2500);
});

test("an attempt that failed is a part of the same wait", () => {
  const member = restarted(2500);
  member.changed(waiting(1006), 3000);
  member.changed({ name: "connecting", attempt: 2 }, 3500);
  member.changed(waiting(1006), 3510);
  expect(member.marks.at(-1)).toEqual({ phase: "waiting", at: 3000 });
  expect(member.ended).toMatchObject({ code: 1006, wasTold: false, at: 3000 });
  expect(member.backAt).toBeUndefined();
});

test("the summary tells the spread of the returns, and that nothing was lost", () => {
  const members = [restarted(2100), restarted(2900)];
  const acked = new Map([
    ["a", 2],
    ["b", 1],
  ]);
  expect(crowdSummary(members, acked)).toEqual({
    connected: 2,
    told: 2,
    codes: [1012],
    windowMs: [1000, 2000],
    awayMs: [1090, 1890],
    spreadMs: 800,
    whole: 2,
    epochs: 2,
    lost: 0,
  });
});

test("a hole is seen, and so is what was acknowledged and never came", () => {
  const member = restarted(2100);
  member.heard("b", 3);
  const { whole, lost } = crowdSummary([member], new Map([["a", 4]]));
  expect([whole, lost]).toEqual([0, 2]);
});

test("the drawing shows the last restart from its beginning, and stays there", () => {
  const members = [restarted(2100), restarted(2900)];
  expect(frameOf(members, 2950)).toEqual({ from: 510, to: 5510 });
  expect(frameOf(members, 60_000)).toEqual({ from: 510, to: 5510 });
  expect(frameOf([new CrowdMember()], 60_000)).toEqual({ from: 55_000, to: 60_000 });
});

test("phases become bars within the part of time, none beyond now", () => {
  const { marks } = restarted(2500);
  const bars = barsOf(marks, { from: 500, to: 5500 }, 3000, 100);
  expect(bars.map(({ x, ...bar }) => ({ ...bar, x: Number(x.toFixed(3)) }))).toEqual([
    { phase: "open", x: 0, width: 10 },
    { phase: "told", x: 10, width: 0.2 },
    { phase: "waiting", x: 10.2, width: 29.8 },
    { phase: "open", x: 40, width: 10 },
  ]);
});

test("one return has no spread, and a client told of a restart is still connected", () => {
  const member = restarted(2100);
  expect(crowdSummary([member], new Map()).spreadMs).toBeUndefined();
  member.told(4000);
  expect(crowdSummary([member], new Map()).connected).toBe(1);
});

test("a client is back when it is first open again, whatever the network does later", () => {
  const member = restarted(2500);
  const wait = { attempt: 0, untilAt: 3400, delayMs: 400, code: 1006, cause: "offline" };
  member.changed({ name: "offline", ...wait, windowMs: [250, 750] }, 3000);
  member.changed({ name: "connecting", attempt: 0 }, 3500);
  member.changed(open, 4000);
  expect(member.backAt).toBe(2500);
});

test("an event that comes late does not take a client back", () => {
  const member = new CrowdMember();
  for (const offset of [1, 3, 2]) member.heard("a", offset);
  expect(member.epochs).toEqual([{ name: "a", first: 1, last: 3, count: 3 }]);
});

test("one client's extra events do not offset another's losses, and events under way are not lost", () => {
  const [more, less] = [restarted(2100), restarted(2900)];
  more.heard("a", 3);
  more.heard("a", 4);
  expect(crowdSummary([more, less], new Map([["a", 3]])).lost).toBe(1);
  expect(crowdSummary([more, less], new Map([["b", 9]])).lost).toBe(0);
});

test("each code is named once, and the window is that of the last close", () => {
  const [one, other] = [restarted(2100), restarted(2900)];
  other.changed({ ...waiting(1012), windowMs: [5000, 9000] } as SocketState, 9000);
  expect(crowdSummary([one, other], new Map())).toMatchObject({ codes: [1012], windowMs: [5000, 9000] });
});

test("the chart covers the newest restart, until the last client is back", () => {
  const [early, late] = [restarted(2100), restarted(2900)];
  late.changed(waiting(1012), 60_000);
  expect(frameOf([early, late], 90_000)).toEqual({ from: 59_500, to: 90_000 });
});

test("phases before the visible time have no bar", () => {
  const { marks } = restarted(2500);
  expect(barsOf(marks, { from: 2600, to: 7600 }, 3600, 100).map(({ phase, x }) => [phase, x])).toEqual([
    ["open", 0],
  ]);
});
