import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { CheckJob, PeerAddress } from "../generator-job.ts";
import { check, difference, numbered } from "./check.ts";
import { type TestServer, tcpServer, webSocketServer } from "./servers.testing.ts";
import { letters, maskedText, plainText } from "./write-frames.ts";

const frame = (number: number, size = 64) => plainText(numbered(3, number, size));

test("messages with different numbers differ and have the requested size", () => {
  for (const size of [16, 125, 126, 65_536]) expect(numbered(0, 7, size)).toHaveLength(size);
  expect(Buffer.from(numbered(3, 42, 32)).toString()).toMatch(/^0003\/000000042\/[a-z]{17}$/);
  expect(numbered(0, 1, 64)).not.toEqual(numbered(0, 2, 64));
});

test("an echo is compared byte by byte, and the error says what is wrong", () => {
  expect(difference(frame(5), frame(5), 5)).toBeUndefined();
  expect(difference(frame(5), frame(6), 5)).toBe(
    "message 6 came instead of 5: lost, doubled or out of order",
  );
  const changed = Uint8Array.from(frame(5));
  changed[40] = 0;
  expect(difference(frame(5), changed, 5)).toBe("message 5 came back changed, at byte 40 of its frame");
});

test.each([
  [0, "8180"],
  [125, "81fd"],
  [126, "81fe007e"],
  [65_535, "81feffff"],
  [65_536, "81ff0000000000010000"],
])("the header of a frame of %i bytes", (size, header) => {
  const masked = maskedText(letters(size), Uint8Array.of(1, 2, 3, 4));
  expect(Buffer.from(masked).toString("hex").slice(0, header.length)).toBe(header);
  expect(masked).toHaveLength(header.length / 2 + 4 + size);
});

test("a client's payload is masked with its key, and a server's is not", () => {
  const key = Uint8Array.of(1, 2, 3, 4);
  const payload = letters(10);
  const masked = maskedText(payload, key).subarray(6);
  expect(masked.map((byte, index) => byte ^ (key[index % 4] ?? 0))).toEqual(payload);
  expect(plainText(payload).subarray(2)).toEqual(payload);
});

describe("a conversation", () => {
  let server: TestServer | undefined;
  afterEach(() => server?.stop());

  const frameBytes = 70;
  const count = 20;
  const jobOf = (peer: PeerAddress, change: Partial<CheckJob> = {}): CheckJob => {
    const messages = [{ size: 64, count }];
    return { kind: "check", peer, connections: 1, depth: 4, messages, patienceMs: 100, ...change };
  };

  async function talk(answer: (socket: Socket, piece: Buffer, before: number) => void, change = {}) {
    server = await tcpServer(answer);
    return await check(jobOf(server.peer, change));
  }

  test("passes where every message comes back, in whatever pieces", async () => {
    const messages = [
      { size: 16, count: 3 },
      { size: 70_000, count: 3 },
    ];
    const whole = await talk((socket, piece) => socket.write(piece), { connections: 2, messages });
    expect(whole.count).toBe(12);
    await server?.stop();
    const bytes = await talk((socket, piece) => {
      for (const byte of piece) socket.write(Uint8Array.of(byte));
    });
    expect(bytes.count).toBe(count);
  });

  test("fails if the last message does not come back", async () => {
    const answer = (socket: Socket, piece: Buffer, before: number) =>
      socket.write(piece.subarray(0, Math.max(0, (count - 1) * frameBytes - before)));
    await expect(talk(answer)).rejects.toThrow("1 of 20 messages did not come back: nothing came for 100 ms");
  });

  test("fails if the last message comes back twice", async () => {
    const answer = (socket: Socket, piece: Buffer, before: number): void => {
      const isLast = before + piece.length === count * frameBytes;
      socket.write(isLast ? Buffer.concat([piece, piece.subarray(-frameBytes)]) : piece);
    };
    await expect(talk(answer)).rejects.toThrow("more came back than was sent");
  });

  test("fails if a message is missing or one of its bytes is changed", async () => {
    server = await webSocketServer((ws, text, number) => void (number === 1 ? 0 : ws.send(text)));
    await expect(check(jobOf(server.peer))).rejects.toThrow(
      "message 1 came instead of 0: lost, doubled or out of order",
    );
    await server.stop();
    const changes = (socket: Socket, piece: Buffer) => socket.write(piece.fill(0, 33, 34));
    await expect(talk(changes)).rejects.toThrow("message 0 came back changed, at byte 33 of its frame");
  });

  test("reports who closed the connection, with which code, and when", async () => {
    const ends = (socket: Socket, piece: Buffer, before: number) =>
      before < 4 * frameBytes ? socket.write(piece) : socket.end();
    await expect(talk(ends)).rejects.toThrow(/^the server closed the connection after [4-7] of 20 messages$/);
    await server?.stop();
    server = await webSocketServer((ws, text, number) => (number === 6 ? ws.close(1011) : ws.send(text)));
    await expect(check(jobOf(server.peer))).rejects.toThrow(/^closed with 1011 after 5 of 20 messages$/);
    await server.stop();
    server = await webSocketServer((ws, text, number) => (number === 6 ? ws.close() : ws.send(text)));
    await expect(check(jobOf(server.peer))).rejects.toThrow(/^closed with 1005 after 5 of 20 messages$/);
  });

  test("never has more messages under way than the depth allows", async () => {
    let most = 0;
    const answer = (socket: Socket, piece: Buffer): void => {
      most = Math.max(most, piece.length / frameBytes);
      socket.write(piece);
    };
    await talk(answer, { depth: 3 });
    expect(most).toBe(3);
  });
});
