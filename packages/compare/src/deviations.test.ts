import { expect, test } from "vitest";
import { markdownDeviations } from "./deviations.ts";
import { sampleResults, sampleTest } from "./fixture.ts";

const because = (reason: string, link = `https://example.org/${reason}`) =>
  ({ verdict: "deviates", ms: 1, reason, link }) as const;
const servers = ["one", "two", "three"].map((id) => ({ id, title: id, runtime: "node 26.10.0" }));
const steps = {
  ...sampleResults([sampleTest("STEP-01", { "two:6-shutdown": because("Bun") })]),
  servers: servers.map((server) => ({
    ...server,
    id: `${server.id}:6-shutdown`,
    rung: { server: server.id, name: "6-shutdown" },
  })),
};

test("servers that deviate in the same tests share a section, and each reason is told once", () => {
  const app = {
    ...sampleResults([
      sampleTest("UPG-01", { one: because("ws"), two: because("Bun"), three: because("ws") }),
      sampleTest("UPG-02", { one: because("ws") }),
      sampleTest("UPG-03", { two: because("Bun") }),
      sampleTest("UPG-04", {
        one: because("zlib"),
        two: because("zlib", "https://two"),
        three: because("zlib"),
      }),
    ]),
    servers,
  };
  expect(markdownDeviations(app, steps)).toEqual([
    "",
    "### Every server",
    "",
    "- UPG-04: zlib ([source](https://example.org/zlib), [source](https://two))",
    "",
    "### one and three",
    "",
    "- UPG-01: ws ([source](https://example.org/ws))",
    "",
    "### two",
    "",
    "- UPG-01, UPG-03, STEP-01: Bun ([source](https://example.org/Bun))",
    "",
    "### one",
    "",
    "- UPG-02: ws ([source](https://example.org/ws))",
  ]);
});

test("without a deviation there is nothing to list", () => {
  expect(markdownDeviations({ ...sampleResults([]), servers }, { ...steps, tests: [] })).toEqual([]);
});
