import { expect, test } from "vitest";
import { textFrame } from "./text-frame.ts";

// The smallest and the largest payload of each form of the length: RFC 6455 §5.2.
test.for([
  { length: 0, header: "8100" },
  { length: 125, header: "817d" },
  { length: 126, header: "817e007e" },
  { length: 65_535, header: "817effff" },
  { length: 65_536, header: "817f0000000000010000" },
])("a text of $length bytes has the header $header", ({ length, header }) => {
  const text = "a".repeat(length);
  const { bytes, payload } = textFrame(text);
  expect(bytes.toString("hex", 0, header.length / 2)).toBe(header);
  expect(bytes.toString("utf8", header.length / 2)).toBe(text);
  expect(payload.toString()).toBe(text);
});

test("the length is that of the UTF-8, in which a lone surrogate is a replacement character", () => {
  expect(textFrame("€\ud83d").bytes.toString("hex")).toBe("8106e282acefbfbd");
});
