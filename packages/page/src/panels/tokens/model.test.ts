import { expect, test } from "vitest";
import { AnswerText, answer, cancelText, textOfToken } from "./model.ts";

function read(...texts: string[]): AnswerText {
  const text = new AnswerText();
  for (const each of texts) text.read(each);
  return text;
}

test("an answer is put together by number, whatever the order, and each word counts once", () => {
  const text = read("1/3 all", "3/3 well.", "1/3 all");
  expect(text).toMatchObject({ text: "all … well.", newest: 3, missing: 1, again: 1, isComplete: false });
  text.read("2/3 is");
  expect(text).toMatchObject({ text: "all is well.", missing: 0, isComplete: true });
});

test("before the first word nothing is complete and nothing is missing", () => {
  expect(read()).toMatchObject({ text: "", newest: 0, missing: 0, isComplete: false });
});

test("anybody in the topic can end the answer, and other texts are not part of it", () => {
  expect(read("1/2 so", cancelText)).toMatchObject({ isCancelled: true, text: "so" });
  expect(read("hello", "1/x y")).toMatchObject({ isCancelled: false, text: "" });
});

test("a token is written as it is read", () => {
  const text = read(textOfToken({ number: 7, of: 30, word: "part" }));
  expect(text.words).toEqual(new Map([[7, "part"]]));
  expect(text.of).toBe(30);
});

test("the whole answer fits into the replay that a newcomer gets", () => {
  expect(answer.length).toBeLessThan(32);
});
