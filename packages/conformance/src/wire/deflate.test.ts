import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compose,
  dynamicBlock,
  dynamicHeader,
  fixedBlock,
  fixedLiteral,
  flush,
  raw,
  type StreamPart,
  stored,
} from "../cases/deflate-blocks.ts";
import { random } from "../model/random.ts";
import { join, unhex } from "./bytes.ts";
import { agree, type Compression, Deflater, inflateOf } from "./deflate.ts";
import { inflateRaw } from "./inflate.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const whole: Compression = { contextTakeover: true, windowBits: 15 };
const alone: Compression = { contextTakeover: false, windowBits: 15 };

function inflate(...messages: Uint8Array[]): Uint8Array {
  const each = inflateOf(whole, 1_000_000);
  return messages.map((message) => each(message)).at(-1) ?? new Uint8Array();
}

describe("negotiation", () => {
  test.each([
    ["permessage-deflate", "permessage-deflate", true, 15, true, 15],
    ["permessage-deflate", " permessage-deflate ; server_no_context_takeover", true, 15, false, 15],
    ["permessage-deflate", "permessage-deflate; client_no_context_takeover", false, 15, true, 15],
    ["permessage-deflate; client_no_context_takeover", "permessage-deflate", false, 15, true, 15],
    ["permessage-deflate", "permessage-deflate;server_max_window_bits=9", true, 15, true, 9],
    [
      "permessage-deflate; server_max_window_bits=12",
      "permessage-deflate; server_max_window_bits=8",
      true,
      15,
      true,
      8,
    ],
    [
      "permessage-deflate; client_max_window_bits",
      'permessage-deflate; client_max_window_bits="1\\0"',
      true,
      10,
      true,
      15,
    ],
    ["permessage-deflate; client_max_window_bits=11", "permessage-deflate", true, 11, true, 15],
    [
      "permessage-deflate; client_max_window_bits=11",
      "permessage-deflate; client_max_window_bits=9",
      true,
      9,
      true,
      15,
    ],
    [
      "permessage-deflate; server_no_context_takeover, permessage-deflate",
      "permessage-deflate",
      true,
      15,
      true,
      15,
    ],
    ["permessage-deflate; foo, permessage-deflate", "permessage-deflate", true, 15, true, 15],
  ])("%s → %s", (offer, answer, ourTakeover, ourBits, theirTakeover, theirBits) => {
    expect(agree(offer, answer)).toEqual({
      ours: { contextTakeover: ourTakeover, windowBits: ourBits },
      theirs: { contextTakeover: theirTakeover, windowBits: theirBits },
    });
  });

  test("the server declines", () => {
    expect(agree("permessage-deflate", "")).toBeUndefined();
    expect(agree("permessage-deflate; foo", "")).toBeUndefined();
  });

  test.each([
    ["permessage-deflate", "permessage-deflate; foo", /foo is not a parameter/],
    ["permessage-deflate", "permessage-deflate; client_max_window_bits=9", /was not offered/],
    ["permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits", /no value/],
    [
      "permessage-deflate; client_max_window_bits=9",
      "permessage-deflate; client_max_window_bits=10",
      /more than the 9/,
    ],
    [
      "permessage-deflate; server_no_context_takeover",
      "permessage-deflate",
      /does not confirm it \(§7\.1\.1\.1\)/,
    ],
    [
      "permessage-deflate; server_max_window_bits=9",
      "permessage-deflate",
      /does not confirm it \(§7\.1\.2\.1\)/,
    ],
    [
      "permessage-deflate; server_max_window_bits=9",
      "permessage-deflate; server_max_window_bits=10",
      /more than the 9/,
    ],
    ["permessage-deflate", "permessage-deflate; server_max_window_bits=08", /08, not one of 8 to 15/],
    ["permessage-deflate", "permessage-deflate; server_max_window_bits=16", /16, not one of 8 to 15/],
    ["permessage-deflate", "permessage-deflate; server_max_window_bits", /has no value/],
    ["permessage-deflate", "permessage-deflate; server_no_context_takeover=1", /has a value/],
    [
      "permessage-deflate",
      "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
      /appears twice/,
    ],
    ["permessage-deflate", "permessage-deflate, permessage-deflate", /accepted twice/],
    ["permessage-deflate", "permessage-deflate; a b", /not a valid extension \(RFC 6455 §9\.1\)/],
    ["permessage-deflate; server_max_window_bits=7", "permessage-deflate", /MUST decline/],
  ])("%s ↛ %s", (offer, answer, message) => {
    expect(() => agree(offer, answer)).toThrow(
      expect.objectContaining({ name: "NegotiationError", message: expect.stringMatching(message) }),
    );
  });
});

describe("compressing", () => {
  test("a compressed message comes back with every agreement, through our reader and through zlib", () => {
    const compression = fc.record({
      contextTakeover: fc.boolean(),
      windowBits: fc.integer({ min: 8, max: 15 }),
    });
    const message = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(60)).map(([part, times]) => {
        return join(Array.from({ length: times + 1 }, () => part));
      }),
    );
    fc.assert(
      fc.property(compression, fc.array(message, { maxLength: 6 }), (agreed, messages) => {
        const deflater = new Deflater(agreed);
        const read = inflateOf(agreed, 1_000_000);
        for (const each of messages)
          expect(Buffer.from(read(deflater.deflate(each)))).toEqual(Buffer.from(each));
      }),
    );
  });

  test("a repeated message is short if context takeover is agreed on", () => {
    const noise = random(1, "noise").bytes(200);
    const again = (agreed: Compression) => {
      const deflater = new Deflater(agreed);
      deflater.deflate(noise);
      return deflater.deflate(noise).length;
    };
    expect(again(whole)).toBeLessThan(20);
    expect(again(alone)).toBeGreaterThan(200);
  });

  test("an empty message is one byte: RFC 7692 §7.2.3.6", () => {
    expect(new Deflater(whole).deflate(new Uint8Array())).toEqual(Buffer.of(0));
  });

  test.each([0, 1, 6, 9])("level %i in every strategy is read as zlib reads it", (level) => {
    const noise = random(level, "noise");
    const words = Array.from({ length: 30_000 }, () => "abc  the"[noise.below(8)]).join("");
    for (const data of [noise.bytes(70_000), bytes(words), new Uint8Array(200_000)]) {
      for (let strategy = 0; strategy <= constants.Z_FIXED; strategy++) {
        const compressed = deflateRawSync(data, { level, strategy });
        const read = inflateRaw(compressed, {
          history: new Uint8Array(),
          windowSize: 32_768,
          maxOutput: 1e6,
        });
        expect(Buffer.compare(read, data)).toBe(0);
      }
    }
  });
});

describe("a peer that breaks the agreement is noticed", () => {
  const noise = random(1, "noise").bytes(600);

  test("a match beyond the window, even inside one message", () => {
    const far = compose(fixedBlock([noise, { distance: 513, length: 10 }]), flush);
    expect(() => inflateOf({ contextTakeover: true, windowBits: 9 }, 1_000)(far)).toThrow(
      /513 bytes back in a window of 512/,
    );
    expect(inflateOf({ contextTakeover: true, windowBits: 10 }, 1_000)(far)).toHaveLength(610);
  });

  test("a match into the message before, without context takeover", () => {
    const [first, second] = [unhex("f248cdc9c90700"), unhex("f200110000")];
    expect(new TextDecoder().decode(inflate(first, second))).toBe("Hello");
    const read = inflateOf(alone, 1_000);
    read(first);
    expect(() => read(second)).toThrow(/a match 5 bytes back, after only 1 bytes/);
  });

  test("a message longer than it may be", () => {
    const bomb = new Deflater(whole).deflate(new Uint8Array(100_001));
    expect(() => inflateOf(whole, 100_000)(bomb)).toThrow(expect.objectContaining({ code: 1009 }));
  });
});

describe("the examples of RFC 7692 §7.2.3", () => {
  test.each([
    ["fixed codes", "f2 48 cd c9 c9 07 00"],
    ["a stored block", "00 05 00 fa ff 48 65 6c 6c 6f 00"],
    ["a final block", "f3 48 cd c9 c9 07 00 00"],
    ["two blocks", "f2 48 05 00 00 00 ff ff ca c9 c9 07 00"],
  ])("%s", (_, digits) => {
    expect(new TextDecoder().decode(inflate(unhex(digits)))).toBe("Hello");
  });

  test("equal the blocks that we write by hand", () => {
    const hello = bytes("Hello");
    expect(compose(fixedBlock([hello]), flush)).toEqual(unhex("f2 48 cd c9 c9 07 00"));
    expect(compose(stored(hello), flush)).toEqual(unhex("00 05 00 fa ff 48 65 6c 6c 6f 00"));
  });
});

test("zlib reads the blocks written by hand", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const written = compose(
    ...[
      stored(all),
      dynamicBlock(all),
      fixedBlock([all, { distance: 700, length: 258 }, { distance: 1, length: 3 }]),
    ],
    flush,
  );
  const read = inflateRawSync(join([written, unhex("0000ffff")]), { finishFlush: constants.Z_SYNC_FLUSH });
  expect(read).toHaveLength(3 * 256 + 258 + 3);
  expect(Buffer.compare(read, inflate(written))).toBe(0);
});

describe("data that is not DEFLATE is refused with 1007", () => {
  const symbol =
    (number: number): StreamPart =>
    (bits) =>
      fixedLiteral(bits, number);

  test.each<[RegExp, StreamPart[]]>([
    [/reserved type 3/, [raw([6, 3])]],
    [/complement/, [raw([0, 8], [5, 16], [5, 16])]],
    [/cut off/, [raw([0, 8], [50, 16], [50 ^ 0xffff, 16])]],
    [/ends inside a block/, [raw([2, 3])]],
    [/1 bytes back, after only 0/, [fixedBlock([{ distance: 1, length: 3 }])]],
    [/length code 286/, [raw([2, 3]), symbol(286)]],
    [/distance code 30/, [raw([2, 3]), symbol(97), symbol(257), (bits) => bits.code(30, 5)]],
    [/287 literal/, [dynamicHeader(287, 1, [1, 1, 1, 1])]],
    [/31 distance/, [dynamicHeader(257, 31, [1, 1, 1, 1])]],
    [/more code length codes/, [dynamicHeader(257, 1, [1, 1, 1, 1])]],
    [/fewer code length codes/, [dynamicHeader(257, 1, [2, 2, 2, 0])]],
    [/repeated length with none before it/, [dynamicHeader(257, 1, [1, 1, 0, 0]), raw([0, 1])]],
    [
      /without a code for its end/,
      [dynamicHeader(257, 1, [0, 0, 1, 0]), raw([0, 1], [127, 7], [0, 1], [109, 7])],
    ],
    [/more code lengths/, [dynamicHeader(257, 1, [0, 0, 1, 0]), raw([0, 1], [127, 7], [0, 1], [127, 7])]],
  ])("%s", (message, parts) => {
    expect(() => inflate(compose(...parts))).toThrow(
      expect.objectContaining({ code: 1007, message: expect.stringMatching(message) }),
    );
  });

  test("any bytes are either read or refused with that error, and whatever is read, zlib reads alike", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (noise) => {
        const read = attempt(() => inflate(noise));
        if (!read) return;
        const tailed = join([noise, unhex("0000ffff")]);
        const theirs = inflateRawSync(tailed, { finishFlush: constants.Z_SYNC_FLUSH });
        // zlib stops at a final block.
        expect(Buffer.compare(theirs, read.subarray(0, theirs.length))).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });
});

function attempt(act: () => Uint8Array): Uint8Array | undefined {
  try {
    return act();
  } catch (error) {
    expect(error).toMatchObject({ name: "ProtocolError", code: 1007 });
    return undefined;
  }
}
