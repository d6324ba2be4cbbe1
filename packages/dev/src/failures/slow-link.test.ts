import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type LinkPace, SlowLink } from "./slow-link.ts";

const stops: (() => unknown)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0).reverse()) stop();
});

/** A link to a server that sends everything back. */
async function setUp(pace: LinkPace) {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const link = await SlowLink.start(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, pace);
  const socket = connect({ port: Number(new URL(link.url).port), host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  stops.push(
    () => server.close(),
    () => link.stop(),
    () => socket.destroy(),
  );
  return { link, socket, sockets };
}

/** Waits until the other side of a socket has ended, and returns how. */
function endOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    for (const event of ["end", "close"]) socket.once(event, () => resolve(event));
  });
}

async function read(socket: Socket): Promise<string> {
  let text = "";
  for await (const bytes of socket) text += bytes;
  return text;
}

test("bytes come late and in order, and the end comes after them", async () => {
  const { socket } = await setUp({ delayMs: 60, bytesPerSecond: 1e6 });
  const began = performance.now();
  const came = read(socket);
  for (let number = 0; number < 100; number += 1) socket.write(`${number} `);
  socket.end();
  expect(await came).toBe(Array.from({ length: 100 }, (_, number) => `${number} `).join(""));
  // There and back.
  expect(performance.now() - began).toBeGreaterThan(115);
});

test("a link carries a limited number of bytes per second", async () => {
  const { socket } = await setUp({ delayMs: 0, bytesPerSecond: 100_000 });
  const began = performance.now();
  const came = read(socket);
  socket.end("a".repeat(20_000));
  expect(await came).toHaveLength(20_000);
  // The two directions overlap, so it is 200 ms at least.
  expect(performance.now() - began).toBeGreaterThan(195);
});

test("if one side breaks off, the other one does, too", async () => {
  const { socket, sockets } = await setUp({ delayMs: 5, bytesPerSecond: 1e6 });
  socket.write("hello");
  await once(socket, "data");
  sockets[0]?.resetAndDestroy();
  expect(await endOf(socket)).toBe("close");
});

test("nothing goes through it after the stop", async () => {
  const { link, socket } = await setUp({ delayMs: 5, bytesPerSecond: 1e6 });
  socket.write("hello");
  await once(socket, "data");
  link.stop();
  expect(await endOf(socket)).toMatch(/end|close/);
});
