import { expect, test } from "vitest";
import { changeBetween, decodePng, encodeApng, type Pixels } from "./apng.ts";

/** A picture of single-coloured pixels, row by row. */
function picture(...rows: string[]): Pixels {
  const data = Uint8Array.from(
    rows
      .join("")
      .split("")
      .flatMap((each) => [each.charCodeAt(0), 7, 0]),
  );
  return { width: rows[0]?.length ?? 0, height: rows.length, data };
}

/** Three pixels in five rows, each row with another filter of PNG (§9.2). */
const filtered =
  "iVBORw0KGgoAAAANSUhEUgAAAAMAAAAFCAIAAAAPE8H1AAAAOElEQVR4nGNgYDjBHXVCbMsJRlXeE9xR8txR8kyq6gyq6vKq6nbMXtEpEn77JPz8WFSj" +
  "GUCy0XYAM68LXrTyZlQAAAAASUVORK5CYII=";

test("a screenshot is decoded, whatever filters its rows have", () => {
  const pixels = [
    [0, 0, 200, 11, 90, 200, 22, 180, 200],
    [37, 13, 200, 48, 103, 231, 59, 193, 6],
    [74, 52, 200, 85, 142, 6, 96, 232, 68],
    [111, 117, 200, 122, 207, 37, 133, 41, 130],
    [148, 208, 200, 159, 42, 68, 170, 132, 192],
  ];
  const decoded = decodePng(Buffer.from(filtered, "base64"));
  expect(decoded).toEqual({ width: 3, height: 5, data: Uint8Array.from(pixels.flat()) });
});

test("a change is the smallest rectangle around all that differs", () => {
  const before = picture("aaaa", "aaaa", "aaaa");
  expect(changeBetween(before, picture("aaaa", "abaa", "aaca"))).toEqual({ x: 1, y: 1, width: 2, height: 2 });
  expect(changeBetween(before, before)).toEqual({ x: 0, y: 0, width: 1, height: 1 });
});

test("each frame says how long it stays, and where it is", () => {
  const [one, two] = [picture("aa", "aa"), picture("aa", "ab")];
  const png = encodeApng([
    { pixels: one, ms: 100 },
    { pixels: two, ms: 2_000 },
  ]);
  const at = png.lastIndexOf("fcTL") + 4;
  const numbers = [0, 4, 8, 12, 16].map((offset) => png.readUInt32BE(at + offset));
  expect(numbers).toEqual([1, 1, 1, 1, 1]);
  expect(png.readUInt16BE(at + 20)).toBe(2_000);
  expect(png.readUInt32BE(png.indexOf("acTL") + 4)).toBe(2);
});
