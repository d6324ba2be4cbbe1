import { join } from "node:path";
import { root } from "@rosetta/manifest";
import { expect, test } from "vitest";
import { readRun } from "./playwright.ts";

const spec = (title: string, status: "expected" | "unexpected", messages: string[]) => ({
  title,
  tags: ["upgrade"],
  file: "a.test.ts",
  line: 3,
  tests: [{ status, results: messages.map((message) => ({ error: { message } })) }],
});

test("a report becomes a flat list, including nested groups, with the last error in plain text", () => {
  const run = readRun({
    config: { rootDir: join(root, "e2e/tests") },
    suites: [
      {
        specs: [spec("UPG-01 MUST a", "expected", [])],
        suites: [{ specs: [spec("UPG-02 MUST b", "unexpected", ["first", "\u001b[31mlast\u001b[39m"])] }],
      },
    ],
    errors: [{ message: "\u001b[31mstopped\u001b[39m" }],
  });
  const place = { tags: ["upgrade"], file: "e2e/tests/a.test.ts", line: 3 };
  expect(run).toEqual({
    outcomes: [
      { title: "UPG-01 MUST a", status: "expected", ...place },
      { title: "UPG-02 MUST b", status: "unexpected", error: "last", ...place },
    ],
    errors: ["stopped"],
  });
});
