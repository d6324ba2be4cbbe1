import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Incoming } from "./incoming.ts";

const opcodes = { continuation: 0, text: 1, close: 8, ping: 9, pong: 10 };

/** Returns a client's frame with a payload of `length` zeros, which the mask of zeros leaves as they are. */
function frame(kind: keyof typeof opcodes, length: number, { fin = true } = {}): Buffer {
  const extended = length <= 125 ? 0 : length <= 0xffff ? 2 : 8;
  const bytes = Buffer.alloc(2 + extended + 4 + length);
  bytes[0] = opcodes[kind] | (fin ? 0x80 : 0);
  bytes[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) bytes.writeUInt16BE(length, 2);
  if (extended === 8) bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
}

/** Follows a socket, which gets its segments by `receive`. As with Node, each has memory of its own. */
function follow(): { incoming: Incoming; tcp: EventEmitter; receive: (...frames: Buffer[]) => void } {
  const tcp = new EventEmitter();
  const incoming = new Incoming(tcp as Socket);
  const receive = (...frames: Buffer[]) =>
    void tcp.emit("data", Buffer.from(Uint8Array.from(Buffer.concat(frames)).buffer));
  return { incoming, tcp, receive };
}

/** Cuts bytes into segments of at most `size` bytes. */
function segments(bytes: Buffer, size: number): Buffer[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

function repeat(count: number, piece: Buffer): Buffer[] {
  return Array.from({ length: count }, () => piece);
}

test("a message is unfinished from its first byte until its last", () => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
    const { incoming, receive } = follow();
    const bytes = frame("text", length);
    const seen = segments(bytes, 1).map((byte) => {
      receive(byte);
      return incoming.unfinished;
    });
    expect(seen).toEqual([...Array(bytes.length - 1).keys()].map((index) => index + 1).concat(0));
  }
});

test("a message in fragments is unfinished between them, with the control frames among them", () => {
  const { incoming, receive } = follow();
  receive(frame("text", 3, { fin: false }));
  expect(incoming.unfinished).toBe(9);
  receive(frame("ping", 5));
  receive(frame("continuation", 0, { fin: false }));
  expect(incoming.unfinished).toBe(9 + 11 + 6);
  receive(frame("continuation", 1));
  expect(incoming.unfinished).toBe(0);
});

test("control frames are never an unfinished message, wherever they are cut", () => {
  for (const size of [1, 2, 5, 130, 131, 132, 20_000, 65_536]) {
    const { incoming, receive } = follow();
    const seen = segments(Buffer.concat(repeat(2_300, frame("ping", 125))), size).map((segment) => {
      receive(segment);
      return { unfinished: incoming.unfinished, held: incoming.held };
    });
    expect(seen.filter(({ unfinished, held }) => unfinished > 0 || held > Math.max(131, size))).toEqual([]);
    expect(incoming.held).toBe(0);
  }
});

test("a cut control frame counts as the segment in which it began, until it is complete", () => {
  const { incoming, receive } = follow();
  const ping = frame("ping", 125);
  receive(...repeat(400, ping), ping.subarray(0, 1));
  expect(incoming.held).toBe(400 * 131 + 1);
  receive(ping.subarray(1));
  expect(incoming.held).toBe(0);
});

test("what came with the handshake counts as the segment in which that came", () => {
  const { incoming, tcp } = follow();
  const segment = Buffer.from(new ArrayBuffer(60_000));
  segment[59_999] = 0x89;
  tcp.emit("data", segment.subarray(59_999));
  expect(incoming.held).toBe(60_000);
});

test("after a close frame or a fault nothing counts, because ws drops it", () => {
  const { incoming, receive } = follow();
  receive(frame("close", 2), frame("text", 9, { fin: false }));
  receive(frame("text", 70_000).subarray(0, 60_000));
  expect(incoming.held).toBe(0);
  const faulty = follow();
  faulty.receive(frame("text", 9, { fin: false }));
  faulty.incoming.stop();
  expect(faulty.incoming.unfinished).toBe(0);
  faulty.receive(frame("text", 70_000).subarray(0, 60_000));
  expect(faulty.incoming.held).toBe(0);
});

// 7 bytes: 18 of them are shorter than a ping, so the sum of all frames that ws reports would not show them.
test("one-byte fragments count as the segments in which they came, also beside pings that are cut", () => {
  const { incoming, receive } = follow();
  const pings = Buffer.concat(repeat(500, frame("ping", 125)));
  receive(frame("text", 1, { fin: false }), pings.subarray(0, -9));
  let received = 7 + pings.length - 9;
  for (let count = 0; count < 20; count++) {
    expect(incoming.unfinished).toBe(received);
    receive(pings.subarray(-9), frame("continuation", 1, { fin: false }), pings.subarray(0, -9));
    received += 7 + pings.length;
  }
});

test("a message that begins in the segment in which another ends counts as that segment", () => {
  const { incoming, receive } = follow();
  const second = frame("text", 100);
  receive(frame("text", 1_000), second.subarray(0, 1));
  expect(incoming.unfinished).toBe(1_008 + 1);
  receive(second.subarray(1), frame("pong", 3));
  expect(incoming.unfinished).toBe(0);
});

test("it has read a segment before those who listen already", () => {
  const tcp = new EventEmitter();
  const heard: number[] = [];
  tcp.on("data", () => heard.push(incoming.unfinished));
  const incoming = new Incoming(tcp as Socket);
  tcp.emit("data", frame("text", 1, { fin: false }));
  expect(heard).toEqual([7]);
});

test("whatever comes and wherever it is cut, it counts every segment since what is incomplete began", () => {
  const message = fc
    .array(fc.record({ length: fc.nat(70_000), pings: fc.array(fc.nat(125), { maxLength: 3 }) }), {
      minLength: 1,
    })
    .map((parts) =>
      parts.flatMap(({ length, pings }, index) => [
        frame(index === 0 ? "text" : "continuation", length, { fin: index === parts.length - 1 }),
        ...(index === parts.length - 1 ? [] : pings.map((bytes) => frame("ping", bytes))),
      ]),
    );
  const control = fc.nat(125).map((length) => [frame("pong", length)]);
  const whole = fc.array(fc.oneof(message, control), { maxLength: 4 });
  fc.assert(
    fc.property(whole, fc.array(fc.nat(70_000), { maxLength: 6 }), (units, at) => {
      const stream = Buffer.concat(units.flat());
      const begins = units.map((_, index) => Buffer.concat(units.slice(0, index).flat()).length);
      const ends = [...new Set([...at.filter((end) => end > 0 && end < stream.length), stream.length])].sort(
        (a, b) => a - b,
      );
      const { incoming, receive } = follow();
      for (const [index, end] of ends.entries()) {
        receive(stream.subarray(ends[index - 1] ?? 0, end));
        const unit = begins.findLastIndex((begin) => begin < end);
        const begin = begins[unit] ?? 0;
        const isIncomplete = end < (begins[unit + 1] ?? stream.length);
        const held = isIncomplete ? end - (ends.findLast((before) => before <= begin) ?? 0) : 0;
        const isControl = units[unit]?.length === 1 && ((units[unit]?.[0]?.[0] ?? 0) & 0x08) !== 0;
        expect(incoming.held).toBe(held);
        expect(incoming.unfinished).toBe(isControl ? 0 : held);
      }
    }),
  );
});
