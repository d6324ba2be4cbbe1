import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { Incoming } from "./incoming.ts";

/** A socket that has received `bytesRead` bytes. */
function tcpWith(bytesRead: number): { bytesRead: number } & Socket {
  return { bytesRead } as Socket;
}

test("bytes since the last complete message are unfinished, with the control frames among them", () => {
  const tcp = tcpWith(200);
  const incoming = new Incoming(tcp);
  tcp.bytesRead += 10;
  expect(incoming.unfinished).toBe(10);
  tcp.bytesRead += 11;
  incoming.control(Buffer.alloc(5));
  expect(incoming.unfinished).toBe(21);
  incoming.message();
  expect(incoming.unfinished).toBe(0);
});

test("control frames alone are not an unfinished message, not even in one segment with a message", () => {
  const tcp = tcpWith(0);
  const incoming = new Incoming(tcp);
  tcp.bytesRead += 6;
  incoming.control(Buffer.alloc(0));
  expect(incoming.unfinished).toBe(0);
  tcp.bytesRead += 20;
  incoming.message();
  incoming.control(Buffer.alloc(3));
  expect(incoming.unfinished).toBe(0);
});

test("control frames of a whole life do not add up to an unfinished message", () => {
  const tcp = tcpWith(0);
  const incoming = new Incoming(tcp);
  for (let ping = 0; ping < 3_000; ping++) {
    tcp.bytesRead += 131;
    incoming.control(Buffer.alloc(125));
  }
  tcp.bytesRead += 2 * 131;
  incoming.control(Buffer.alloc(125));
  expect(incoming.unfinished).toBe(2 * 131);
  incoming.control(Buffer.alloc(125));
  expect(incoming.unfinished).toBe(0);
});

test("control frames in one segment with a message do not excuse what comes after it", () => {
  const tcp = tcpWith(0);
  const incoming = new Incoming(tcp);
  tcp.bytesRead += 60_000;
  incoming.message();
  for (let pong = 0; pong < 450; pong++) incoming.control(Buffer.alloc(125));
  tcp.bytesRead += 7;
  expect(incoming.unfinished).toBe(7);
});
