import { parseLesson } from "@rosetta/page/lessons";
import { expect, test } from "vitest";
import { checkLessons } from "./lesson-rules.ts";

const text = `---
group: The connection
minutes: 2
panels: echo, wire
browser: 1-echo/talk
rung: 1-echo
regions: echo, send
decided: echo = hub/echo
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
const named = new Map(
  ["1-echo/talk", "hub/echo"].map((name, line) => [name, { file: "packages/x.ts", line }]),
);
const tests = [{ title: "ECHO-01 MUST send back", tags: ["echo"], file: "e2e/tests/echo.ts", line: 1 }];

function problems(change: (text: string) => string, file = "01-hello.md"): string[] {
  const files = new Map([[file, change(text)]]);
  const nameable = { panels: ["echo", "wire"], places, rungs: new Set(["1-echo"]), named, tests };
  return checkLessons(files, nameable).map(({ message }) => message);
}

test("a lesson consists of front matter, a title and a body", () => {
  const lesson = parseLesson("07-good-bye.md", text);
  expect(lesson).toMatchObject({ number: 7, name: "07-good-bye", title: "Hello", panels: ["echo", "wire"] });
  expect(lesson).toMatchObject({ regions: ["echo", "send"], tests: ["ECHO-01"] });
  expect(lesson).toMatchObject({ browser: ["1-echo/talk"], rung: "1-echo" });
  expect(lesson.decided).toEqual([{ region: "echo", name: "hub/echo" }]);
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

test("the code of browsers, rungs and packages that a lesson names must exist", () => {
  const all = "browser: 1-echo/talk";
  expect(problems((text) => text.replace(all, `${all}, 1-echo/sing`))).toEqual([
    "there is no region 1-echo/sing",
  ]);
  expect(problems((text) => text.replace("rung: 1-echo", "rung: 1-echo/sing"))).toEqual([
    "there is no rung 1-echo/sing",
  ]);
  expect(problems((text) => text.replace("echo = hub/echo", "pong = hub/echo"))).toEqual([
    "hub/echo stands beside region pong, which the lesson does not name",
  ]);
  expect(problems((text) => text.replace("echo = hub/echo", "hub/echo"))[0]).toMatch(/"decided" is like/);
  expect(problems((text) => text.replace(`${all}\n`, ""))[0]).toMatch(/no "browser: 1-echo\/talk"$/);
});

test("every region has a lesson", () => {
  expect(problems((text) => text.replace("decided: echo = hub/echo\n", ""))).toEqual([
    "region hub/echo is in no lesson: name it in the front matter of one in packages/page/lessons",
  ]);
  expect(problems((text) => text.replace("regions: echo, send", "regions: echo"))).toEqual([
    "region send is in no lesson: name it in the front matter of one in packages/page/lessons",
  ]);
});

test("a lesson has the required form and is short", () => {
  expect(problems((text) => text.replace("## Trap", "## Tip"))[0]).toMatch(/^its parts are Do, Notice, Tip/);
  expect(problems((text) => text + "more\n".repeat(40))[0]).toBe("55 lines: at most 40");
  expect(problems((text) => text.replace("tests: ECHO-01\n", ""))[0]).toMatch(/no "tests: …"$/);
  expect(problems((text) => text, "hello.md")[0]).toMatch(/called like 07-closing\.md$/);
  expect(problems((text) => text, "02-hello.md")).toEqual(["lesson 2 stands where 1 is due"]);
});
