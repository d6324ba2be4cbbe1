import { expect, test } from "vitest";
import { EchoBook } from "./echo-book.ts";

function outcomes(book: EchoBook): string[] {
  return book.lines.map((line) => line.outcome).reverse();
}

test("answers belong to messages in their order, with the time between", () => {
  const book = new EchoBook();
  book.add("one", "one", "sent", 100);
  book.add("two", "two", "sent", 101);
  book.answer("one", 105);
  expect(outcomes(book)).toEqual(["equal", "sent"]);
  expect(book.lines[1]?.roundTripMs).toBe(5);
});

test("bytes that came back as text are different", () => {
  const book = new EchoBook();
  book.add("a.bin", new Uint8Array([97]), "sent", 0);
  book.answer("a", 1);
  expect(outcomes(book)).toEqual(["different"]);
});

test("a queued message is timed from when it left", () => {
  const book = new EchoBook();
  book.add("one", "one", "queued", 0);
  book.opened(50);
  book.answer("one", 52);
  expect(book.lines[0]).toMatchObject({ outcome: "equal", roundTripMs: 2 });
});

test("what was under way when the connection broke is lost, what is queued waits on", () => {
  const book = new EchoBook();
  book.add("one", "one", "sent", 0);
  book.add("two", "two", "queued", 0);
  book.closed(1006);
  book.opened(10);
  book.answer("two", 11);
  expect(outcomes(book)).toEqual(["lost", "equal"]);
});

test("stop is answered by a close with 1000, and by no other", () => {
  const normal = new EchoBook();
  normal.add("stop", "stop", "sent", 0);
  normal.closed(1000);
  expect(outcomes(normal)).toEqual(["closed"]);
  const broken = new EchoBook();
  broken.add("stop", "stop", "sent", 0);
  broken.closed(1006);
  expect(outcomes(broken)).toEqual(["lost"]);
});

test("a rejected message waits for nothing", () => {
  const book = new EchoBook();
  book.add("one", "one", "rejected", 0);
  book.add("two", "two", "sent", 0);
  book.answer("two", 1);
  expect(outcomes(book)).toEqual(["rejected", "equal"]);
});

test("a lost connection leaves queued messages as they were", () => {
  const book = new EchoBook();
  book.add("one", "one", "queued", 0);
  book.closed(1006);
  expect(outcomes(book)).toEqual(["queued"]);
});

test("a close with 1000 answers only `stop`", () => {
  const book = new EchoBook();
  book.add("one", "one", "sent", 0);
  book.closed(1000);
  expect(outcomes(book)).toEqual(["lost"]);
});

test("a line shows the kind of message and its bytes on the wire", () => {
  const book = new EchoBook();
  book.add("grüß", "grüß", "sent", 0);
  book.add("a.bin", Uint8Array.of(1, 2, 3), "sent", 0);
  expect(book.lines.map(({ kind, size }) => [kind, size])).toEqual([
    ["binary", 3],
    ["text", 6],
  ]);
});

test("old lines are dropped, but their answers are still matched", () => {
  const book = new EchoBook();
  for (let count = 1; count <= 25; count++) book.add(String(count), String(count), "sent", 0);
  expect(book.lines.map(({ number }) => number)).toEqual(
    Array.from({ length: 20 }, (_, index) => 25 - index),
  );
  for (let count = 1; count <= 6; count++) book.answer(String(count), 1);
  expect(outcomes(book).slice(0, 2)).toEqual(["equal", "sent"]);
});
