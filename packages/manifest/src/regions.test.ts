import { expect, test } from "vitest";
import { alike, emptied, hasCode, regions } from "./regions.ts";

const file = `import x from "y";

  // #region upgrade
  server.on("upgrade", () => {
    refuse();
  });
  // #endregion upgrade

// #region drain
// The stack has no drain: https://example.org
// #endregion drain
`;

test("a region has its name, its line and its lines, without the shared indentation", () => {
  expect([...regions(file)]).toEqual([
    ["upgrade", { line: 3, lines: ['server.on("upgrade", () => {', "  refuse();", "});"] }],
    ["drain", { line: 9, lines: ["// The stack has no drain: https://example.org"] }],
  ]);
});

test("lines may end as on Windows", () => {
  expect(regions(file.replaceAll("\n", "\r\n")).get("upgrade")?.lines).toHaveLength(3);
});

test.each([
  ["// #region a\n// #region b\n", "x.ts:2  region b overlaps region a"],
  ["// #region a\n// #endregion a\n// #region a\n", "x.ts:3  region a repeats"],
  ["// #region a\n// #endregion b\n", "x.ts:2  unexpected end of region b"],
  ["// #endregion a\n", "x.ts:1  unexpected end of region a"],
  ["\n// #region a\n", "x.ts:2  region a is never closed"],
  ["// #region a\n// #endregion\n", 'x.ts:2  not a marker: "// #endregion"'],
  ["//#region a\n", 'x.ts:1  not a marker: "//#region a"'],
  ["// #region Upgrade\n", 'x.ts:1  not a marker: "// #region Upgrade"'],
])("an error names file and line: %j", (text, message) => {
  expect(() => regions(text, "x.ts")).toThrow(message);
});

test("a region that contains only comments has no code", () => {
  const found = regions(file);
  expect(hasCode(found.get("upgrade") ?? { line: 0, lines: [] })).toBe(true);
  expect(hasCode(found.get("drain") ?? { line: 0, lines: ["code"] })).toBe(false);
});

test("emptying a region leaves every other line where it was", () => {
  const after = emptied(file, "upgrade").split("\n");
  expect(after).toHaveLength(file.split("\n").length);
  expect(after.slice(2, 7)).toEqual(["  // #region upgrade", "", "", "", "  // #endregion upgrade"]);
  expect(after[8]).toBe("// #region drain");
});

test("emptying a region that does not exist is an error", () => {
  expect(() => emptied(file, "send")).toThrow("no region send");
});

test("apps with the same lines are in one group, and an app that differs from all others is alone", () => {
  const lines = new Map([
    ["one", ["a();", "  b();"]],
    ["two", ["b();"]],
    ["three", ["a();", "b();"]],
  ]);
  expect(alike(lines)).toEqual([["one", "three"], ["two"]]);
  expect(alike(new Map())).toEqual([]);
});
