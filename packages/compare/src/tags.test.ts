import { expect, test } from "vitest";
import { checkDealt, checkTests, type ListedTest } from "./tags.ts";

const places = [
  { region: "upgrade", file: "apps/one/src/server.ts", line: 3 },
  { region: "send", file: "apps/one/src/connection.ts", line: 7 },
];

function listed(title: string, ...tags: string[]): ListedTest {
  return { title, tags, file: "e2e/tests/a.test.ts", line: 5 };
}

const messages = (...tests: ListedTest[]) =>
  checkTests(tests, places).map(({ file, line, message }) => `${file}:${line}  ${message}`);

const whole = [
  listed("UPG-01 MUST refuse @upgrade", "upgrade"),
  listed("SEND-02 MAY send", "send", "upgrade"),
];

test("a suite that names every region gives no finding", () => {
  expect(messages(...whole)).toEqual([]);
});

test.each([
  "refuses",
  "UPG-01 refuses",
  "UPG-01 must refuse",
  "upg-01 MUST refuse",
  "UPG01 MUST refuse",
  "UPG-03 MUST ",
])("%j is no title", (title) => {
  expect(messages(...whole, listed(title, "send"))).toEqual([
    `e2e/tests/a.test.ts:5  "${title}" is not of the form "UPG-07 MUST do something"`,
  ]);
});

test("an id may be used only once", () => {
  expect(messages(...whole, listed("UPG-01 MAY do more", "upgrade"))).toEqual([
    "e2e/tests/a.test.ts:5  UPG-01 is already the id of e2e/tests/a.test.ts:5",
  ]);
});

test("an id may be used twice if one test is for servers with an engine, and the other for those without", () => {
  const embedded = listed("UPG-02 MUST tell that it is lost", "upgrade", "embedded");
  const withEngine = listed("UPG-02 MUST bring it", "upgrade", "engine");
  expect(messages(...whole, embedded, withEngine)).toEqual([]);
  expect(messages(...whole, withEngine, withEngine)).toHaveLength(1);
  expect(messages(...whole, listed("UPG-02 MUST do", "upgrade"), withEngine)).toHaveLength(1);
});

test("a test that needs an engine is no test of a region", () => {
  expect(messages(listed("UPG-01 MUST x", "upgrade"), listed("CLUSTER-01 MUST x", "send"))).toEqual([
    expect.stringContaining("region send has no test"),
  ]);
});

test("a tag must be a region", () => {
  expect(messages(...whole, listed("UPG-02 MUST x", "upgrade", "upgrades"))).toEqual([
    "e2e/tests/a.test.ts:5  @upgrades is not a region: upgrade, send",
  ]);
});

test("a test must have a tag", () => {
  expect(messages(...whole, listed("UPG-02 MUST x"))).toEqual([
    'e2e/tests/a.test.ts:5  "UPG-02 MUST x" has no tag: name the region it proves',
  ]);
});

test("the step tag is no region, so a region's tag must stand beside it", () => {
  expect(messages(...whole, listed("UPG-02 MUST x", "upgrade", "step"))).toEqual([]);
  expect(messages(...whole, listed("UPG-02 MUST x", "step"))).toEqual([
    'e2e/tests/a.test.ts:5  "UPG-02 MUST x" has no tag: name the region it proves',
  ]);
});

test("every region has a test that runs on every server", () => {
  const missing =
    "apps/one/src/connection.ts:7  region send has no test that runs on every server: tag one with @send";
  const upgrade = listed("UPG-01 MUST refuse", "upgrade");
  expect(messages(upgrade)).toEqual([missing]);
  expect(messages(upgrade, listed("PAGE-01 MUST show", "send", "any-server"))).toEqual([missing]);
});

test("a test in which a server deviates depends on the server", () => {
  const test = listed("PAGE-01 MUST show", "send", "any-server");
  const deviations = [{ test: "PAGE-01", reason: "it cannot", link: "https://example.org", shows: "x" }];
  expect(checkDealt([test, ...whole], [{ id: "one", deviations }]).map(({ message }) => message)).toEqual([
    "one deviates in PAGE-01, so the test cannot be @any-server",
  ]);
  expect(checkDealt([test, ...whole], [{ id: "one", deviations: [] }])).toEqual([]);
});
