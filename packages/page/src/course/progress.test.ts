import { expect, test } from "vitest";
import { ProgressBook, type Shelf } from "./progress.ts";

function shelf(text?: string): Shelf & { text: string | null } {
  return {
    text: text ?? null,
    getItem() {
      return this.text;
    },
    setItem(_, value) {
      this.text = value;
    },
    removeItem() {
      this.text = null;
    },
  };
}

test("progress outlives the page", () => {
  const kept = shelf();
  const book = new ProgressBook(kept);
  book.finished(7);
  book.finished(2);
  book.finished(7);
  book.opened(8);
  expect(new ProgressBook(kept).progress).toEqual({ done: [2, 7], last: 8 });
});

test("a reset forgets it, here and in storage", () => {
  const kept = shelf();
  const book = new ProgressBook(kept);
  book.finished(1);
  book.reset();
  expect(book.progress).toEqual({ done: [] });
  expect(new ProgressBook(kept).progress).toEqual({ done: [] });
});

test("unreadable storage counts as none", () => {
  for (const text of [
    "",
    "{",
    "null",
    "7",
    '{"done":"all","last":"x"}',
    '{"done":[0,-1,1.5,"2"],"last":0}',
  ]) {
    expect(new ProgressBook(shelf(text)).progress, text).toEqual({ done: [] });
  }
});

test("progress lasts as long as the page if storage is forbidden", () => {
  const forbid = () => {
    throw new Error("SecurityError");
  };
  const book = new ProgressBook({ getItem: forbid, setItem: forbid, removeItem: forbid });
  book.finished(3);
  expect(book.progress).toEqual({ done: [3] });
  book.reset();
  expect(book.progress).toEqual({ done: [] });
  expect(new ProgressBook(undefined).progress).toEqual({ done: [] });
});
