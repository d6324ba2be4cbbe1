import { describe, expect, test } from "vitest";
import { hexBytes } from "../shared/format.ts";
import {
  type DrawnFrame,
  drawCharacters,
  drawFrame,
  drawnBytes,
  frameHeader,
  type MessageKind,
  maskedWith,
  parseHex,
} from "./frame.ts";

const key = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
const opcodes = { text: 1, binary: 2 };

/** The bytes that a drawing shows: bits put together again, and the hex as it is. */
function bytesShown({ parts }: DrawnFrame): string {
  const values = parts.map(({ value }) => value).filter((value) => value !== "nothing");
  const bits = values.slice(0, 5).join("");
  const first = [bits.slice(0, 8), bits.slice(8)].map((byte) => Number.parseInt(byte, 2));
  return [hexBytes(Uint8Array.from(first)), ...values.slice(5)].join(" ");
}

describe.each<MessageKind>(["text", "binary"])("a %s frame", (kind) => {
  // RFC 6455 §5.2: up to 125 bytes the length has 7 bits, then 16 more, then 64.
  test.each([
    [0, [0]],
    [1, [1]],
    [5, [5]],
    [125, [125]],
    [126, [126, 0, 126]],
    [127, [126, 0, 127]],
    [65_535, [126, 255, 255]],
    [65_536, [127, 0, 0, 0, 0, 0, 1, 0, 0]],
    [65_537, [127, 0, 0, 0, 0, 0, 1, 0, 1]],
  ])("is that of the RFC at %i bytes", (length, [first = 0, ...more]) => {
    const payload = Uint8Array.from({ length }, (_, index) => index % 251);
    for (const mask of [undefined, key]) {
      const body = mask ? maskedWith(payload, mask) : payload;
      const masked = mask ? 0x80 : 0;
      const header = [0x80 | opcodes[kind], masked | first, ...more, ...(mask ?? [])];
      const expected = Buffer.concat([Uint8Array.from(header), body]);
      const drawn = drawFrame(kind, payload, mask);
      expect(Buffer.concat([frameHeader(kind, length, mask), body]).equals(expected)).toBe(true);
      expect(drawn.headerBytes).toBe(expected.length - length);
      expect(bytesShown(drawn)).toBe(
        hexBytes(expected.subarray(0, drawn.headerBytes + Math.min(length, drawnBytes))),
      );
    }
  });
});

// RFC 6455 §5.7 has these two as examples.
test("the masked Hello of the RFC is drawn as it stands there", () => {
  const hello = new TextEncoder().encode("Hello");
  expect(bytesShown(drawFrame("text", hello, key))).toBe("81 85 37 fa 21 3d 7f 9f 4d 51 58");
  expect(bytesShown(drawFrame("text", hello))).toBe("81 05 48 65 6c 6c 6f");
});

test("a long payload is cut, and says by how much", () => {
  const parts = drawFrame("binary", new Uint8Array(2000)).parts;
  expect(parts.find(({ name }) => name === "Length, 16 bits")).toMatchObject({ value: "07 d0" });
  expect(parts.at(-1)?.words).toBe("the message as it is; and 1,976 more bytes");
});

test("characters are drawn with their code points and bytes, up to a number", () => {
  expect(drawCharacters("é👋abc", 3)).toEqual([
    { character: "é", codePoint: "U+00E9", bytes: "c3 a9" },
    { character: "👋", codePoint: "U+1F44B", bytes: "f0 9f 91 8b" },
    { character: "a", codePoint: "U+0061", bytes: "61" },
  ]);
});

test("hex is read with or without blanks, and nothing else is", () => {
  expect(parseHex("00 ff 0A")).toEqual(Uint8Array.of(0, 255, 10));
  expect(parseHex("00ff0a")).toEqual(Uint8Array.of(0, 255, 10));
  expect(parseHex("  ")).toEqual(new Uint8Array());
  for (const bad of ["0", "0x00", "fg", "00,ff"]) expect(parseHex(bad)).toBeUndefined();
});

test("each field is explained by its value", () => {
  const words = (name: string, length: number, mask?: Uint8Array) =>
    drawFrame("binary", new Uint8Array(length), mask).parts.find((part) => part.name === name)?.words;
  expect(words("MASK", 1)).toBe("0: not masked");
  expect(words("MASK", 1, key)).toBe("1: a key follows");
  expect([0, 1, 2, 126, 65_536].map((length) => words("Length", length))).toEqual([
    "0 bytes",
    "1 byte",
    "2 bytes",
    "126: see the next 16 bits",
    "127: see the next 64 bits",
  ]);
  expect(words("Opcode", 1)).toBe("2: binary");
});
