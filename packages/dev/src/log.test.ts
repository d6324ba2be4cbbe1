import { expect, test } from "vitest";
import { readLog } from "./log.ts";

test("a record is shown in words", () => {
  const line =
    '{"level":30,"time":1,"server":"one","session":"x1","endpoint":"/ws","code":1000,"msg":"closed"}';
  expect(readLog(line)).toEqual({ text: "closed session=x1 endpoint=/ws code=1000", isRoutine: true });
});

test("an error is shown with its stack, and is not routine", () => {
  const line =
    '{"level":50,"time":1,"server":"one","err":{"type":"Error","stack":"Error: no\\n    at x"},"msg":"no"}';
  expect(readLog(line)).toEqual({ text: "no\nError: no\n    at x", isRoutine: false });
});

test.each([["hello"], ['{"level":30'], ['{"level":"30","msg":"x"}'], ['{"other":1}'], [""]])(
  "%s stays as it is",
  (line) => {
    expect(readLog(line)).toEqual({ text: line, isRoutine: false });
  },
);
