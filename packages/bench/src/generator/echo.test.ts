import type { Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { EchoJob, PeerAddress } from "../generator-job.ts";
import { echo } from "./echo.ts";
import { type TestServer, tcpServer, webSocketServer } from "./servers.testing.ts";

let server: TestServer | undefined;
afterEach(() => server?.stop());

/** A masked frame of 64 bytes, which a TCP echo returns unchanged. */
const frameBytes = 70;

async function echoOf(
  answer: (socket: Socket, piece: Buffer, before: number) => void,
  change: Partial<EchoJob> = {},
) {
  server = await tcpServer(answer);
  return await echo(jobOf(server.peer, change));
}

function jobOf(peer: PeerAddress, change: Partial<EchoJob> = {}): EchoJob {
  const load = { connections: 1, depth: 1, size: 64, warmupMs: 10, measureMs: 50 };
  return { kind: "echo", peer, dialect: "bytes", ...load, ...change };
}

test("echoes are counted, with and without a schedule", async () => {
  const closed = await echoOf((socket, piece) => socket.write(piece), { connections: 3, depth: 4 });
  expect(closed.count).toBeGreaterThan(0);
  expect(closed).not.toHaveProperty("latency");
  await server?.stop();
  const open = await echoOf((socket, piece) => socket.write(piece), { rate: 1_000, measureMs: 100 });
  expect(open.due).toBe(Math.round(open.ms));
  expect(open.sent).toBeGreaterThan(0);
  expect(open.latency?.max).toBeGreaterThanOrEqual(open.latency?.p50 ?? Number.NaN);
});

test("typed requests are echoed too, after a greeting", async () => {
  server = await webSocketServer((ws, text) => {
    const { type, id, text: said } = JSON.parse(text) as { type: string; id: string; text: string };
    const reply = type === "hello" ? { type: "welcome", re: id } : { type: "echo", re: id, text: said };
    ws.send(JSON.stringify(reply));
  });
  const slice = await echo(jobOf(server.peer, { dialect: "typed", connections: 2, depth: 3 }));
  expect(slice.count).toBeGreaterThan(0);
});

test("a message that does not come back during the measurement is reported", async () => {
  const swallowed = 40 * frameBytes;
  const answer = (socket: Socket, piece: Buffer, before: number): void => {
    const from = Math.max(0, swallowed - before);
    const rest = [piece.subarray(0, from), piece.subarray(from + frameBytes)];
    const isWhole = from > piece.length - frameBytes || before > swallowed;
    socket.write(isWhole ? piece : Buffer.concat(rest));
  };
  await expect(echoOf(answer, { depth: 4 })).rejects.toThrow("1 messages did not come back");
}, 20_000);

test("a message that comes back twice during the measurement is reported", async () => {
  const answer = (socket: Socket, piece: Buffer, before: number): void => {
    socket.write(piece);
    if (before === 0) socket.write(piece.subarray(0, frameBytes));
  };
  await expect(echoOf(answer)).rejects.toThrow("1 more messages came back than were sent");
});

test("late echoes are waited for and are not counted as lost", async () => {
  const late = (socket: Socket, piece: Buffer) => void setTimeout(() => socket.write(piece), 150);
  expect((await echoOf(late, { rate: 100, measureMs: 100 })).latency?.p50).toBeGreaterThan(140_000);
});

test.each([
  ["of a small piece", 64, 20],
  ["at the beginning of a large one", 4_096, 0],
  ["at the end of a large one", 4_096, 4_103],
])("a changed byte is seen: %s", async (_where, size, at) => {
  let bytes = 0;
  const answer = (socket: Socket, piece: Buffer): void => {
    const changed = Buffer.from(piece);
    // Not the first message, but one in the middle of the measurement.
    if (bytes > 0 && changed.length > at) changed[at] = (changed[at] ?? 0) ^ 1;
    bytes += piece.length;
    socket.write(changed);
  };
  await expect(echoOf(answer, { size })).rejects.toThrow("what came back is not what was sent");
});

test("a server that closes the connection is reported", async () => {
  const closes = (socket: Socket, piece: Buffer, before: number) =>
    before < 10 * frameBytes ? socket.write(piece) : socket.end();
  await expect(echoOf(closes)).rejects.toThrow("the server closed the connection");
});

test("a latency counts from when a message was due, even if it could not be sent then", async () => {
  // Server and generator share one process here: while it is blocked, nothing can be sent, but messages keep
  // falling due.
  const answer = (socket: Socket, piece: Buffer, before: number): void => {
    if (before > 20 * frameBytes && !isBlocked) block(300);
    socket.write(piece);
  };
  let isBlocked = false;
  const block = (ms: number): void => {
    isBlocked = true;
    const until = performance.now() + ms;
    while (performance.now() < until);
  };
  const { latency } = await echoOf(answer, { rate: 500, warmupMs: 20, measureMs: 500 });
  expect(latency?.p50).toBeGreaterThan(20_000);
  expect(latency?.max).toBeGreaterThan(200_000);
});
