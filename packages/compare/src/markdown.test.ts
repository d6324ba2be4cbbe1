import { expect, test } from "vitest";
import { readAppSources } from "./app-sources.ts";
import { sampleResults, sampleTest } from "./fixture.ts";
import { markdownMatrix, markdownRegions, readPart, replacePart } from "./markdown.ts";

const passed = { verdict: "passed", ms: 1 } as const;
const failed = { verdict: "failed", ms: 1 } as const;
const deviating = {
  verdict: "deviates",
  ms: 1,
  reason: "it can never",
  link: "https://example.org/steps",
} as const;

const rungs = ["1-echo", "2-rooms"].flatMap((name) =>
  sampleResults().servers.map((server) => ({
    ...server,
    id: `${server.id}:${name}`,
    rung: { server: server.id, name },
  })),
);
const steps = {
  ...sampleResults([
    sampleTest("UPG-01", {
      "one:1-echo": failed,
      "two:1-echo": passed,
      "one:2-rooms": passed,
      "two:2-rooms": passed,
    }),
    sampleTest("STEP-01", {
      "one:1-echo": failed,
      "two:1-echo": deviating,
      "one:2-rooms": passed,
      "two:2-rooms": deviating,
    }),
  ]),
  servers: rungs,
  column: "steps" as const,
};

const engine = {
  ...sampleResults([sampleTest("CLUSTER-01", { one: passed, two: failed })]),
  column: "engine" as const,
};

test("group by server, with an engine, too, rung by server, and the deviations below", () => {
  expect(markdownMatrix({ app: sampleResults(), engine, steps })).toBe(`|  | One | Two |
|---|--:|--:|
| HTTP | 2/2 | 1/1 |
| UPG | 1/2 | 2/2 (1≠) |
| all | **3/4** | **3/3 (1≠)** |

With an engine (\`pnpm e2e --cluster\`): the groups that concern delivery once more, on servers that keep what they know in Redis, and CLUSTER, in which all of these servers are one application.

|  | One | Two |
|---|--:|--:|
| CLUSTER | 1/1 | 0/1 |
| all | **1/1** | **0/1** |

The ladder: how many of the tests that concern a rung pass on it. \`pnpm e2e --steps\` says which ones each rung turns green.

| rung | One | Two |
|---|--:|--:|
| \`1-echo\` | 0/2 | 2/2 |
| \`2-rooms\` | 2/2 | 2/2 |

≠ is a known difference of the stack; the test runs and fails as described:

- UPG-02, Two: it cannot ([source](https://example.org))
- STEP-01, Two: it can never ([source](https://example.org/steps))

Run on 2026-11-22 (linux x64, 2 × Example). One: node 26.10.0, ws 8.23.0; Two: bun 1.4.5, hono 4.13.19.`);
});

test("servers that deviate for the same reason share a row", () => {
  const because = (reason: string) => ({ verdict: "deviates", ms: 1, reason }) as const;
  const results = {
    ...sampleResults([
      sampleTest("UPG-01", { one: because("ws"), two: because("Bun"), three: because("ws") }),
    ]),
    servers: ["one", "two", "three"].map((id) => ({ id, title: id, runtime: "node 26.10.0" })),
  };
  const rows = markdownMatrix({ app: results, engine, steps })
    .split("\n")
    .filter((line) => line.startsWith("- UPG-01"));
  expect(rows).toEqual(["- UPG-01, one and three: ws", "- UPG-01, two: Bun"]);
});

test("files come in reading order, and regions in the order of their file", () => {
  const region = (name: string) => `// #region ${name}\nrun();\n// #endregion ${name}\n`;
  const files = new Map([
    ["connection.ts", region("send") + region("ping")],
    ["http.ts", region("door")],
    ["main.ts", "run();\n"],
    ["other.ts", region("more")],
    ["server.ts", region("upgrade")],
  ]);
  const rungs = new Map([
    ["1-echo.ts", "run();\n"],
    ["2-rooms.ts", region("rooms")],
    ["3-heartbeat.ts", region("rooms") + region("heartbeat") + region("guard")],
  ]);
  const ladders = readAppSources([{ id: "one", files: rungs }], "steps");
  expect(markdownRegions(readAppSources([{ id: "one", files }]), ladders).split("\n")).toEqual([
    "| file | lives as long as | regions |",
    "|---|---|---|",
    "| `steps/1-echo.ts` | the process | none |",
    "| `steps/2-rooms.ts` | the process | adds rooms |",
    "| `steps/3-heartbeat.ts` | the process | adds heartbeat, guard |",
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
