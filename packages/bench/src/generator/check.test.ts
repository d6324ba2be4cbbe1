import { expect, test } from "vitest";
import { difference, numbered } from "./check.ts";
import { letters, maskedText, plainText } from "./frames.ts";

const frame = (number: number, size = 64) => plainText(numbered(3, number, size));

test("messages of different numbers differ, and have the size that was asked for", () => {
  for (const size of [16, 125, 126, 65_536]) expect(numbered(0, 7, size)).toHaveLength(size);
  expect(Buffer.from(numbered(3, 42, 32)).toString()).toMatch(/^0003\/000000042\/[a-z]{17}$/);
  expect(numbered(0, 1, 64)).not.toEqual(numbered(0, 2, 64));
});

test("an echo is compared byte by byte, and what is wrong is said", () => {
  expect(difference(frame(5), frame(5), 5)).toBeUndefined();
  expect(difference(frame(5), frame(6), 5)).toBe(
    "message 6 came where 5 was due: lost, doubled or out of order",
  );
  const changed = Uint8Array.from(frame(5));
  changed[40] = 0;
  expect(difference(frame(5), changed, 5)).toBe("message 5 came back changed, at byte 40 of its frame");
});

test.each([
  [0, "8180"],
  [125, "81fd"],
  [126, "81fe007e"],
  [65_535, "81feffff"],
  [65_536, "81ff0000000000010000"],
])("the header of a frame of %i bytes", (size, header) => {
  const masked = maskedText(letters(size), Uint8Array.of(1, 2, 3, 4));
  expect(Buffer.from(masked).toString("hex").slice(0, header.length)).toBe(header);
  expect(masked).toHaveLength(header.length / 2 + 4 + size);
});

test("a payload is masked with its key, and what a server sends is not", () => {
  const key = Uint8Array.of(1, 2, 3, 4);
  const payload = letters(10);
  const masked = maskedText(payload, key).subarray(6);
  expect(masked.map((byte, index) => byte ^ (key[index % 4] ?? 0))).toEqual(payload);
  expect(plainText(payload).subarray(2)).toEqual(payload);
});
