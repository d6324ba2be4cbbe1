import { expect, test } from "vitest";
import { FrameCounter } from "./counter.ts";
import { letters, plainText } from "./write-frames.ts";

const sizes = [0, 1, 125, 126, 127, 65_535, 65_536, 3];
const stream = Buffer.concat(sizes.map((size) => plainText(letters(size))));

test.each([1, 2, 3, 7, 64, 1_000, stream.length])(
  "every frame is counted once, in pieces of %i bytes",
  (size) => {
    let count = 0;
    const counter = new FrameCounter((opcode) => {
      expect(opcode).toBe(1);
      count++;
    });
    for (let at = 0; at < stream.length; at += size) counter.push(stream.subarray(at, at + size));
    expect(count).toBe(sizes.length);
  },
);

test("a frame that arrives in one piece is passed on with its payload", () => {
  const shown: string[] = [];
  const counter = new FrameCounter((_opcode, piece, start, end) => {
    shown.push(piece ? Buffer.from(piece.subarray(start, end)).toString() : "cut");
  });
  const frame = plainText(letters(20));
  counter.push(Buffer.concat([frame, frame, frame.subarray(0, 10)]));
  counter.push(frame.subarray(10));
  const text = Buffer.from(letters(20)).toString();
  expect(shown).toEqual([text, text, "cut"]);
});
