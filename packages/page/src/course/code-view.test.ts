import { expect, test } from "vitest";
import { editorUrl, jsonOf, piecesOf, summaryOf, textOf } from "./code-view.ts";

test("an answer counts only if it is the file that was asked for", () => {
  expect(jsonOf({ status: 200, text: "[1]" })).toEqual([1]);
  expect(jsonOf({ status: 404, text: "[1]" })).toBeUndefined();
  expect(jsonOf({ status: 200, text: "<!doctype html>" })).toBeUndefined();
});

test("code is copied without the gaps of its column", () => {
  expect(
    textOf([
      [
        ["k", "if"],
        ["", " (a)"],
      ],
      null,
      [],
      [["", "  b"]],
    ]),
  ).toBe("if (a)\n\n  b\n");
});

test("the editor opens a place only if the page was built on the visitor's machine", () => {
  const place = { file: "apps/bun-hono/src/http.ts", line: 7 };
  expect(editorUrl(place, "/home/me/web socket", "127.0.0.1")).toBe(
    "vscode://file/home/me/web%20socket/apps/bun-hono/src/http.ts:7",
  );
  expect(editorUrl(place, "C:\\rosetta", "localhost")).toBe(
    "vscode://file/C:/rosetta/apps/bun-hono/src/http.ts:7",
  );
  expect(editorUrl(place, undefined, "localhost")).toBeUndefined();
  expect(editorUrl(place, "/home/me", "example.org")).toBeUndefined();
  expect(editorUrl(place, "/home/me", "127.0.0.1.example.org")).toBeUndefined();
});

test("a word of the glossary is found where it is a name in the code", () => {
  const terms = ["hub", "session"];
  expect(piecesOf(["", "hub.open(Session)"], terms)).toEqual([
    { text: "hub", term: "hub" },
    { text: ".open(" },
    { text: "Session", term: "session" },
    { text: ")" },
  ]);
  expect(piecesOf(["", "sessions, github"], terms)).toEqual([{ text: "sessions, github" }]);
  expect(piecesOf(["c", "// the hub"], terms)).toEqual([{ text: "// the hub" }]);
  expect(piecesOf(["", "hub"], [])).toEqual([{ text: "hub" }]);
});

test("a port is the hub's only where something is called on it", () => {
  expect(piecesOf(["", "listen({ port })"], ["port"])).toEqual([{ text: "listen({ port })" }]);
  expect(piecesOf(["", "port.ping(ws)"], ["port"])[0]).toEqual({ text: "port", term: "port" });
});

test("tests are counted, and their verdicts once there are some", () => {
  const proof = { id: "A-1", level: "MUST", title: "do", verdicts: {} };
  expect(summaryOf([proof], 3)).toBe("1 test");
  expect(summaryOf([{ ...proof, verdicts: { a: "passed", b: "passed" } }, proof], 2)).toBe(
    "2 tests on 2 servers: all passed",
  );
  const mixed = { ...proof, verdicts: { a: "passed", b: "failed", c: "deviates" } };
  expect(summaryOf([mixed], 3)).toBe("1 test on 3 servers: 1 passed, 1 deviate as declared, 1 failed");
});
