import { expect, test } from "vitest";
import { agreement, compare, type Fact } from "./findings.ts";

const servers = ["one", "two", "three"].map((id) => ({ id, title: id, url: `http://${id}`, self: false }));

function rows(facts: Record<string, Fact[]>) {
  const findings = new Map(Object.entries(facts).map(([id, own]) => [id, new Map([["panel", own]])]));
  return compare(servers, findings);
}

test("a value that one server alone has is marked", () => {
  const code = (value: string) => [{ name: "Code", value }];
  expect(rows({ one: code("1009"), two: code("1009"), three: code("1006") })).toEqual([
    { name: "Code", values: ["1009", "1009", "1006"], differs: true },
  ]);
  expect(rows({ one: code("1009"), two: code("1009"), three: code("1009") })[0]?.differs).toBe(false);
});

test("times differ without being marked", () => {
  const time = (value: string): Fact[] => [{ name: "Round trip", value, measured: true }];
  expect(rows({ one: time("1 ms"), two: time("2 ms"), three: time("3 ms") })[0]?.differs).toBe(false);
});

test("a server that has told nothing yet differs from nobody", () => {
  expect(rows({ one: [{ name: "Code", value: "1000" }], three: [{ name: "Code", value: "1000" }] })).toEqual([
    { name: "Code", values: ["1000", undefined, "1000"], differs: false },
  ]);
});

test("what only a later server tells has its row, too", () => {
  expect(rows({ two: [{ name: "Reason", value: "x" }] }).map(({ name }) => name)).toEqual(["Reason"]);
});

test("the sentence says whether the servers agree, and in how many rows they differ", () => {
  const facts = (one: string, two: string): Record<string, Fact[]> => {
    const same = { name: "Code", value: "1000" };
    const time = (value: string): Fact => ({ name: "Time", value, measured: true });
    return {
      one: [{ name: "Reason", value: one }, same, time("1 ms")],
      two: [{ name: "Reason", value: two }, same, time("2 ms")],
    };
  };
  expect(agreement(rows({}))).toMatch(/^Do something in one column/);
  expect(agreement(rows(facts("a", "a")))).toMatch(/^The servers agree/);
  expect(agreement(rows(facts("a", "b")))).toBe("The servers differ in 1 of 3.");
});
