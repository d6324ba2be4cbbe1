import { parseLesson } from "@rosetta/page/lessons";
import { expect, test } from "vitest";
import { checkLessons } from "./lesson-rules.ts";

const text = `---
group: The connection
minutes: 2
panels: echo, wire
regions: echo, send
tests: ECHO-01
---
# Hello

What is it?

## Do

1. Look.

## Notice

- It.

## Trap

None.
`;
const places = ["echo", "send"].map((region, line) => ({ region, file: "apps/x/src/connection.ts", line }));
const tests = [{ title: "ECHO-01 MUST send back", tags: ["echo"], file: "e2e/tests/echo.ts", line: 1 }];

function problems(change: (text: string) => string, file = "01-hello.md"): string[] {
  const files = new Map([[file, change(text)]]);
  return checkLessons(files, ["echo", "wire"], places, tests).map(({ message }) => message);
}

test("a lesson consists of front matter, a title and a body", () => {
  const lesson = parseLesson("07-good-bye.md", text);
  expect(lesson).toMatchObject({ number: 7, name: "07-good-bye", title: "Hello", panels: ["echo", "wire"] });
  expect(lesson).toMatchObject({ regions: ["echo", "send"], tests: ["ECHO-01"] });
  expect(lesson.body).toMatch(/^What is it\?[\s\S]*None\.$/);
});

test("a valid lesson has no problems", () => {
  expect(problems((same) => same)).toEqual([]);
});

test("everything that a lesson names must exist", () => {
  expect(problems((text) => text.replace("panels: echo, wire", "panels: radio"))).toEqual([
    "there is no panel radio",
  ]);
  expect(problems((text) => text.replace("ECHO-01", "ECHO-99"))).toEqual(["there is no test ECHO-99"]);
  expect(problems((text) => text.replace("regions: echo, send", "regions: echo, send, sing"))).toEqual([
    "there is no region sing",
  ]);
});

test("every region has a lesson", () => {
  expect(problems((text) => text.replace("regions: echo, send", "regions: echo"))).toEqual([
    "region send is in no lesson: name it in the front matter of one in packages/page/lessons",
  ]);
});

test("a lesson has the required form and is short", () => {
  expect(problems((text) => text.replace("## Trap", "## Tip"))[0]).toMatch(/^its parts are Do, Notice, Tip/);
  expect(problems((text) => text + "more\n".repeat(40))[0]).toBe("62 lines: at most 40");
  expect(problems((text) => text.replace("tests: ECHO-01\n", ""))[0]).toMatch(/no "tests: …"$/);
  expect(problems((text) => text, "hello.md")[0]).toMatch(/called like 07-closing\.md$/);
  expect(problems((text) => text, "02-hello.md")).toEqual(["lesson 2 stands where 1 is due"]);
});
