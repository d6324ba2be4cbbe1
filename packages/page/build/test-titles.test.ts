import { expect, test } from "vitest";
import { parseTestTitles, readTestTitles } from "./test-titles.ts";

const text = `
test("UPG-07 MUST refuse a foreign Origin with 403", { tag: ["@upgrade", "@door"] }, async ({ raw }) => {
  await raw.connect();
});

test("PAGE-21 SHOULD say \\"hello\\"", {
  tag: ["@page", "@any-server"],
}, async () => {});

for (const code of codes) test(\`CLOSE-\${code} MUST close\`, { tag: ["@close"] }, () => {});
`;

test("a test has an id, a level, a sentence and the regions that it proves", () => {
  const [first] = parseTestTitles(text);
  expect(first).toEqual({
    id: "UPG-07",
    level: "MUST",
    title: "refuse a foreign Origin with 403",
    regions: ["upgrade", "door"],
    isForAnyServer: false,
  });
});

test("a test of any server proves nothing about one, and escapes are resolved", () => {
  expect(parseTestTitles(text)[1]).toMatchObject({ title: 'say "hello"', isForAnyServer: true });
});

test("the suite's own files are read", () => {
  expect(readTestTitles().length).toBeGreaterThan(200);
});
