import { expect, test } from "vitest";
import { exampleBook, GapBook, newestCells, type OffsetCell, tellComeback } from "./model.ts";

const epoch = "one";

/** A book of somebody who came to an empty topic and saw so many events. */
function bookAt(offset: number): GapBook {
  const book = new GapBook();
  book.subscribed({ epoch, offset: 0, recovered: false });
  add(book, 1, offset);
  return book;
}

function add(book: GapBook, from: number, to: number, life = epoch): void {
  for (let offset = from; offset <= to; offset++) book.event({ epoch: life, offset }, 0, String(offset));
}

function kinds(book: GapBook): string[] {
  return book.cells.map(({ kind }) => kind);
}

test("a newcomer is given earlier events, then live ones, and has lost nothing", () => {
  const book = new GapBook();
  book.subscribed({ epoch, offset: 42, recovered: false });
  add(book, 41, 43);
  expect(kinds(book)).toEqual(["earlier", "earlier", "live"]);
  expect(book).toMatchObject({ offset: 43, comeback: undefined, lost: undefined, missed: 0 });
});

test("what was missed is replayed up to the head; the rest is live", () => {
  const book = bookAt(2);
  book.subscribed({ epoch, offset: 4, recovered: true });
  expect(book.isCaughtUp).toBe(false);
  add(book, 3, 5);
  expect(kinds(book)).toEqual(["live", "live", "replayed", "replayed", "live"]);
  expect(book).toMatchObject({ replayed: 2, missed: 0, twice: 0, isCaughtUp: true });
  expect(tellComeback(book)).toBe("Back: 2 events replayed, #3 to #4. Nothing is lost.");
});

test("a gap larger than the ring is lost from offset to offset", () => {
  const book = bookAt(2);
  book.subscribed({ epoch, offset: 300, recovered: false });
  add(book, 269, 301);
  expect(book.lost).toEqual({ from: 3, to: 268 });
  expect(book).toMatchObject({ replayed: 32, missed: 0, offset: 301 });
  expect(book.cells[2]).toEqual({ kind: "lost", from: 3, to: 268 });
  expect(tellComeback(book)).toContain("#3 to #268 are lost, 266 events");
});

test("another epoch begins at its own first event", () => {
  const book = bookAt(9);
  book.subscribed({ epoch: "two", offset: 3, recovered: false });
  add(book, 1, 4, "two");
  expect(book).toMatchObject({ epoch: "two", offset: 4, twice: 0, missed: 0, lost: undefined });
  expect(tellComeback(book)).toContain("started over");
});

test("an unexplained hole and a repetition are counted", () => {
  const book = bookAt(2);
  add(book, 5, 5);
  add(book, 5, 5);
  expect(book).toMatchObject({ missed: 2, twice: 1, offset: 5 });
});

test("the author knows what is still away", () => {
  const book = bookAt(2);
  book.published({ epoch, offset: 7 });
  expect(book.away).toBe(5);
  book.published({ epoch: "two", offset: 9 });
  expect(book.away).toBe(0);
});

test("a return without a loss says so, and before any there is nothing to say", () => {
  const book = bookAt(2);
  expect(tellComeback(book)).toBe("");
  book.subscribed({ epoch, offset: 2, recovered: true });
  expect(tellComeback(book)).toBe("Back at #2. Nothing was published meanwhile.");
});

test("lines and cells are bounded, and the row keeps the newest that fit", () => {
  const book = bookAt(1000);
  expect(book.lines).toHaveLength(120);
  expect(book.cells).toHaveLength(120);
  const cells: OffsetCell[] = [
    { kind: "live", offset: 1 },
    { kind: "lost", from: 2, to: 9 },
    { kind: "live", offset: 10 },
  ];
  expect(newestCells(cells, 8)).toEqual(cells);
  expect(newestCells(cells, 7)).toEqual(cells.slice(1));
  expect(newestCells(cells, 6)).toEqual(cells.slice(2));
});

test("each comeback is reported alone, without the one before", () => {
  const book = bookAt(2);
  book.subscribed({ epoch, offset: 9, recovered: false });
  add(book, 8, 9);
  expect(book).toMatchObject({ lost: { from: 3, to: 7 }, replayed: 2 });
  book.subscribed({ epoch, offset: 10, recovered: true });
  expect(book).toMatchObject({ lost: undefined, replayed: 0 });
  add(book, 10, 10);
  expect(book).toMatchObject({ lost: undefined, replayed: 1, missed: 0 });
});

test("a single lost event is reported, and so are events lost before the first one seen", () => {
  const book = bookAt(2);
  book.subscribed({ epoch, offset: 4, recovered: false });
  add(book, 4, 4);
  expect(tellComeback(book)).toContain("#3 to #3 are lost, 1 events");
  const early = bookAt(0);
  early.subscribed({ epoch, offset: 300, recovered: false });
  add(early, 269, 270);
  expect(early.lost).toEqual({ from: 1, to: 268 });
});

test("a log shorter than what was seen is a new one, even under the same epoch", () => {
  const book = bookAt(9);
  book.subscribed({ epoch, offset: 3, recovered: true });
  add(book, 1, 3);
  expect(book).toMatchObject({ offset: 3, twice: 0, comeback: { recovered: false, sameEpoch: false } });
});

test("`recovered` does not count in another epoch", () => {
  const book = bookAt(2);
  book.subscribed({ epoch: "two", offset: 5, recovered: true });
  expect(tellComeback(book)).toContain("started over");
});

test("has caught up with the last event that the server had", () => {
  const book = bookAt(2);
  book.subscribed({ epoch, offset: 4, recovered: true });
  add(book, 3, 3);
  expect(book.isCaughtUp).toBe(false);
  add(book, 4, 4);
  expect(book.isCaughtUp).toBe(true);
});

test("nothing is missing when more has arrived than the author knows of", () => {
  const book = bookAt(7);
  book.published({ epoch, offset: 5 });
  expect(book.away).toBe(0);
});

test("the example shows a cut after which everything came again", () => {
  expect(exampleBook.comeback).toMatchObject({ recovered: true, sameEpoch: true });
  expect(exampleBook).toMatchObject({ missed: 0, twice: 0, isCaughtUp: true });
  expect(exampleBook.replayed).toBeGreaterThan(10);
});
