// Peers that are hostile, or are something else altogether. Each gets a verdict, or an error that says what is
// wrong, within the deadline and in bounded memory.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { framing } from "../cases/framing.ts";
import { opening } from "../cases/opening.ts";
import type { FrameCase } from "../model/frame-case.ts";
import type { Result } from "../model/result.ts";
import { startServer } from "../testing/faulty-server.ts";
import { acceptOf } from "../wire/handshake.ts";
import { type RunOptions, runConformance } from "./server-run.ts";
import { ServerGone } from "./server-watch.ts";

const deadlineMs = 500;
// Time for a run of one case on a busy machine: the check, the case, its end, and a last sign of life.
const wholeRunMs = 30 * deadlineMs;

const echo = framing.filter(({ id }) => id === "1.1.2");
const plain = opening.slice(0, 1);
const refused = opening.filter(({ title }) => title === "a handshake without a key is refused");

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Listens on a free port and passes each connection to `peer`. */
async function listen(peer: (socket: Socket) => void): Promise<number> {
  return started(createServer({ allowHalfOpen: true }), peer, "connection");
}

async function started(server: Server, peer: (socket: Socket) => void, event: string): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket.on("error", () => {}));
  });
  server.on(event, (socket: Socket) => peer(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stops.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** Writes the same bytes again and again as fast as they are accepted, up to this many in all. */
function flood(socket: Socket, bytes: Uint8Array, total: number): void {
  let left = total;
  const write = () => {
    while (left > 0 && !socket.destroyed) {
      left -= bytes.length;
      if (!socket.write(bytes)) return;
    }
  };
  socket.on("drain", write);
  write();
}

/** Answers a handshake correctly, and then does something else. */
function opened(after: (socket: Socket) => void) {
  return (socket: Socket) => {
    socket.once("data", (request: Buffer) => {
      const [, key = ""] = /sec-websocket-key: *(\S+)/i.exec(request.toString("latin1")) ?? [];
      const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
      socket.write(`${[...lines, `Sec-WebSocket-Accept: ${acceptOf(key)}`].join("\r\n")}\r\n\r\n`);
      after(socket);
    });
  };
}

/** Sends a short text frame back, unmasked, which a run needs at its start. */
function echoOnce(socket: Socket): void {
  socket.once("data", (bytes: Buffer) => {
    const length = (bytes[1] ?? 0) & 0x7f;
    const text = bytes.subarray(6, 6 + length).map((byte, at) => byte ^ (bytes[2 + (at & 3)] ?? 0));
    socket.write(Buffer.concat([Buffer.of(0x81, length), text]));
    echoOnce(socket);
  });
}

/** The first connection, with which a run begins, behaves like a server that echoes. */
function atFirst(peer: (socket: Socket) => void) {
  let count = 0;
  const right = opened(echoOnce);
  return (socket: Socket) => (count++ === 0 ? right(socket) : peer(socket));
}

/** Returns the message of the error that a run ends with, or the verdict and its reason. */
async function outcome(url: string, options: RunOptions = {}): Promise<string> {
  const began = performance.now();
  const results: Result[] = [];
  try {
    for await (const result of runConformance(url, { cases: echo, deadlineMs, ...options }))
      results.push(result);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  } finally {
    expect(performance.now() - began).toBeLessThan(wholeRunMs);
  }
  return results.map(({ verdict, behaviour }) => `${verdict}: ${behaviour.why}`).join();
}

const mebibyte = 1024 * 1024;

/** Returns the peak growth of the process's memory, in MiB. */
async function growthOf(act: () => Promise<unknown>): Promise<number> {
  const base = process.memoryUsage.rss();
  let highest = base;
  const look = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss());
  }, 5);
  await act().finally(() => clearInterval(look));
  return (highest - base) / mebibyte;
}

const sixteenKiB = Buffer.alloc(16 * 1024, 0x61);

test.for<[string, (socket: Socket) => void, RegExp]>([
  ["never answers", () => {}, /^HandshakeError: no answer to the handshake after 500 ms$/],
  [
    "closes at once",
    (socket) => socket.end(),
    /^HandshakeError: the connection was closed without an answer$/,
  ],
  [
    "closes within its answer",
    (socket) => socket.end("HTTP/1.1 101 Swi"),
    /^HandshakeError: the connection was (closed|reset) after 16 bytes of an answer$/,
  ],
  [
    "resets at once",
    (socket) => socket.resetAndDestroy(),
    /^(HandshakeError|ConnectError): .*the connection was (closed|reset)/,
  ],
  [
    "floods with garbage",
    (socket) => flood(socket, sixteenKiB, 1024 * mebibyte),
    /^HandshakeError: the answer is not HTTP/,
  ],
  [
    "sends a head without an end",
    (socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nX-Endless: ");
      flood(socket, sixteenKiB, 1024 * mebibyte);
    },
    /^HandshakeError: an answer whose head is longer than 65536 bytes$/,
  ],
  [
    "speaks HTTP/2",
    (socket) => socket.write(Buffer.of(0, 0, 0, 4, 0, 0, 0, 0, 0)),
    /^HandshakeError: the server speaks HTTP\/2, expected HTTP\/1\.1$/,
  ],
  [
    "greets as SSH does",
    (socket) => socket.write("SSH-2.0-x\r\n"),
    /^HandshakeError: the answer is not HTTP: "SSH-2/,
  ],
])("a peer that %s is reported in a sentence", async ([, peer, expected]) => {
  const port = await listen(peer);
  expect(await outcome(`ws://127.0.0.1:${port}/`)).toMatch(expected);
});

test("a peer that answers byte by byte for ever runs into the deadline", async () => {
  const port = await listen((socket) => {
    socket.write("HTTP/1.1 101 ");
    const timer = setInterval(() => socket.write("x"), 20);
    socket.on("close", () => clearInterval(timer));
  });
  expect(await outcome(`ws://127.0.0.1:${port}/`)).toMatch(/no answer to the handshake after 500 ms/);
});

test("a real HTTP/2 server is distinguished from an HTTP/1.1 server", async () => {
  const server = createHttp2Server();
  const port = await started(server as unknown as Server, () => {}, "connection");
  expect(await outcome(`ws://127.0.0.1:${port}/`)).toMatch(/^HandshakeError: the server speaks HTTP\/2/);
});

test("a port where nothing listens is reported in a sentence", async () => {
  const port = await listen(() => {});
  for (const stop of stops.splice(0)) stop();
  expect(await outcome(`ws://127.0.0.1:${port}/`)).toMatch(/^ConnectError: .* nothing listens there$/);
});

test("a peer that opens the connection and then stays silent fails the case within the deadline", async () => {
  const port = await listen(atFirst(opened(() => {})));
  expect(await outcome(`ws://127.0.0.1:${port}/`)).toMatch(/^fail: /);
});

test("a peer that sends 1 GiB of frames is cut off, in bounded memory", async () => {
  const frame = Buffer.concat([Buffer.of(0x82, 126, 0x40, 0), sixteenKiB]);
  const port = await listen(atFirst(opened((socket) => flood(socket, frame, 1024 * mebibyte))));
  const growth = await growthOf(async () => {
    expect(await outcome(`ws://127.0.0.1:${port}/`)).toMatch(/^fail: .*the limit of this case/);
  });
  expect(growth).toBeLessThan(128);
});

test("a frame that claims 1 GiB is cut off at its header", async () => {
  const header = Buffer.of(0x82, 127, 0, 0, 0, 0, 0x40, 0, 0, 0);
  const port = await listen(atFirst(opened((socket) => socket.write(header))));
  expect(await outcome(`ws://127.0.0.1:${port}/`)).toMatch(
    /^fail: the test reached its own limit and cut the peer off/,
  );
});

test("a peer that floods with pings and reads nothing is cut off, in bounded memory", async () => {
  const pings = Buffer.alloc(16 * 1024);
  for (let at = 0; at < pings.length; at += 2) pings[at] = 0x89;
  const port = await listen(
    atFirst(
      opened((socket) => {
        socket.pause();
        flood(socket, pings, 1024 * mebibyte);
      }),
    ),
  );
  const growth = await growthOf(async () => {
    expect(await outcome(`ws://127.0.0.1:${port}/`)).toMatch(/^fail: .*more than 1000 pings/);
  });
  expect(growth).toBeLessThan(128);
});

test.for<[string, string, (socket: Socket) => void]>([
  [
    "a body without an end",
    "HTTP/1.1 400 Bad Request\r\n\r\n",
    (socket) => flood(socket, sixteenKiB, 1024 * mebibyte),
  ],
  [
    "a chunk of 1 GiB",
    "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n",
    (socket) => flood(socket, sixteenKiB, 1024 * mebibyte),
  ],
  ["a body that never comes", "HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\n", () => {}],
  [
    "interim answers without end",
    "HTTP/1.1 103 Early Hints\r\n\r\n",
    (socket) => flood(socket, Buffer.from("HTTP/1.1 103 Early Hints\r\n\r\n"), 64 * mebibyte),
  ],
])("a refusal with %s fails the case, in bounded memory", async ([, head, after]) => {
  const port = await listen(
    atFirst((socket) => {
      socket.once("data", () => {
        socket.write(head);
        after(socket);
      });
    }),
  );
  const growth = await growthOf(async () => {
    expect(await outcome(`ws://127.0.0.1:${port}/`, { cases: refused })).toMatch(/^fail: /);
  });
  expect(growth).toBeLessThan(128);
});

test("a peer that floods while the request is being sent is held back", async () => {
  const slowly = opening.filter(({ title }) => title === "a handshake of one byte at a time is accepted");
  const port = await listen(
    atFirst((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
        flood(socket, sixteenKiB, 1024 * mebibyte);
      });
    }),
  );
  const growth = await growthOf(async () => {
    expect(await outcome(`ws://127.0.0.1:${port}/`, { cases: slowly })).toMatch(/^fail: /);
  });
  expect(growth).toBeLessThan(128);
});

test("a peer that hangs up on every case after the first check gets a verdict on each", async () => {
  const port = await listen(atFirst((socket) => socket.end()));
  expect(await outcome(`ws://127.0.0.1:${port}/`, { cases: plain })).toMatch(/^fail: /);
});

/** Answers handshakes and the close frame, except on connections that come during a silence. */
function busy(isSilent: (count: number) => boolean) {
  let count = 0;
  const right = opened((socket) => {
    // Answers the masked close frame of 1000 with which the client ends the case.
    socket.on("data", () => socket.end(Buffer.of(0x88, 2, 0x03, 0xe8)));
  });
  const first = opened(echoOnce);
  return (socket: Socket) => {
    const number = count++;
    if (number === 0) return first(socket);
    return isSilent(number) ? undefined : right(socket);
  };
}

const silentEcho: FrameCase = {
  ...(echo[0] as FrameCase),
  play: () => ({
    steps: [],
    allowed: [{ verdict: "pass", messages: [], end: { kind: "clean" } }],
  }),
};
const three = ["0.1.1", "0.1.2", "0.1.3"].map((id): FrameCase => ({ ...silentEcho, id }));

async function lateness(isSilent: (count: number) => boolean, jobs: number): Promise<string[]> {
  const port = await listen(busy(isSilent));
  const words: string[] = [];
  const options = { cases: three, deadlineMs, jobs };
  for await (const { id, verdict, behaviour } of runConformance(`ws://127.0.0.1:${port}/`, options)) {
    words.push(`${id} ${verdict}: ${behaviour.why}`);
  }
  return words.sort();
}

const noAnswer = "no answer to the handshake after 500 ms";

// The first connection is the run's own check. The next ones are those of the three cases.
test("a handshake that is late while other cases run is repeated alone", async () => {
  const beside = "the handshake was late while other cases were running";
  expect(await lateness((count) => count === 2 || count === 3, 3)).toEqual([
    "0.1.1 pass: undefined",
    `0.1.2 pass: ${beside}`,
    `0.1.3 pass: ${beside}`,
  ]);
});

test("a server that stops answering handshakes is not asked again for each case", async () => {
  const why = `${noAnswer}; when the case ran alone, the server no longer answered any handshake either`;
  expect(await lateness((count) => count > 0, 3)).toEqual(three.map(({ id }) => `${id} fail: ${why}`));
});

test("a handshake that is late with no other case beside it fails at once", async () => {
  expect(await lateness((count) => count === 2, 1)).toContain(`0.1.2 fail: ${noAnswer}`);
});

test("a server that dies and stays away ends the run with its name", async () => {
  const server = await startServer();
  const mortal: FrameCase = {
    ...(echo[0] as FrameCase),
    play: (...context) => {
      server.die();
      return (echo[0] as FrameCase).play(...context);
    },
  };
  const run = runConformance(server.url, { cases: [mortal], deadlineMs, reviveMs: 200 });
  // With nothing beside it, this case is the culprit.
  expect((await run.next()).value).toMatchObject({ id: mortal.id, verdict: "fail", grave: "death" });
  await expect(run.next()).rejects.toThrow(ServerGone);
  await server.stop();
});

/** A self-signed certificate and its key, because Node has no way to make one. */
function selfSigned(): { cert: Buffer; key: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), "conformance-"));
  try {
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const subject = ["-subj", "/CN=localhost", "-days", "1", "-keyout", key, "-out", cert];
    const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync("openssl", [...request, ...subject], { stdio: "ignore" });
    return { cert: readFileSync(cert), key: readFileSync(key) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a certificate that is not trusted is refused, and accepted with `insecure`", async () => {
  const server = await startServer();
  const inner = Number(new URL(server.url).port);
  const outer = await started(
    createTlsServer(selfSigned()),
    (socket) => {
      const plainSocket = createConnection(inner, "127.0.0.1").on("error", () => socket.destroy());
      socket.pipe(plainSocket).pipe(socket);
    },
    "secureConnection",
  );
  expect(await outcome(`wss://127.0.0.1:${outer}/`)).toMatch(
    /^ConnectError: .*not trusted.*--insecure accepts it$/,
  );
  expect(await outcome(`wss://127.0.0.1:${outer}/`, { insecure: true })).toMatch(/^pass: /);
  expect(await outcome(`ws://127.0.0.1:${outer}/`)).toMatch(
    /^HandshakeError: the server speaks TLS; try wss:|closed/,
  );
  await server.stop();
});

test("plain HTTP where TLS is expected is reported in a sentence", async () => {
  const port = await started(createHttpServer(), () => {}, "connection");
  expect(await outcome(`wss://127.0.0.1:${port}/`)).toMatch(/^ConnectError: .*does not speak TLS; try ws:/);
});

test("a peer that never completes the TLS handshake runs into the deadline", async () => {
  const port = await listen(() => {});
  expect(await outcome(`wss://127.0.0.1:${port}/`)).toMatch(/^ConnectError: .*no connection after 500 ms$/);
});
