import { expect, test } from "vitest";
import { EchoBook } from "./echo-book.ts";

/** Returns a book of messages that left at these times. */
function sent(...messages: [data: string, at: number][]): EchoBook {
  const book = new EchoBook();
  for (const [data, at] of messages) {
    book.add(data, data);
    book.left(at);
  }
  return book;
}

function outcomes(book: EchoBook): string[] {
  return book.lines.map((line) => line.outcome).reverse();
}

test("answers belong to messages in their order, with the time between", () => {
  const book = sent(["one", 100], ["two", 101]);
  book.answer("one", 105);
  expect(outcomes(book)).toEqual(["equal", "sent"]);
  expect(book.lines[1]?.roundTripMs).toBe(5);
});

test("bytes that came back as text are different", () => {
  const book = new EchoBook();
  book.add("a.bin", new Uint8Array([97]));
  book.left(0);
  book.answer("a", 1);
  expect(outcomes(book)).toEqual(["different"]);
});

test("a queued message is timed from when it left", () => {
  const book = new EchoBook();
  book.add("one", "one");
  expect(outcomes(book)).toEqual(["queued"]);
  book.left(50);
  book.answer("one", 52);
  expect(book.lines[0]).toMatchObject({ outcome: "equal", roundTripMs: 2 });
});

test("what was under way when the connection broke is lost, what is queued waits on", () => {
  const book = sent(["one", 0]);
  book.add("two", "two");
  book.closed(1006);
  book.left(10);
  book.answer("two", 11);
  expect(outcomes(book)).toEqual(["lost", "equal"]);
});

test("stop is answered by a close with 1000, and by no other", () => {
  const normal = sent(["stop", 0]);
  normal.closed(1000);
  expect(outcomes(normal)).toEqual(["closed"]);
  const broken = sent(["stop", 0]);
  broken.closed(1006);
  expect(outcomes(broken)).toEqual(["lost"]);
});

test("a rejected message waits for nothing", () => {
  const book = new EchoBook();
  book.add("one", "one");
  book.rejected();
  book.add("two", "two");
  book.left(0);
  book.answer("two", 1);
  expect(outcomes(book)).toEqual(["rejected", "equal"]);
});

test("a lost connection leaves queued messages as they were", () => {
  const book = new EchoBook();
  book.add("one", "one");
  book.closed(1006);
  expect(outcomes(book)).toEqual(["queued"]);
});

test("a close with 1000 answers only `stop`", () => {
  const book = sent(["one", 0]);
  book.closed(1000);
  expect(outcomes(book)).toEqual(["lost"]);
});

test("a line shows the kind of message and its bytes on the wire", () => {
  const book = new EchoBook();
  book.add("grüß", "grüß");
  book.add("a.bin", Uint8Array.of(1, 2, 3));
  expect(book.lines.map(({ kind, size }) => [kind, size])).toEqual([
    ["binary", 3],
    ["text", 6],
  ]);
});

test("old lines are dropped, but their answers are still matched", () => {
  const book = sent(...Array.from({ length: 25 }, (_, index) => [String(index + 1), 0] as [string, number]));
  expect(book.lines.map(({ number }) => number)).toEqual(
    Array.from({ length: 20 }, (_, index) => 25 - index),
  );
  for (let count = 1; count <= 6; count++) book.answer(String(count), 1);
  expect(outcomes(book).slice(0, 2)).toEqual(["equal", "sent"]);
});

test("an answer to a message from before the book began answers nothing in it", () => {
  const book = new EchoBook();
  book.left(0);
  book.add("one", "one");
  book.answer("zero", 1);
  expect(outcomes(book)).toEqual(["queued"]);
  book.left(2);
  book.answer("one", 3);
  expect(book.lines[0]).toMatchObject({ outcome: "equal", roundTripMs: 1 });
});
