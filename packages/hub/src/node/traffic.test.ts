import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { Traffic } from "./traffic.ts";

/** A socket that has received `bytesRead` bytes. */
function tcpWith(bytesRead: number): { bytesRead: number } & Socket {
  return { bytesRead } as Socket;
}

test("a waiting message costs more than its bytes, until it is sent or lost", () => {
  const traffic = new Traffic(tcpWith(0));
  expect(traffic.queued(0)).toBe(0);
  const sent = traffic.sending();
  traffic.sending();
  expect(traffic.queued(6)).toBe(6 + 2 * 384);
  sent();
  expect(traffic.queued(3)).toBe(3 + 384);
});

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
