import { parseClient, type ServerMessage } from "@rosetta/protocol";
import { expect, test } from "vitest";
import { examplesFor, linesOf, Phrasebook } from "./model.ts";

const echo = (re: string): ServerMessage => ({ type: "echo", re, text: "" });

test("a reply belongs to the request whose id it carries, whatever the order", () => {
  const book = new Phrasebook();
  book.sent('{"id":"a"}', 0);
  book.sent('{"id":"b"}', 1);
  book.received("to b", echo("b"), 3);
  book.received("to a", echo("a"), 10);
  expect(book.phrases.map(({ id, reply }) => [id, reply?.text, reply?.place, reply?.roundTripMs])).toEqual([
    ["b", "to b", 1, 2],
    ["a", "to a", 2, 10],
  ]);
});

test("of two requests with one id the older is answered first", () => {
  const book = new Phrasebook();
  book.sent('{"id":"a","n":1}', 0);
  book.sent('{"id":"a","n":2}', 0);
  book.received("", echo("a"), 1);
  expect(book.phrases.map(({ reply }) => reply !== undefined)).toEqual([false, true]);
});

test("what answers nobody stands alone, and an error without re answers nobody", () => {
  const book = new Phrasebook();
  book.sent("{", 0);
  book.received("?", { type: "error", code: "invalid", message: "not JSON" }, 1);
  const [alone, asked] = book.phrases;
  expect(asked?.reply).toBeUndefined();
  expect(alone).toMatchObject({
    sent: undefined,
    reply: { error: { code: "invalid", message: "not JSON" } },
  });
});

test("what was not answered when the connection ended is lost", () => {
  const book = new Phrasebook();
  book.sent('{"id":"a"}', 0);
  book.ended(4004);
  expect(book.phrases[0]).toMatchObject({ lostBy: 4004 });
});

test("old phrases are forgotten", () => {
  const book = new Phrasebook();
  for (let count = 0; count < 50; count++) book.sent("null", 0);
  expect(book.phrases).toHaveLength(20);
});

test("each line of the editor is a message", () => {
  expect(linesOf(' {"a":1}\n\n{}\n')).toEqual(['{"a":1}', "{}"]);
});

test("the examples are what they are called", () => {
  const outcomes = examplesFor("0".repeat(32)).map(({ text }) =>
    linesOf(text).map((line) => parseClient(line).problem?.code ?? "valid"),
  );
  expect(outcomes.flat().join(" ")).toBe(
    "valid valid valid valid valid valid unknown_type invalid invalid invalid valid",
  );
});

test("a request has one reply; further messages with its id stand alone", () => {
  const book = new Phrasebook();
  book.sent('{"id":"a"}', 5);
  book.received("first", echo("a"), 6);
  book.received("second", echo("a"), 9);
  expect(book.phrases.map(({ sent, reply }) => [sent, reply?.text, reply?.roundTripMs])).toEqual([
    [undefined, "second", 0],
    ['{"id":"a"}', "first", 1],
  ]);
});

test("only a string is an id", () => {
  const book = new Phrasebook();
  for (const text of ['{"id":5}', '{"id":null}', "null", "[]", "{"]) book.sent(text, 0);
  expect(book.phrases.map(({ id }) => id)).toEqual(Array(5).fill(undefined));
});

test("a closed connection leaves answered requests as they are, and places start again at 1", () => {
  const book = new Phrasebook();
  book.sent('{"id":"a"}', 0);
  book.received("to a", echo("a"), 1);
  book.ended(1000);
  book.sent('{"id":"b"}', 2);
  book.received("to b", echo("b"), 3);
  expect(book.phrases.map(({ lostBy, reply }) => [lostBy, reply?.place])).toEqual([
    [undefined, 1],
    [undefined, 1],
  ]);
});
