import { expect, test } from "vitest";
import type { Mutant } from "./mutant.ts";
import { suiteOf } from "./suite.ts";

const text = `import x from "x";
// #region door
open();
// #endregion door
// #region send
send();
// #endregion send
`;
const mutant: Mutant = {
  file: "apps/one/src/http.ts",
  search: "send()",
  replace: "",
  why: "nothing is sent",
};

test("in an app the tests are those of the region", () => {
  expect(suiteOf(mutant, text)).toEqual(["--grep", "@(send)(?![\\w-])", "--grep-invert", "@any-server"]);
  expect(suiteOf({ ...mutant, search: "open()" }, text)).toContain("@(door)(?![\\w-])");
  expect(suiteOf({ ...mutant, search: "import x" }, text)).toBeUndefined();
});

test("named tests are run instead, each by its whole name", () => {
  const [, grep = ""] = suiteOf({ ...mutant, tests: ["src/a.test.ts", "UPG-1", "@send"] }, text) ?? [];
  expect("@send UPG-1".split(" ").every((name) => new RegExp(grep).test(`${name} MUST`))).toBe(true);
  expect(["UPG-10 MUST", "@sending", "@send-later"].some((title) => new RegExp(grep).test(title))).toBe(
    false,
  );
});

test("in a package no test of the suite is run unless it is named", () => {
  expect(suiteOf({ ...mutant, file: "packages/hub/src/hub.ts" }, text)).toBeUndefined();
  expect(suiteOf({ ...mutant, tests: ["src/a.test.ts"] }, text)).toBeUndefined();
});
