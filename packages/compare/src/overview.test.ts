import { expect, test } from "vitest";
import { readAppSources } from "./app-sources.ts";
import { equality } from "./equality.ts";
import { overview } from "./overview.ts";

const region = (name: string, ...lines: string[]) =>
  [`// #region ${name}`, ...lines, `// #endregion ${name}`, ""].join("\n");

test("the overview counts lines and marks what is equal", () => {
  const house = readAppSources([
    { id: "one", files: new Map([["a.ts", region("send", "a();", "b();") + region("ping", "c();")]]) },
    {
      id: "two",
      files: new Map([["a.ts", region("send", "a();", "b();") + region("ping", "c();", "d();")]]),
    },
  ]);
  expect(overview(house, equality(house)).split("\n")).toEqual([
    "file  region  one    two",
    "a.ts  send      2 =    2 =",
    "      ping      1      2",
  ]);
});

test("two pairs of equal apps have two marks", () => {
  const apps = ["a();", "a();", "b();", "b();", "c();"].map((line, at) => ({
    id: `app${at}`,
    files: new Map([["a.ts", region("send", line)]]),
  }));
  const house = readAppSources(apps);
  expect(overview(house, equality(house)).split("\n").at(-1)?.trimEnd()).toMatch(/1 = +1 = +1 ≡ +1 ≡ +1$/);
});
