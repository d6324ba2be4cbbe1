import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Balancer } from "./balancer.ts";

/** A server that answers with its name, and echoes everything on an upgraded connection until that ends. */
class TestBackend {
  readonly id: string;
  readonly sockets: Socket[] = [];
  status = 200;
  /** Hangs up instead of answering. */
  isBroken = false;
  #server: Server | undefined;
  #port = 0;

  constructor(id: string) {
    this.id = id;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<this> {
    this.#server = createServer((request, response) => {
      if (request.url === "/healthz") return response.writeHead(this.status).end();
      if (this.isBroken) return request.socket.destroy();
      response.end(`${this.id} ${request.headers.host}`);
    });
    this.#server.on("upgrade", (_request, socket: Socket) => {
      this.sockets.push(socket);
      socket.on("error", () => {});
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      socket.write(`${this.id}\n`);
      socket.on("data", (bytes) => socket.write(bytes));
      socket.on("end", () => socket.end("the last word\n"));
    });
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  stop(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
    for (const socket of this.sockets.splice(0)) socket.destroy();
  }
}

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function setUp(...ids: string[]) {
  const backends = await Promise.all(ids.map((id) => new TestBackend(id).start()));
  const port = await freePort();
  const plan = { host: "127.0.0.1", port, backends, checkMs: 20, patienceMs: 2_000 };
  const balancer = await Balancer.start(plan);
  stops.push(() => balancer.stop(), ...backends.map((backend) => () => backend.stop()));
  return { balancer, backends, port, url: `http://127.0.0.1:${port}` };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const textOf = async (url: string) => (await fetch(url)).text();

/** Opens a connection and asks for an upgrade. Returns it with the text that has come, to be read again later. */
async function upgrade(port: number, path = "/ws") {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  stops.push(() => socket.destroy());
  const came = { text: "", isOver: false };
  socket.on("data", (bytes) => {
    came.text += bytes;
  });
  socket.on("end", () => {
    came.isOver = true;
  });
  socket.on("error", () => {});
  const headers = `Host: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket`;
  socket.write(`GET ${path}?a=b HTTP/1.1\r\n${headers}\r\n\r\n`);
  await expect.poll(() => came.text).toMatch(/\r\n\r\n(\w+\n)?/);
  return { socket, came };
}

test("requests go round over the servers, with the host as the client wrote it", async () => {
  const { url, port } = await setUp("one", "two", "three");
  const answers = [];
  for (let count = 0; count < 4; count += 1) answers.push(await textOf(url));
  expect(answers).toEqual(["one", "two", "three", "one"].map((id) => `${id} 127.0.0.1:${port}`));
});

test("a server that is down or draining gets nothing until it is well again", async () => {
  const { balancer, backends, url } = await setUp("one", "two");
  const [one, two] = backends as [TestBackend, TestBackend];
  one.status = 503;
  await expect.poll(() => balancer.living).toEqual(["two"]);
  expect([await textOf(url), await textOf(url)].every((text) => text.startsWith("two"))).toBe(true);
  one.status = 200;
  two.stop();
  await expect.poll(() => balancer.living).toEqual(["one"]);
  expect(await textOf(url)).toMatch(/^one/);
  await two.start();
  await expect.poll(() => balancer.living).toEqual(["one", "two"]);
});

test("a request is sent to the next server if the first hangs up", async () => {
  const { backends, url } = await setUp("one", "two");
  (backends[0] as TestBackend).isBroken = true;
  expect(await textOf(url)).toMatch(/^two/);
});

/** Sends a request and ends its half of the connection. Returns what comes back. */
async function answerTo(port: number, headers: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  stops.push(() => socket.destroy());
  socket.end(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers}\r\n`);
  let text = "";
  for await (const bytes of socket) text += bytes;
  return text;
}

test("a client that has ended its half gets its answer, and so does one that asks for another protocol", async () => {
  const { port } = await setUp("one");
  const offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
  for (const headers of ["", offer]) {
    const answer = await answerTo(port, headers);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain(`one 127.0.0.1:${port}`);
  }
});

test("without a server the answer is 503", async () => {
  const { balancer, backends, url, port } = await setUp("one");
  backends[0]?.stop();
  await expect.poll(() => balancer.living).toEqual([]);
  const response = await fetch(url);
  expect([response.status, await response.text()]).toEqual([503, "no server is running\n"]);
  const { came } = await upgrade(port);
  expect(came.text).toMatch(/^HTTP\/1\.1 503 /);
});

test("each path of a WebSocket goes round by itself", async () => {
  const { port } = await setUp("one", "two");
  const pages = [];
  for (let count = 0; count < 2; count += 1) {
    const both = [await upgrade(port, "/ws"), await upgrade(port, "/echo")];
    for (const { came } of both) await expect.poll(() => came.text).toMatch(/(one|two)\n/);
    pages.push(both.map(({ came }) => came.text.trim().split("\n").at(-1)));
  }
  expect(pages).toEqual([
    ["one", "one"],
    ["two", "two"],
  ]);
});

test("a WebSocket carries bytes both ways, also after one side has ended its half", async () => {
  const { port } = await setUp("one");
  const { socket, came } = await upgrade(port);
  socket.write("hello\n");
  await expect.poll(() => came.text).toContain("hello\n");
  socket.end();
  await expect.poll(() => came.text).toContain("the last word\n");
  await expect.poll(() => came.isOver).toBe(true);
});

test("if a server is killed, its connections end, and the next one goes to another server at once", async () => {
  const { balancer, backends, port } = await setUp("one", "two");
  const { came } = await upgrade(port);
  await expect.poll(() => came.text).toContain("one\n");
  backends[0]?.stop();
  await expect.poll(() => came.isOver).toBe(true);
  await expect.poll(() => balancer.living).toEqual(["two"]);
  const next = await upgrade(port);
  await expect.poll(() => next.came.text).toContain("two\n");
});

test("if a client is gone, its server's connection ends, too", async () => {
  const { backends, port } = await setUp("one");
  const { socket } = await upgrade(port);
  const inner = backends[0]?.sockets[0] as Socket;
  socket.resetAndDestroy();
  await expect.poll(() => inner.destroyed).toBe(true);
});

test("nothing is left after the stop", async () => {
  const { balancer, port, url } = await setUp("one");
  const { came } = await upgrade(port);
  await balancer.stop();
  stops.shift();
  await expect.poll(() => came.isOver).toBe(true);
  await expect(fetch(url)).rejects.toThrow();
});
