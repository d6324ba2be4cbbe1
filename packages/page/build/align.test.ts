import { expect, test } from "vitest";
import { align } from "./align.ts";

/** Returns the columns as they would stand beside each other, with `·` for a gap. */
function shown(...columns: string[][]): string[] {
  return align(columns).map((row) =>
    row.map((at, column) => (at === undefined ? "·" : columns[column]?.[at])).join(" | "),
  );
}

test("equal lines face each other", () => {
  expect(shown(["a", "b", "c"], ["b", "c", "d"])).toEqual(["a | ·", "b | b", "c | c", "· | d"]);
});

test("what differs between equal lines faces each other from the top", () => {
  expect(shown(["a", "x", "z"], ["a", "p", "q", "z"])).toEqual(["a | a", "x | p", "· | q", "z | z"]);
});

test("lines are equal however deep they stand", () => {
  expect(shown(["  go();"], ["go();"])).toEqual(["  go(); | go();"]);
});

test("a third column meets the line that any of the others has", () => {
  expect(shown(["a", "b"], ["a", "x", "b"], ["x", "b"])).toEqual(["a | a | ·", "· | x | x", "b | b | b"]);
});

test("a bracket does not keep lines with words from each other", () => {
  expect(shown(["}", "}", "stop();"], ["stop();", "}", "}"])).toEqual([
    "} | ·",
    "} | ·",
    "stop(); | stop();",
    "· | }",
    "· | }",
  ]);
});

test("a line faces one that says almost the same", () => {
  expect(
    shown(["const stop = 1;", "function echo(ws, data) {"], ["function echo(ws, data, more) {"]),
  ).toEqual(["const stop = 1; | ·", "function echo(ws, data) { | function echo(ws, data, more) {"]);
});

test("every line stands in one row, in order", () => {
  const columns = [
    ["a", "b", "a", "c"],
    ["c", "a", "b"],
    ["b", "b", "c", "a"],
  ];
  const rows = align(columns);
  for (const [column, lines] of columns.entries()) {
    const places = rows.map((row) => row[column]).filter((at) => at !== undefined);
    expect(places).toEqual([...lines.keys()]);
  }
});

test("no columns and no lines have no rows", () => {
  expect(align([])).toEqual([]);
  expect(align([[], []])).toEqual([]);
});
