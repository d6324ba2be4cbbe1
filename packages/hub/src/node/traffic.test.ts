import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { mostPongs, Traffic } from "./traffic.ts";

/** A socket that has received `bytesRead` bytes. */
function tcpWith(bytesRead: number): { bytesRead: number } & Socket {
  return { bytesRead } as Socket;
}

test("bytes since the last complete message are unfinished, with the control frames among them", () => {
  const tcp = tcpWith(200);
  const traffic = new Traffic(tcp);
  tcp.bytesRead += 10;
  expect(traffic.unfinished).toBe(10);
  tcp.bytesRead += 11;
  traffic.control(Buffer.alloc(5));
  expect(traffic.unfinished).toBe(21);
  traffic.message();
  expect(traffic.unfinished).toBe(0);
});

test("control frames alone are not an unfinished message, not even in one segment with a message", () => {
  const tcp = tcpWith(0);
  const traffic = new Traffic(tcp);
  tcp.bytesRead += 6;
  traffic.control(Buffer.alloc(0));
  expect(traffic.unfinished).toBe(0);
  tcp.bytesRead += 20;
  traffic.message();
  traffic.control(Buffer.alloc(3));
  expect(traffic.unfinished).toBe(0);
});

test("control frames of a whole life do not add up to an unfinished message", () => {
  const tcp = tcpWith(0);
  const traffic = new Traffic(tcp);
  for (let ping = 0; ping < 3_000; ping++) {
    tcp.bytesRead += 131;
    traffic.control(Buffer.alloc(125));
  }
  tcp.bytesRead += 2 * 131;
  traffic.control(Buffer.alloc(125));
  expect(traffic.unfinished).toBe(2 * 131);
  traffic.control(Buffer.alloc(125));
  expect(traffic.unfinished).toBe(0);
});

test("control frames in one segment with a message do not excuse what comes after it", () => {
  const tcp = tcpWith(0);
  const traffic = new Traffic(tcp);
  tcp.bytesRead += 60_000;
  traffic.message();
  for (let pong = 0; pong < 450; pong++) traffic.control(Buffer.alloc(125));
  tcp.bytesRead += 7;
  expect(traffic.unfinished).toBe(7);
});

test("as many pongs may wait as a queue has room for, and always one", () => {
  expect(mostPongs({ queueBytes: 1024 * 1024 })).toBe(2_730);
  expect(mostPongs({ queueBytes: 1 })).toBe(1);
});
