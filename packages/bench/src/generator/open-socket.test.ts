import { afterEach, expect, test } from "vitest";
import { openSocket } from "./open-socket.ts";
import { type TestServer, tcpServer } from "./servers.testing.ts";

let server: TestServer | undefined;
afterEach(() => server?.stop());

const silent = { data: () => {}, drain: () => {}, closed: () => {} };

/** Opens a WebSocket to a server that gives this answer, and returns the request that the server received. */
async function opened(answer: string[], data: (bytes: Uint8Array) => void = () => {}) {
  let request = "";
  server = await tcpServer(async (socket, piece) => {
    request += piece.toString();
    for (const part of answer) {
      socket.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  const peer = {
    ...server.peer,
    path: "/ws",
    subprotocol: "rosetta.v1.json",
    extensions: "permessage-deflate",
  };
  const link = await openSocket(peer, { ...silent, data });
  link.end();
  return { request, port: server.peer.port };
}

const agreed = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

test("a handshake offers the subprotocol and the extensions that the job names", async () => {
  const { request, port } = await opened([agreed]);
  expect(request).toMatch(/^GET \/ws HTTP\/1\.1\r\n/);
  for (const line of [
    `Host: 127.0.0.1:${port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Protocol: rosetta.v1.json",
    "Sec-WebSocket-Extensions: permessage-deflate",
  ]) {
    expect(request.split("\r\n")).toContain(line);
  }
  expect(request).toMatch(/Sec-WebSocket-Key: [A-Za-z0-9+/]{22}==\r\n/);
  expect(request.endsWith("\r\n\r\n")).toBe(true);
});

test("an answer in pieces is put together, and what follows it is data", async () => {
  const came: number[] = [];
  await opened(["HTTP/1.1 101 Swi", "tching\r\n\r", "\n\u0081\u0001"], (bytes) => came.push(...bytes));
  expect(Buffer.from(came).toString()).toBe("\u0081\u0001");
});

test("a refusal is reported with its status line, an end of the connection with its reason", async () => {
  await expect(opened(["HTTP/1.1 503 Service Unavailable\r\n\r\n"])).rejects.toThrow(
    "the handshake was answered with HTTP/1.1 503 Service Unavailable",
  );
  await server?.stop();
  server = await tcpServer((socket) => socket.end());
  await expect(openSocket({ ...server.peer, path: "/" }, silent)).rejects.toThrow(
    "the server closed the connection",
  );
});

test("without a path there is no handshake", async () => {
  let came = "";
  server = await tcpServer((_socket, piece) => {
    came += piece.toString();
  });
  const link = await openSocket(server.peer, silent);
  link.end();
  expect(came).toBe("");
});
