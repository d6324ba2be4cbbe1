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
| Plain requests (HTTP) | 2/2 | 1/1 |
| The opening handshake (UPG) | 1/2 | 2/2 (1≠) |
| all | **3/4** | **3/3 (1≠)** |

## With an engine

\`pnpm e2e --cluster\` runs the groups that concern delivery once more, on servers that keep what they know in Redis. The group CLUSTER has all of these servers as one application.

|  | One | Two |
|---|--:|--:|
| Several servers as one application (CLUSTER) | 1/1 | 0/1 |
| all | **1/1** | **0/1** |

## The ladder

How many of the tests that concern a rung pass on it. The first rung is the stack as its own documentation writes it, so the rows below show what each subject buys. \`pnpm e2e --steps\` says which tests each rung turns green.

| rung | One | Two |
|---|--:|--:|
| \`1-echo\` | 0/2 | 2/2 |
| \`2-rooms\` | 2/2 | 2/2 |

## Known differences

These are the ≠ in the tables. Each is a test that a stack cannot pass. It still runs, and must fail as described.

### Two

- UPG-02: it cannot ([source](https://example.org))
- STEP-01: it can never ([source](https://example.org/steps))

## The run

Run on 2026-11-22 (linux x64, 2 × Example). One: node 26.10.0, ws 8.23.0; Two: bun 1.4.5, hono 4.13.19.`);
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
