import { expect, test } from "vitest";
import { sampleResults, sampleTest } from "./fixture.ts";
import { markdownMatrix, replaceMatrix } from "./markdown.ts";

const bare = {
  ...sampleResults([
    sampleTest("UPG-01", { one: { verdict: "failed", ms: 1 }, two: { verdict: "passed", ms: 1 } }),
    sampleTest("ECHO-01", { one: { verdict: "passed", ms: 1 }, two: { verdict: "passed", ms: 1 } }),
  ]),
  column: "bare" as const,
};

test("two cells for each server, a dash where nothing was run, the deviations below", () => {
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

Run on 2026-11-22 (linux x64, 2 × Example). One: node 26.10.0, ws 8.23.0; Two: bun 1.4.5.`);
});

test("only what stands between the markers is replaced", () => {
  const text = "# Title\n<!-- matrix:begin -->\nold\n<!-- matrix:end -->\nmore\n";
  const replaced = "# Title\n<!-- matrix:begin -->\nnew\n<!-- matrix:end -->\nmore\n";
  expect(replaceMatrix(text, "new")).toBe(replaced);
  expect(replaceMatrix(replaced, "new")).toBe(replaced);
});

test("a text without its markers is not touched", () => {
  expect(replaceMatrix("# Title\n", "new")).toBeUndefined();
  expect(replaceMatrix("<!-- matrix:end -->\n<!-- matrix:begin -->", "new")).toBeUndefined();
});
