import { expect, test } from "vitest";
import type { CodeToken } from "../src/course/code.ts";
import { dedent, SourceFiles, textOf } from "./source-files.ts";

test("lines lose the indentation that they share, and nothing else", () => {
  const lines: CodeToken[][] = [
    [["", "    a"]],
    [],
    [
      ["", "  "],
      ["k", "if"],
      ["", " (b)"],
    ],
  ];
  expect(dedent(lines)).toEqual([
    [["", "  a"]],
    [],
    [
      ["k", "if"],
      ["", " (b)"],
    ],
  ]);
});

test("a part of a file is the same text, in pieces that say what they are", () => {
  const file = "packages/client/steps/1-echo.html";
  const sources = new SourceFiles();
  const at = sources.lines(file).findIndex((line) => textOf(line).includes("new WebSocket"));
  const [line = []] = sources.part(file, at + 1, 1);
  expect(textOf(line)).toBe('const socket = new WebSocket("/echo");');
  expect(line).toContainEqual(["s", '"/echo"']);
  expect(line[0]).toEqual(["k", "const"]);
  expect([...sources.all.keys()]).toEqual([file]);
});
