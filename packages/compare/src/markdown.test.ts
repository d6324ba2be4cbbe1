import { expect, test } from "vitest";
import { readAppSources } from "./app-sources.ts";
import { sampleResults, sampleTest } from "./fixture.ts";
import { markdownMatrix, markdownRegions, readPart, replacePart } from "./markdown.ts";

const bare = {
  ...sampleResults([
    sampleTest("UPG-01", { one: { verdict: "failed", ms: 1 }, two: { verdict: "passed", ms: 1 } }),
    sampleTest("ECHO-01", { one: { verdict: "passed", ms: 1 }, two: { verdict: "passed", ms: 1 } }),
  ]),
  column: "bare" as const,
};

test("two cells for each server, a dash if nothing was run, and the deviations below", () => {
  expect(
    markdownMatrix(sampleResults(), bare),
  ).toBe(`|  | One, as the docs write it | One, as this repository writes it | Two, as the docs write it | Two, as this repository writes it |
|---|--:|--:|--:|--:|
| HTTP | – | 2/2 | – | 1/1 |
| UPG | 0/1 | 1/2 | 1/1 | 2/2 (1≠) |
| ECHO | 1/1 | – | 1/1 | – |
| all | **1/2** | **3/4** | **2/2** | **3/3 (1≠)** |

≠ is a known difference of the stack; the test runs and fails as described:

- UPG-02, Two: it cannot ([source](https://example.org))

Run on 2026-11-22 (linux x64, 2 × Example). One: node 26.10.0, ws 8.23.0; Two: bun 1.4.5, hono 4.13.19.`);
});

test("files come in reading order, and regions in the order of their file", () => {
  const region = (name: string) => `// #region ${name}\nrun();\n// #endregion ${name}\n`;
  const files = new Map([
    ["connection.ts", region("send") + region("ping")],
    ["hello.ts", "run();\n"],
    ["http.ts", region("door")],
    ["main.ts", "run();\n"],
    ["other.ts", region("more")],
    ["server.ts", region("upgrade")],
  ]);
  expect(markdownRegions(readAppSources([{ id: "one", files }])).split("\n")).toEqual([
    "| file | lives as long as | regions |",
    "|---|---|---|",
    "| `hello.ts` | a first lesson | none: the stack as its documentation writes it |",
    "| `main.ts` | the process | none: the same to the byte everywhere |",
    "| `server.ts` | the process | upgrade |",
    "| `http.ts` | a request | door |",
    "| `connection.ts` | a socket | send, ping |",
    "| `other.ts` |  | more |",
  ]);
});

test("only the text between the comments is read and replaced", () => {
  const text = "# Title\n<!-- matrix:begin -->\nold\n<!-- matrix:end -->\nmore\n";
  const replaced = "# Title\n<!-- matrix:begin -->\nnew\n<!-- matrix:end -->\nmore\n";
  expect(readPart(text, "matrix")).toEqual({ content: "old", line: 3 });
  expect(replacePart(text, "matrix", "new")).toBe(replaced);
  expect(replacePart(replaced, "matrix", "new")).toBe(replaced);
});

test.each(["# Title\n", "<!-- matrix:end -->\n<!-- matrix:begin -->", "<!-- matrix:begin -->\n"])(
  "a text without the comments is not touched: %j",
  (text) => {
    expect(readPart(text, "matrix")).toBeUndefined();
    expect(replacePart(text, "matrix", "new")).toBeUndefined();
  },
);
