import { expect, test } from "vitest";
import { WireRecorder } from "../../wire/recorder.ts";
import { foundItems, itemsOf, type WireItem } from "./items.ts";

/** Records a text at a time (ms) on a path. */
function record(recorder: WireRecorder, path: string, at: number): void {
  recorder.record("express-ws", path, { direction: "in", at, kind: "text", data: "x" });
}

function lines(recorder: WireRecorder, ...opened: string[]): string[] {
  return itemsOf(recorder.entries, recorder.section, new Set(opened)).map(nameOf);
}

function nameOf(item: WireItem): string {
  if (item.kind === "record") return String(item.entry.number);
  if (item.kind === "quiet") return `quiet ${item.ms}`;
  const state = item.isOpen ? "open" : "folded";
  return item.kind === "lesson"
    ? `${item.title} ${item.count} ${state}`
    : `${item.paths} ${item.count} ${state}`;
}

/** Returns a log of two lessons, the first about `/echo`, the second about `/ws`. */
function twoLessons(): WireRecorder {
  const recorder = new WireRecorder();
  recorder.begin({ title: "One", isOwn: (path) => path === "/echo" });
  for (const path of ["/ws", "/echo", "/ws", "/ws", "/echo"]) record(recorder, path, 0);
  recorder.begin({ title: "Two", isOwn: (path) => path === "/ws" });
  record(recorder, "/ws", 0);
  return recorder;
}

test("each lesson has a divider, and earlier ones are folded until they are opened", () => {
  expect(lines(twoLessons())).toEqual(["One 5 folded", "Two 1 open", "6"]);
  expect(lines(twoLessons(), "lesson-1")).toEqual([
    "One 5 open",
    "/ws 3 folded",
    "2",
    "5",
    "Two 1 open",
    "6",
  ]);
});

test("rows that are not of the lesson are folded into one line, and stand where they came once that is opened", () => {
  expect(lines(twoLessons(), "lesson-1", "others-1").slice(0, 7)).toEqual([
    "One 5 open",
    "/ws 3 open",
    "1",
    "2",
    "3",
    "4",
    "5",
  ]);
});

test("without lessons nothing is folded, and nothing divided", () => {
  const recorder = new WireRecorder();
  for (const path of ["/ws", "/echo"]) record(recorder, path, 0);
  expect(lines(recorder)).toEqual(["1", "2"]);
});

test("a silence of two seconds gets a line, a shorter one does not", () => {
  const recorder = new WireRecorder();
  for (const at of [0, 1999, 3999, 10_000]) record(recorder, "/ws", at);
  expect(lines(recorder)).toEqual(["1", "2", "quiet 2000", "3", "quiet 6001", "4"]);
});

test("search results are shown wherever they come from", () => {
  expect(foundItems(twoLessons().entries).map(nameOf)).toEqual(["1", "2", "3", "4", "5", "6"]);
});

test("keys stay the same while the log grows", () => {
  const recorder = twoLessons();
  const keys = () => itemsOf(recorder.entries, recorder.section, new Set()).map(({ key }) => key);
  const before = keys();
  record(recorder, "/ws", 0);
  expect(keys().slice(0, before.length)).toEqual(before);
});
