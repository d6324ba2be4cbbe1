import { styleText } from "node:util";
import { expect, test } from "vitest";
import { table } from "./table.ts";

test("the first columns are flush left, the others flush right", () => {
  const rows = [
    ["file", "region", "one"],
    ["a.ts", "x", "12"],
    ["", "long-name", "3"],
  ];
  expect(table(rows, 2)).toBe(
    ["file  region     one", "a.ts  x           12", "      long-name    3"].join("\n"),
  );
});

test("colours take no space", () => {
  const red = styleText("red", "no", { validateStream: false });
  expect(
    table([
      ["a", red],
      ["b", "yes"],
    ]),
  ).toBe(`a   ${red}\nb  yes`);
});
