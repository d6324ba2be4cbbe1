import { expect, test } from "vitest";
import { namedRegions, readNamedRegions } from "./named-regions.ts";

const files = new Map([
  ["packages/hub/src/a.ts", "hub"],
  ["packages/client/steps/1-echo.html", "1-echo"],
]);

test("a region is named by its package or its page", () => {
  const found = namedRegions(files, () => "\n  // #region talk\n  one\n  // #endregion talk");
  expect([...found.keys()]).toEqual(["hub/talk", "1-echo/talk"]);
  expect(found.get("hub/talk")).toEqual({
    name: "hub/talk",
    file: "packages/hub/src/a.ts",
    line: 3,
    lines: ["one"],
  });
});

test("a package has no two regions of one name", () => {
  const twice = new Map([...files, ["packages/hub/src/b.ts", "hub"]]);
  const read = () => "// #region talk\n// #endregion talk";
  expect(() => namedRegions(twice, read)).toThrow("b.ts:1  region talk is already in packages/hub/src/a.ts");
});

test("the packages and the pages of this repository have some", () => {
  const found = readNamedRegions();
  expect(found.get("hub/heartbeat")?.file).toBe("packages/hub/src/connection/heartbeat.ts");
  expect(found.get("1-echo/talk")?.lines[1]).toBe('const socket = new WebSocket("/echo");');
});
