import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  applyMask,
  type DecoderOptions,
  decodeClose,
  encodeClose,
  encodeFrame,
  type Frame,
  FrameDecoder,
  type FrameToSend,
  isWireCloseCode,
  Opcode,
  ProtocolError,
  randomMask,
} from "./frames.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);
const utf8 = (text: string) => new TextEncoder().encode(text);

function decode(encoded: Uint8Array, options?: DecoderOptions): Frame[] {
  return [...new FrameDecoder(options).push(encoded)];
}

function concat(parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Cuts bytes into pieces that end at the given places. */
function cut(whole: Uint8Array, places: number[]): Uint8Array[] {
  const ends = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b);
  return [0, ...ends].map((start, index) => whole.subarray(start, ends[index] ?? whole.length));
}

/** Returns everything that a decoder makes of these pieces: its frames, then its error. */
function say(pieces: Uint8Array[], options?: DecoderOptions): unknown[] {
  const decoder = new FrameDecoder(options);
  const said: unknown[] = [];
  for (const piece of pieces) {
    try {
      for (const frame of decoder.push(piece)) said.push(frame);
    } catch (error) {
      return [...said, (error as Error).message];
    }
  }
  return said;
}

describe("the examples of RFC 6455 §5.7", () => {
  const hello = utf8("Hello");
  const mask = bytes(0x37, 0xfa, 0x21, 0x3d);
  const examples: [string, FrameToSend, Uint8Array][] = [
    ["unmasked text", { opcode: 1, payload: hello }, bytes(0x81, 5, 0x48, 0x65, 0x6c, 0x6c, 0x6f)],
    [
      "masked text",
      { opcode: 1, payload: hello, mask },
      bytes(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58),
    ],
    ["first fragment", { opcode: 1, fin: false, payload: utf8("Hel") }, bytes(0x01, 3, 0x48, 0x65, 0x6c)],
    ["last fragment", { opcode: 0, payload: utf8("lo") }, bytes(0x80, 2, 0x6c, 0x6f)],
    ["ping", { opcode: 9, payload: hello }, bytes(0x89, 5, 0x48, 0x65, 0x6c, 0x6c, 0x6f)],
    [
      "masked pong",
      { opcode: 10, payload: hello, mask },
      bytes(0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58),
    ],
  ];
  test.each(examples)("%s", (_name, frame, encoded) => {
    expect(encodeFrame(frame)).toEqual(encoded);
    expect(decode(encoded)).toMatchObject([{ opcode: frame.opcode, payload: frame.payload }]);
  });

  test("256 bytes take two length bytes, 65,536 take eight", () => {
    expect(encodeFrame({ opcode: 2, payload: new Uint8Array(256) }).subarray(0, 4)).toEqual(
      bytes(0x82, 0x7e, 1, 0),
    );
    expect(encodeFrame({ opcode: 2, payload: new Uint8Array(65_536) }).subarray(0, 10)).toEqual(
      bytes(0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0),
    );
  });
});

const anyFrame = fc
  .record({
    opcode: fc.constantFrom(...Object.values(Opcode)),
    fin: fc.boolean(),
    rsv1: fc.boolean(),
    mask: fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 }), { nil: undefined }),
    size: fc.oneof(fc.nat(130), fc.constantFrom(65_535, 65_536)),
    seed: fc.nat(255),
  })
  .map(({ size, seed, mask, ...head }): FrameToSend & Frame => {
    const control = head.opcode >= 8;
    const payload = new Uint8Array(control ? Math.min(size, 125) : size).map((_, index) => index * 7 + seed);
    const legal = control ? { ...head, fin: true, rsv1: false } : head;
    return { ...legal, rsv2: false, rsv3: false, payload, ...(mask && { mask }) };
  });

const places = fc.array(fc.nat(400_000), { maxLength: 12 });

test("byte i of a payload is XORed with byte i modulo 4 of the key, wherever the payload lies in memory", () => {
  const mask = bytes(0x37, 0xfa, 0x21, 0x3d);
  for (const length of [0, 1, 255, 256, 257, 258, 259]) {
    for (const offset of [0, 1, 2, 3]) {
      const around = new Uint8Array(length + 8).map((_, index) => index * 7);
      const expected = around.map((byte, index) => {
        const at = index - offset;
        return at >= 0 && at < length ? byte ^ (mask[at % 4] ?? 0) : byte;
      });
      applyMask(around.subarray(offset, offset + length), mask);
      expect(around).toEqual(expected);
    }
  }
});

describe("any frames", () => {
  test("come out of any cut as they went in", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 5 }), places, (frames, ends) => {
        const whole = concat(frames.map(encodeFrame));
        expect(say(cut(whole, ends), { allowRsv1: true })).toEqual(frames);
      }),
      { numRuns: 60 },
    );
  });

  test("decode the same byte by byte as at once, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
        const single = [...noise].map((byte) => bytes(byte));
        expect(say(single, { maxPayload: 40 })).toEqual(say([noise], { maxPayload: 40 }));
      }),
      { numRuns: 2000 },
    );
  });

  test("decode up to the first illegal frame, and then give the same error", () => {
    const illegal = fc.constantFrom<FrameToSend>(
      { opcode: 3 },
      { opcode: 1, rsv2: true },
      { opcode: 9, fin: false },
      { opcode: 1, lengthBytes: 8, payload: utf8("x") },
    );
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 2 }), illegal, places, (frames, bad, ends) => {
        const whole = concat([...frames, bad].map(encodeFrame));
        const said = say(cut(whole, ends), { allowRsv1: true });
        expect(said.slice(0, -1)).toEqual(frames);
        expect(said.at(-1)).toMatch(/RFC 6455/);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a strict decoder refuses", () => {
  const refused: [string, FrameToSend, DecoderOptions, RegExp, number][] = [
    ["RSV1 without an extension", { opcode: 1, rsv1: true }, {}, /reserved bit.*§5\.2/, 1002],
    ["RSV2", { opcode: 1, rsv2: true }, { allowRsv1: true }, /reserved bit/, 1002],
    ["RSV3", { opcode: 1, rsv3: true }, { allowRsv1: true }, /reserved bit/, 1002],
    ["RSV1 on a ping", { opcode: 9, rsv1: true }, { allowRsv1: true }, /RFC 7692 §6\.1/, 1002],
    ["opcode 3", { opcode: 3 }, {}, /reserved opcode 3/, 1002],
    ["opcode 15", { opcode: 15 }, {}, /reserved opcode 15/, 1002],
    ["a fragmented ping", { opcode: 9, fin: false }, {}, /fragmented control frame.*§5\.5/, 1002],
    ["a ping of 126 bytes", { opcode: 9, payload: new Uint8Array(126) }, {}, /125 bytes.*§5\.5/, 1002],
    [
      "a mask from a server",
      { opcode: 1, mask: randomMask() },
      { masked: false },
      /a masked frame.*§5\.1/,
      1002,
    ],
    ["no mask from a client", { opcode: 1 }, { masked: true }, /an unmasked frame.*§5\.1/, 1002],
    [
      "5 in two length bytes",
      { opcode: 1, lengthBytes: 2, payload: utf8("Hello") },
      {},
      /not the fewest/,
      1002,
    ],
    ["256 in eight", { opcode: 1, lengthBytes: 8, payload: new Uint8Array(256) }, {}, /not the fewest/, 1002],
    ["a negative length", { opcode: 1, claimedLength: 1n << 63n }, {}, /highest bit/, 1002],
    ["a length past 2⁵³", { opcode: 1, claimedLength: 1n << 60n }, {}, /bytes/, 1009],
    ["a header over the limit", { opcode: 1, claimedLength: 65_537 }, { maxPayload: 65_536 }, /65537/, 1009],
  ];
  test.each(refused)("%s", (_name, frame, options, message, code) => {
    const decoder = new FrameDecoder(options);
    const push = () => [...decoder.push(encodeFrame(frame))];
    expect(push).toThrow(message);
    expect(push).toThrow(expect.objectContaining({ code }));
  });

  test("and goes on refusing", () => {
    const decoder = new FrameDecoder();
    expect(() => [...decoder.push(bytes(0x83, 0))]).toThrow(ProtocolError);
    expect(() => [...decoder.push(encodeFrame({ opcode: 1 }))]).toThrow(/reserved opcode 3/);
  });
});

test("bytes are read when pushed, frames decoded when asked for", () => {
  const decoder = new FrameDecoder();
  decoder.push(encodeFrame({ opcode: 1, payload: utf8("one") }));
  const frames = [...decoder.push(encodeFrame({ opcode: 1, payload: utf8("two") }))];
  expect(frames.map((frame) => new TextDecoder().decode(frame.payload))).toEqual(["one", "two"]);
  expect(decoder.pending).toBe(0);
});

test("a payload does not change when the decoder goes on", () => {
  const decoder = new FrameDecoder();
  const [first] = [...decoder.push(encodeFrame({ opcode: 2, payload: bytes(1, 2, 3) }))];
  for (let n = 0; n < 500; n++) [...decoder.push(encodeFrame({ opcode: 2, payload: bytes(9, 9, 9) }))];
  expect(first?.payload).toEqual(bytes(1, 2, 3));
});

test("a mask is applied to a copy, so that the caller's payload stays as it is", () => {
  const payload = utf8("Hello");
  encodeFrame({ opcode: 1, payload, mask: bytes(1, 2, 3, 4) });
  expect(payload).toEqual(utf8("Hello"));
});

describe("close payloads", () => {
  test("carry any code and reason that a peer may send", () => {
    const wireCode = fc.integer({ min: 1000, max: 4999 }).filter(isWireCloseCode);
    fc.assert(
      fc.property(wireCode, fc.string({ unit: "binary" }), (code, reason) => {
        expect(decodeClose(encodeClose(code, reason))).toEqual({ code, reason });
      }),
    );
  });

  test("may be empty, which reads as 1005", () => {
    expect(encodeClose()).toEqual(bytes());
    expect(decodeClose(bytes())).toEqual({ code: 1005, reason: "" });
  });

  test("of one byte are refused", () => {
    expect(() => decodeClose(bytes(3))).toThrow(/one byte/);
  });

  test.each([0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535])(
    "with code %i are refused",
    (code) => {
      expect(() => decodeClose(encodeClose(code))).toThrow(/§7\.4/);
    },
  );

  test.each([1000, 1003, 1007, 1011, 1012, 1014, 3000, 4999])("with code %i are read", (code) => {
    expect(decodeClose(encodeClose(code)).code).toBe(code);
  });

  test("with a reason that is not UTF-8 are refused with 1007", () => {
    expect(() => decodeClose(encodeClose(1000, bytes(0xc0, 0x80)))).toThrow(
      expect.objectContaining({ code: 1007 }),
    );
  });
});
