import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { defaultLimits, type Limits, type Settings } from "@rosetta/protocol";
import { afterEach, describe, expect, test } from "vitest";
import type { Queue } from "../operation/budget.ts";
import { whenOver } from "./responses.ts";
import { Sockets } from "./sockets.ts";

const servers: Server[] = [];
const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

interface Setting {
  sockets: Sockets;
  cuts: string[];
  queues: Set<Queue>;
  client(): Promise<Socket>;
}

/** What a server tells of a connection whose request did not come in time. */
const timeout = Object.assign(new Error("Request timeout"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });

/** Starts a server that answers `/slow` when it is told to, and everything else at once. */
async function setUp(
  limits: Partial<Limits> = {},
  behind = 0,
): Promise<Setting & { answer(): void; left: string[] }> {
  const slow: (() => void)[] = [];
  const left: string[] = [];
  // Longer than any test, so Node itself ends no connection.
  const server = createServer({ keepAliveTimeout: 120_000 }, (req, res) => {
    const listen = (): void => whenOver(req, res, () => left.push(req.url ?? ""));
    if (req.url === "/late") return void req.socket.once("end", () => setImmediate(listen));
    listen();
    if (req.url === "/large") return void res.end(Buffer.alloc(large));
    if (req.url?.startsWith("/slow")) slow.push(() => res.end("slow"));
    else res.end("ok");
  });
  server.on("clientError", (error, tcp) => sockets.unreadable(error, tcp));
  servers.push(server);
  const cuts: string[] = [];
  const queues = new Set<Queue>();
  const hub = {
    clock: {
      behind: () => behind,
      after(ms: number, run: () => void) {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    },
    cut: (why: string) => void cuts.push(why),
    share(queue: Queue) {
      queues.add(queue);
      return () => void queues.delete(queue);
    },
  };
  const settings = { limits: { ...defaultLimits, ...limits }, proxies: 0 } as Settings;
  const sockets = new Sockets(server, settings, hub);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = async (): Promise<Socket> => {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.on("error", () => {}).resume();
    clients.push(socket);
    await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
    return socket;
  };
  return { sockets, cuts, queues, client, left, answer: () => slow.shift()?.() };
}

/** Bytes of an answer that no kernel takes at once. */
const large = 32 * 1024 * 1024;

/** Resolves when a connection is over, by FIN or by RST. */
async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
}

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
}

describe("connections of a Node server", () => {
  test("that shuts down: a pending answer is sent, idle connections end", async () => {
    const { client, queues } = await setUp();
    const [reader, idle] = [await client(), await client()];
    let received = 0;
    reader.on("data", (bytes) => {
      received += bytes.length;
    });
    reader.pause().write(get("/large"));
    idle.write(get("/"));
    await expect.poll(() => [...queues].some((queue) => queue.queued() > 0)).toBe(true);
    servers.at(-1)?.close();
    await expect.poll(() => idle.closed).toBe(true);
    reader.resume();
    await expect.poll(() => reader.closed, { timeout: 10_000 }).toBe(true);
    expect(received).toBeGreaterThan(large);
  });

  test("end if their answer stays unread, however long it may be under way", async () => {
    const { client, queues, cuts } = await setUp({ heartbeatMs: 100, pollMs: 100, pongMs: 100 });
    const reader = await client();
    reader.pause().write(get("/large"));
    await expect.poll(() => queues.size).toBe(1);
    await expect.poll(() => queues.size).toBe(0);
    expect(cuts).toEqual([]);
  });

  test("are cut beyond those of an address and its spare ones", async () => {
    const { client, cuts } = await setUp({ connectionsPerAddress: 4 });
    const sockets = await Promise.all(Array.from({ length: 25 }, client));
    await expect.poll(() => cuts).toEqual(Array(5).fill("address"));
    await expect.poll(() => sockets.filter((socket) => socket.closed).length).toBe(5);
  });

  test("make room when there are too many: the one idle longest goes", async () => {
    const { client, cuts } = await setUp({ connections: 1 });
    const sockets: Socket[] = [];
    for (let count = 0; count < 17; count++) sockets.push(await client());
    expect(cuts).toEqual([]);
    const newcomer = await client();
    newcomer.write(get("/"));
    const [bytes] = await once(newcomer, "data");
    expect(String(bytes)).toContain("200 OK");
    expect(cuts).toEqual(["full"]);
    await expect.poll(() => sockets.map((socket) => socket.closed).indexOf(true)).toBe(0);
  });

  test("with a pending answer are not idle: they stay, and the newcomer goes", async () => {
    const { client, cuts, left, queues } = await setUp({ connections: 1 });
    const sockets: Socket[] = [];
    for (let count = 0; count < 17; count++) {
      const socket = await client();
      socket.write(get("/slow"));
      sockets.push(socket);
    }
    await expect.poll(() => queues.size).toBe(17);
    const polite = await client();
    await closed(polite);
    expect(cuts).toEqual(["full"]);
    expect(left).toEqual([]);
  });

  test("that have ended make room again", async () => {
    const { client, cuts } = await setUp({ connectionsPerAddress: 1 });
    for (let round = 0; round < 5; round++) {
      const sockets = await Promise.all(Array.from({ length: 17 }, client));
      for (const socket of sockets) socket.end();
      await Promise.all(sockets.map(closed));
    }
    expect(cuts).toEqual([]);
  });

  test("get no 100 (Continue), and their expectations reach the server", async () => {
    const { client } = await setUp();
    for (const expectation of ["100-continue", "something else"]) {
      const socket = await client();
      socket.write(`GET / HTTP/1.1\r\nHost: x\r\nExpect: ${expectation}\r\n\r\n`);
      const [bytes] = await once(socket, "data");
      expect(String(bytes)).toMatch(/^HTTP\/1\.1 200 OK/);
    }
  });

  test("are cut when an answer takes longer than a stream and its end may last", async () => {
    const { client, cuts, left } = await setUp({ streamMs: 60, pollMs: 50, lingerMs: 20 });
    const socket = await client();
    socket.write(get("/slow"));
    await closed(socket);
    expect(cuts).toEqual(["late"]);
    await expect.poll(() => left).toEqual(["/slow"]);
  });
});

describe("bytes that are not HTTP", () => {
  test("are answered with 400, and hung up on", async () => {
    const { client } = await setUp();
    const socket = await client();
    socket.write("nonsense\r\n\r\n");
    const [bytes] = await once(socket, "data");
    expect(String(bytes)).toMatch(/^HTTP\/1\.1 400 .*\r\nConnection: close\r\n/);
    await closed(socket);
  });

  test("behind an unanswered request get no answer that the peer could take for its own", async () => {
    const { client, left } = await setUp();
    const socket = await client();
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes;
    });
    socket.write(`${get("/slow")}nonsense\r\n\r\n`);
    await closed(socket);
    expect(text).toBe("");
    await expect.poll(() => left).toEqual(["/slow"]);
  });
});

describe("a request that is late after a standstill", () => {
  /** Starts a server that has just stood still, and gives late requests 20 ms. */
  async function standstill(): Promise<{
    /** Connects, sends something, and lets the server find it late when it has read all of it. */
    late(sent: string): Promise<{ socket: Socket; received(): string }>;
  }> {
    const { sockets, client } = await setUp({ handshakeMs: 20 }, 1_000);
    const server = servers.at(-1) as Server;
    server.on("upgrade", (_req, tcp) => void tcp.write("upgraded"));
    const late = async (sent: string): Promise<{ socket: Socket; received(): string }> => {
      const [[tcp], socket] = await Promise.all([once(server, "connection") as Promise<[Socket]>, client()]);
      let text = "";
      socket.on("data", (bytes) => {
        text += bytes;
      });
      socket.write(sent);
      await expect.poll(() => tcp.bytesRead).toBe(sent.length);
      sockets.unreadable(timeout, tcp);
      return { socket, received: () => text };
    };
    return { late };
  }

  test.for([
    ["that never comes", get("/").slice(0, 20)],
    ["behind one that was answered", get("/") + get("/").slice(0, 20)],
    ["whose body never ends", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n1234"],
  ])("is hung up on %s", async ([, sent = ""]) => {
    const { late } = await standstill();
    const { socket, received } = await late(sent);
    await closed(socket);
    expect(received()).toMatch(/HTTP\/1\.1 408 /);
  });

  test.for([
    ["its head", get("/").slice(0, 20), get("/").slice(20), /ok/],
    ["its body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n1234", "5", /ok/],
    [
      "an upgrade",
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n",
      "Upgrade: websocket\r\n\r\n",
      /upgraded/,
    ],
  ] as const)(
    "is served if %s comes meanwhile, and its connection stays open",
    async ([, part, rest, answer]) => {
      const { late } = await standstill();
      const { socket, received } = await late(part);
      socket.write(rest);
      await expect.poll(received).toMatch(answer);
      // Excused later, so when this one is over, the deadline of the first has passed.
      const next = await late("GET");
      await closed(next.socket);
      expect(received()).not.toMatch(/408/);
      expect(socket.readyState).toBe("open");
    },
  );
});

describe("an answer", () => {
  test("is pending until it is sent", async () => {
    const setting = await setUp();
    const socket = await setting.client();
    socket.write(get("/slow"));
    await expect.poll(() => setting.queues.size).toBe(1);
    setting.answer();
    await once(socket, "data");
    await expect.poll(() => setting.queues.size).toBe(0);
    expect(setting.left).toEqual(["/slow"]);
  });

  test("that waited behind another when its connection ended is over, too", async () => {
    const { client, queues, left } = await setUp();
    const socket = await client();
    socket.write(get("/slow?1") + get("/slow?2") + get("/slow?3"));
    await expect.poll(() => queues.size).toBe(3);
    socket.resetAndDestroy();
    await expect.poll(() => left.toSorted()).toEqual(["/slow?1", "/slow?2", "/slow?3"]);
    expect(queues.size).toBe(0);
  });

  test("whose connection ended before anybody listened is over at once", async () => {
    const { client, left } = await setUp();
    const socket = await client();
    socket.write(get("/late"));
    socket.end();
    await expect.poll(() => left).toEqual(["/late"]);
  });
});
