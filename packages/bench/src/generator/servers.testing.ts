// Servers for the tests of the generator, in the same process and as faulty as each test needs.

import { type AddressInfo, createServer, type Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { PeerAddress } from "../generator-job.ts";

/** A running server, and how to talk to it. */
export interface TestServer {
  peer: PeerAddress;
  stop(): Promise<void>;
}

/** Starts a TCP server. `answer` receives each piece that arrives and everything that arrived before it. */
export async function tcpServer(
  answer: (socket: Socket, piece: Buffer, before: number) => void,
): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    let before = 0;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (piece: Buffer) => {
      answer(socket, piece, before);
      before += piece.length;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    peer: { host: "127.0.0.1", port, pid: process.pid },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/**
 * Starts a WebSocket server. `answer` receives each message with its number, which counts from 1 across all
 * connections.
 */
export async function webSocketServer(
  answer: (ws: WebSocket, text: string, number: number, all: ReadonlySet<WebSocket>) => void,
): Promise<TestServer> {
  let number = 0;
  const wss = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  wss.on("connection", (ws) => {
    ws.on("error", () => {});
    ws.on("message", (data: Buffer) => answer(ws, data.toString(), ++number, wss.clients));
  });
  await new Promise((resolve) => wss.once("listening", resolve));
  const { port } = wss.address() as AddressInfo;
  return {
    peer: { host: "127.0.0.1", port, pid: process.pid, path: "/" },
    stop: () =>
      new Promise((resolve) => {
        for (const ws of wss.clients) ws.terminate();
        wss.close(() => resolve());
      }),
  };
}

/** Closes with a code and then drops the connection, because the generator never answers a close frame. */
export function closeWith(ws: WebSocket, code: number): void {
  ws.close(code);
  setTimeout(() => ws.terminate(), 20);
}
