import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Frame, Opcode } from "./frames.ts";
import { type Message, MessageAssembler } from "./messages.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

function frame(opcode: number, payload: Uint8Array, fin = true): Frame {
  return { fin, rsv1: false, rsv2: false, rsv3: false, opcode, payload };
}

function assemble(...frames: Frame[]): (Message | undefined)[] {
  const assembler = new MessageAssembler();
  return frames.map((each) => assembler.push(each));
}

test("an unfragmented frame is a whole message", () => {
  const data = utf8("grüß");
  expect(assemble(frame(Opcode.Text, data))).toEqual([
    { kind: "text", text: "grüß", data, fragments: 1, compressed: false },
  ]);
});

test("a text may be cut inside a character, with pings between the pieces", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.array(fc.nat(40), { maxLength: 4 }), (text, places) => {
      const data = utf8(text);
      const ends = places.map((place) => Math.min(place, data.length)).sort((a, b) => a - b);
      const pieces = [0, ...ends].map((start, index) => data.subarray(start, ends[index] ?? data.length));
      const frames = pieces.flatMap((piece, index) => [
        frame(index === 0 ? Opcode.Text : Opcode.Continuation, piece, index === pieces.length - 1),
        frame(Opcode.Ping, utf8("still there?")),
      ]);
      const messages = assemble(...frames).filter((message) => message !== undefined);
      expect(messages).toEqual([{ kind: "text", text, data, fragments: pieces.length, compressed: false }]);
    }),
  );
});

test("a continuation without a message is refused", () => {
  expect(() => assemble(frame(Opcode.Continuation, utf8("lo")))).toThrow(
    /continuation without a message.*§5\.4/,
  );
});

test("a new message inside a fragmented one is refused", () => {
  const first = frame(Opcode.Text, utf8("Hel"), false);
  expect(() => assemble(first, frame(Opcode.Text, utf8("lo")))).toThrow(/inside a fragmented one/);
});

test("text that is not UTF-8 is refused with 1007, and binary is not checked", () => {
  const noise = Uint8Array.of(0xff);
  expect(() => assemble(frame(Opcode.Text, noise))).toThrow(expect.objectContaining({ code: 1007 }));
  expect(assemble(frame(Opcode.Binary, noise))).toEqual([
    { kind: "binary", data: noise, fragments: 1, compressed: false },
  ]);
});

test("a message contains nothing of the one before", () => {
  const [one, , two, three] = assemble(
    frame(Opcode.Text, utf8("one")),
    frame(Opcode.Binary, utf8("tw"), false),
    frame(Opcode.Continuation, utf8("o")),
    frame(Opcode.Text, utf8("three")),
  );
  expect([one, two, three].map((message) => Buffer.from(message?.data ?? []).toString())).toEqual([
    "one",
    "two",
    "three",
  ]);
  expect([one, two, three].map((message) => [message?.kind, message?.fragments])).toEqual([
    ["text", 1],
    ["binary", 2],
    ["text", 1],
  ]);
});
