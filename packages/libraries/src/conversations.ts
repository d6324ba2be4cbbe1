import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "@rosetta/client";
import { readManifests } from "@rosetta/manifest";
import { Server as OwnServer, Ports } from "@rosetta/testkit";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import { type Crossing, RecordingProxy } from "./recording-proxy.ts";

/** The same conversation in every library: connect, join a room, say something there, wait for the next ping. */
export const steps = ["connect", "join", "say", "ping"] as const;

/** Socket.IO as it is by default, with a server that answers every event by an acknowledgement. */
export async function socketIo(): Promise<Crossing[]> {
  const http = createServer();
  const server = new Server(http);
  server.on("connection", (socket) => {
    socket.on("join", async (room: string, reply: () => void) => {
      await socket.join(room);
      reply();
    });
    socket.on("say", (room: string, text: string, reply: () => void) => {
      server.to(room).emit("said", text);
      reply();
    });
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const proxy = await RecordingProxy.start((http.address() as AddressInfo).port);

  proxy.step = "connect";
  const socket = io(`http://127.0.0.1:${proxy.port}`);
  await new Promise<void>((resolve) => socket.on("connect", resolve));
  // It connects by long polling first, and then changes to a WebSocket.
  await new Promise((resolve) => socket.io.engine.once("upgrade", resolve));
  await pause(500);
  proxy.step = "join";
  await socket.emitWithAck("join", "lobby");
  proxy.step = "say";
  await socket.emitWithAck("say", "lobby", "hello");
  proxy.step = "ping";
  await new Promise<void>((resolve) => socket.io.once("ping", resolve));
  await pause(500);

  socket.close();
  proxy.stop();
  await server.close();
  return proxy.crossings;
}

/** The client and a server of this repository. */
export async function ours(): Promise<Crossing[]> {
  const [manifest] = readManifests();
  if (!manifest) throw new Error("there is no server");
  const ports = new Ports(0);
  const port = await ports.next();
  const proxy = await RecordingProxy.start(port);
  // Otherwise the server refuses a client that asks for the proxy's host.
  const env = { ALLOWED_ORIGINS: `http://127.0.0.1:${proxy.port}` };
  const server = await OwnServer.start({ manifest, ports, port, env });

  proxy.step = "connect";
  const client = new Client(`ws://127.0.0.1:${proxy.port}/ws`);
  client.open();
  await until(() => client.state.name === "open");
  await pause(500);
  proxy.step = "join";
  client.subscribe("room/lobby", () => {});
  await until(() => proxy.crossings.some(({ text }) => text.includes('"subscribed"')));
  proxy.step = "say";
  await client.publish("room/lobby", "hello");
  proxy.step = "ping";
  // The server's ping after 25 s of silence, unless the client's own comes first.
  await until(() => proxy.crossings.some(({ kind, text }) => kind === "pong" || text.includes('"pong"')));
  await pause(500);

  client.close();
  proxy.stop();
  await server.kill();
  return proxy.crossings;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(20);
}
