import type { AppFiles } from "@rosetta/manifest";
import { describe, expect, test } from "vitest";
import { readAppSources } from "./app-sources.ts";
import { checkLadders, ladderTable, linesLost } from "./ladder.ts";

const echo = `// One, step 1: echo.
import { Server } from "a-library";
const server = new Server();
server.on("message", (ws, data) => ws.send(data));
server.listen(3001);
`;
const rooms = echo.replace(
  "server.listen",
  `
// #region rooms
const rooms = new Map();
// #endregion rooms
server.listen`,
);

/** Two ladders that are equal except for what `change` does to the second. */
function findings(change: (files: Map<string, string>) => void): string[] {
  const names = ["3-heartbeat.ts", "4-admission.ts", "5-backpressure.ts", "6-shutdown.ts"];
  const files = () =>
    new Map([["1-echo.ts", echo], ["2-rooms.ts", rooms], ...names.map((name) => [name, rooms] as const)]);
  const apps: AppFiles[] = [
    { id: "one", files: files() },
    { id: "two", files: files() },
  ];
  change((apps[1] as AppFiles).files);
  return checkLadders(readAppSources(apps, "steps")).map(
    ({ file, line, message }) => `${file}:${line}  ${message}`,
  );
}

const append = (name: string, text: string) => findings((files) => files.set(name, files.get(name) + text));

test("two equal ladders give no finding", () => {
  expect(findings(() => {})).toEqual([]);
});

test("every server has a ladder, and every ladder the same rungs", () => {
  expect(findings((files) => files.clear())).toHaveLength(6);
  expect(findings((files) => files.delete("6-shutdown.ts"))).toEqual([
    "apps/two/steps/6-shutdown.ts:1  missing: a file of one",
  ]);
  expect(findings((files) => files.set("7-more.ts", rooms))).toContain(
    "apps/two/steps/7-more.ts:1  is no rung; there are: 1-echo.ts, 2-rooms.ts, 3-heartbeat.ts, 4-admission.ts, 5-backpressure.ts, 6-shutdown.ts",
  );
});

test("a rung has the same regions in every ladder", () => {
  expect(append("6-shutdown.ts", "// #region more\nmore();\n// #endregion more\n")).toEqual([
    "apps/one/steps/6-shutdown.ts:1  no region more as in two: a stack that cannot do it says so there, with a link",
  ]);
});

test("a rung is short", () => {
  expect(append("6-shutdown.ts", "// and\n".repeat(151))).toEqual([]);
  expect(append("6-shutdown.ts", "// and\n".repeat(152))).toEqual([
    "apps/two/steps/6-shutdown.ts:161  161 lines: at most 160",
  ]);
});

test("a rung imports nothing of ours", () => {
  expect(
    append("6-shutdown.ts", 'import { a } from "@rosetta/hub";\nawait import("./1-echo.ts");\n'),
  ).toEqual([
    "apps/two/steps/6-shutdown.ts:10  imports @rosetta/hub: a rung needs only its stack",
    "apps/two/steps/6-shutdown.ts:11  imports ./1-echo.ts: a rung needs only its stack",
  ]);
});

describe("each rung is the one before and one subject more", () => {
  const lines = (count: number) => Array.from({ length: count }, (_, at) => `step(${at});\n`).join("");

  test("what it changes of the one before is bounded, and named", () => {
    expect(append("5-backpressure.ts", lines(4))).toEqual([]);
    expect(append("5-backpressure.ts", lines(5))).toEqual([
      "apps/two/steps/6-shutdown.ts:1  changes 5 lines of 5-backpressure.ts, at most 4: step(0); ⏎ step(1); ⏎ step(2); ⏎ step(3); ⏎ step(4);",
    ]);
  });

  test("a line that moves or is indented is not lost, one of two equal ones is", () => {
    expect(linesLost("// 1\na();\nb();\n", "// 2\nif (x) {\n  b();\n  a();\n}\n")).toEqual([]);
    expect(linesLost("// 1\na();\na();\n", "// 2\na();\n")).toEqual(["a();"]);
  });
});

test("the table shows how long each rung is, and what it changes", () => {
  const house = readAppSources(
    [
      {
        id: "one",
        files: new Map([
          ["1-echo.ts", echo],
          ["2-rooms.ts", rooms.replace("3001", "0")],
        ]),
      },
    ],
    "steps",
  );
  expect(ladderTable(house).split("\n").slice(0, 3)).toEqual([
    expect.stringMatching(/^rung +one$/),
    expect.stringMatching(/^1-echo\.ts +5$/),
    expect.stringMatching(/^2-rooms\.ts +9 \(1 changed\)$/),
  ]);
});
