import { expect, test } from "vitest";
import { contradiction, deviationOf } from "./deviation.ts";

const deviation = {
  test: "SLOW-03",
  reason: "it drops",
  link: "https://example.org",
  shows: "expected 4002",
};

function judge(status: string, ...errors: string[]): string | undefined {
  return contradiction(deviation, { status, errors });
}

test("a test that fails as declared matches its deviation", () => {
  expect(judge("failed", "Error: expected 4002, came 1006")).toBeUndefined();
});

test("colours within the error do not hide the match", () => {
  expect(judge("failed", "Error: expected \u001b[7m4002\u001b[27m, came 1006")).toBeUndefined();
});

test("a test that passes shows that the deviation is gone", () => {
  expect(judge("passed")).toBe("the deviation is gone: SLOW-03 passes. Remove it from server.json");
});

test.each([
  ["another error", "Error: expected 1009, came 1006"],
  ["a mistake in the suite", "TypeError: expected 4002 is not a function"],
  ["a server that did not start", "ServerError: it did not start: expected 4002"],
])("%s is not what was declared", (_name, error) => {
  expect(judge("failed", error)).toContain("but failed with:");
});

test("every error must be the declared one", () => {
  expect(judge("failed", "Error: expected 4002", "ServerError: the server died")).toContain(
    "the server died",
  );
});

test("a timeout is never the declared error", () => {
  expect(judge("timedOut", "Test timeout: expected 4002")).toContain("but the test was timedOut");
});

test("a deviation with an empty text would excuse everything", () => {
  expect(contradiction({ ...deviation, shows: " " }, { status: "failed", errors: ["Error: x"] })).toContain(
    "must say what it shows",
  );
});

test("a deviation belongs to one test", () => {
  expect(deviationOf([deviation], "SLOW-03 MUST close with 4002")).toBe(deviation);
  expect(deviationOf([deviation], "SLOW-031 MUST close with 4002")).toBeUndefined();
});
