import type { SocketConstructor, SocketLike } from "@rosetta/client";
import { expect, test } from "vitest";
import { Cable } from "./cable.ts";

class FakeSocket {
  static made: FakeSocket[] = [];
  closed = false;
  onclose: unknown = null;
  constructor() {
    FakeSocket.made.push(this);
  }
  close(): void {
    this.closed = true;
  }
}

function socketOf(cable: Cable): { socket: SocketLike; ends: unknown[] } {
  const ends: unknown[] = [];
  const socket = new cable.WebSocket("ws://here", []);
  socket.onclose = (event: unknown) => ends.push(event);
  return { socket, ends };
}

const loss = { code: 1006, reason: "", wasClean: false };

test("a whole cable makes sockets of the real kind", async () => {
  const cable = new Cable(FakeSocket as unknown as SocketConstructor);
  const { socket, ends } = socketOf(cable);
  await undefined;
  expect(socket).toBeInstanceOf(FakeSocket);
  expect(ends).toEqual([]);
});

test("a cut ends the live socket as a loss, once", () => {
  const cable = new Cable(FakeSocket as unknown as SocketConstructor);
  const { socket, ends } = socketOf(cable);
  cable.cut();
  cable.cut();
  expect(ends).toEqual([loss]);
  expect(socket).toMatchObject({ closed: true, onclose: null });
});

test("while it is cut, nothing is connected, and each try is refused", async () => {
  const cable = new Cable(FakeSocket as unknown as SocketConstructor);
  cable.cut();
  const before = FakeSocket.made.length;
  const { ends } = socketOf(cable);
  await undefined;
  expect(ends).toEqual([loss]);
  expect(FakeSocket.made.length).toBe(before);
  cable.mend();
  socketOf(cable);
  expect(FakeSocket.made.length).toBe(before + 1);
});
