import { expect, test } from "vitest";
import { frameOf, textFrame } from "./server-frame.ts";

// The smallest and the largest payload of each form of the length: RFC 6455 §5.2.
test.for([
  { length: 0, header: "8100" },
  { length: 125, header: "817d" },
  { length: 126, header: "817e007e" },
  { length: 65_535, header: "817effff" },
  { length: 65_536, header: "817f0000000000010000" },
])("a text of $length bytes has the header $header", ({ length, header }) => {
  const text = "a".repeat(length);
  const { bytes, payload, isBinary } = textFrame(text);
  expect(bytes?.toString("hex", 0, header.length / 2)).toBe(header);
  expect(bytes?.toString("utf8", header.length / 2)).toBe(text);
  expect(payload.toString()).toBe(text);
  expect(isBinary).toBe(false);
});

test("the length is that of the UTF-8, in which a lone surrogate is a replacement character", () => {
  expect(textFrame("€\ud83d").bytes?.toString("hex")).toBe("8106e282acefbfbd");
});

test.for([
  { isBinary: false, hex: "8103010203" },
  { isBinary: true, hex: "8203010203" },
])("bytes keep their kind of message: $hex", ({ isBinary, hex }) => {
  const payload = Buffer.from([1, 2, 3]);
  const frame = frameOf(payload, isBinary);
  expect(frame.bytes?.toString("hex")).toBe(hex);
  expect(frame).toMatchObject({ payload, isBinary });
});

test("a frame shares no memory with the message, which may lie in the buffer of the next one", () => {
  const payload = Buffer.from("a");
  const { bytes } = frameOf(payload, false);
  payload[0] = 0;
  expect(bytes?.toString("latin1")).toBe("\x81\x01a");
});

test("a payload of more than 125 bytes is not copied", () => {
  expect(frameOf(Buffer.alloc(125), true).bytes?.length).toBe(127);
  const longer = Buffer.alloc(126);
  expect(frameOf(longer, true)).toEqual({ payload: longer, isBinary: true });
});
