import { expect, test } from "vitest";
import { pongFrame, ServerFrame, textFrame } from "./server-frame.ts";

/** Returns a frame as it is on the wire, after a byte that it must leave alone. */
function bytesOf(frame: ServerFrame): Buffer {
  const bytes = Buffer.alloc(1 + frame.length);
  frame.write(bytes, 1);
  expect(bytes[0]).toBe(0);
  return bytes.subarray(1);
}

// The smallest and the largest payload of each form of the length: RFC 6455 §5.2.
test.for([
  { length: 0, header: "8100" },
  { length: 125, header: "817d" },
  { length: 126, header: "817e007e" },
  { length: 65_535, header: "817effff" },
  { length: 65_536, header: "817f0000000000010000" },
])("a text of $length bytes has the header $header", ({ length, header }) => {
  const text = "a".repeat(length);
  const frame = textFrame(text);
  expect(bytesOf(frame).toString("hex", 0, header.length / 2)).toBe(header);
  expect(bytesOf(frame).toString("utf8", header.length / 2)).toBe(text);
  expect(frame.head().toString("hex")).toBe(header);
});

test("the length is that of the UTF-8, in which a lone surrogate is a replacement character", () => {
  expect(bytesOf(textFrame("€\ud83d")).toString("hex")).toBe("8106e282acefbfbd");
});

test.for([
  { isBinary: false, hex: "8103010203" },
  { isBinary: true, hex: "8203010203" },
])("bytes keep their kind of message: $hex", ({ isBinary, hex }) => {
  expect(bytesOf(new ServerFrame(Buffer.from([1, 2, 3]), isBinary)).toString("hex")).toBe(hex);
});

test("the newest text is framed once, however often it is sent", () => {
  const frame = textFrame("a");
  expect(textFrame("a")).toBe(frame);
  expect(textFrame("b")).not.toBe(frame);
});

test("bytes of more than 256 are not to be copied, but a text always has to become bytes", () => {
  expect(new ServerFrame(Buffer.alloc(256), true).longPayload).toBeUndefined();
  const longer = Buffer.alloc(257);
  expect(new ServerFrame(longer, true).longPayload).toBe(longer);
  expect(textFrame("a".repeat(257)).longPayload).toBeUndefined();
});

test("what a stack keeps is bytes of its own, and a text as it is", () => {
  const segment = Buffer.alloc(64 * 1024, "s");
  const { ownPayload } = new ServerFrame(segment.subarray(5, 6), true);
  expect(ownPayload).toEqual(Buffer.from("s"));
  // Neither the segment nor a pool that others share.
  expect((ownPayload as Buffer).buffer.byteLength).toBe(1);
  expect(textFrame("a").ownPayload).toBe("a");
});

test("a pong has the payload of its ping", () => {
  const pong = pongFrame(Buffer.from("there?"));
  expect(bytesOf(pong).toString("latin1")).toBe("\x8a\x06there?");
  expect(pong.isPong).toBe(true);
  expect(textFrame("a").isPong).toBe(false);
});
