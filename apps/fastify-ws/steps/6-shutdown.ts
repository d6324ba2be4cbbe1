// Fastify + @fastify/websocket, step 6: shutdown. By default, a signal cuts every connection without a word.
import { type IncomingMessage, STATUS_CODES } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import files from "@fastify/static";
import websocket from "@fastify/websocket";
import Fastify from "fastify";
import type { RawData, WebSocket } from "ws";

const { PORT = 3002, HOST = "127.0.0.1" } = process.env;
const pages = `${import.meta.dirname}/../../../packages/client/steps`;
const app = Fastify({ http: { shouldUpgradeCallback: (req) => !refusal(req) } });
// #region admission
const maxConnections = Number(process.env.MAX_CONNECTIONS ?? 10_000);
const maxPayload = Number(process.env.MAX_MESSAGE_BYTES ?? 65_536); // The default of ws is 100 MiB.
// Returns the status that refuses a handshake, or nothing. ws itself takes every handshake that it can read.
function refusal({ method, url = "", httpVersion, headers, socket }: IncomingMessage): number | undefined {
  const local = ["localhost", "127.0.0.1", "[::1]"].map((name) => `http://${name}:${socket.localPort}`);
  const origins = process.env.ALLOWED_ORIGINS?.split(",") ?? local;
  if (!/^\/(echo|rooms)(\?|$)/.test(url)) return 404;
  if (method !== "GET") return 405;
  if (!/upgrade/i.test(headers.connection ?? "") || !/^websocket$/i.test(headers.upgrade ?? "")) return 426;
  // ws takes version 8, too. The answer names the version that is spoken (RFC 6455 §4.4).
  if (headers["sec-websocket-version"] !== "13") return 426;
  // ws agrees to whichever subprotocol is offered first. HTTP/1.0 has no Upgrade (RFC 6455 §4.2.1).
  if (headers["sec-websocket-protocol"] !== undefined || httpVersion === "1.0") return 400;
  // A foreign name that resolves to this machine (DNS rebinding) makes its page look like one of ours.
  if (!origins.some((origin) => origin.endsWith(`//${headers.host}`))) return 421;
  // Browsers let every page connect, with its visitor's cookies (RFC 6455 §10.2). Programs send no Origin.
  if (headers.origin !== undefined && !origins.includes(headers.origin)) return 403;
  if (isStopping) return 503;
  return app.websocketServer.clients.size >= maxConnections ? 503 : undefined;
}

// Hooks run before an upgrade. What is refused even stays an ordinary request (Node 22.21, 24.9 or later).
app.addHook("onRequest", async (req, reply) => {
  const status = refusal(req.raw);
  const isHandshake = /^websocket$/i.test(req.headers.upgrade ?? "");
  if (!status || (status === 404 && !isHandshake)) return;
  if (status === 405) reply.header("Allow", "GET");
  if (status === 503) reply.header("Retry-After", "5");
  reply.headers({ Connection: "Upgrade, close", Upgrade: "websocket", "Sec-WebSocket-Version": "13" });
  return reply.code(status).send(STATUS_CODES[status]);
});
// #endregion admission

const limits = { maxPayload, allowSynchronousEvents: false }; // By default, nothing runs between messages.
// Awaited: a WebSocket route declared before its plugin has loaded is an HTTP route, and its clients hang.
// Its own errorHandler cuts a connection before ws has said why, such as 1009 (message too big).
await app.register(websocket, { options: limits, errorHandler: (error) => console.error(error) });
app.register(files, { root: pages });
app.get("/greet", () => "Hello from Fastify\n");

// #region rooms
// ws has no topics. A room is a Set, and a broadcast is a loop.
const rooms = new Map<string, Set<WebSocket>>();
function join(ws: WebSocket, room: string): void {
  const members = rooms.get(room) ?? new Set();
  rooms.set(room, members.add(ws));
  ws.on("close", () => members.delete(ws) && members.size === 0 && rooms.delete(room));
}

function say(ws: WebSocket, room: string, message: string): void {
  const count = (said.get(ws) ?? 0) + 1;
  said.set(ws, count);
  if (count > maxMessagesPerSecond) ws.close(4003, "too many messages");
  if (ws.readyState !== ws.OPEN) return; // ws hands over what comes after close(), too.
  const { to, text } = JSON.parse(message);
  if (typeof text !== "string") throw new TypeError("a message without a text");
  const frame = JSON.stringify({ text }); // Encoded once, however many listen.
  for (const member of rooms.get(room) ?? []) if (to !== "others" || member !== ws) send(member, frame);
}
// #endregion rooms

// #region heartbeat
const heartbeatMs = Number(process.env.HEARTBEAT_MS ?? 25_000);
const heard = new WeakSet<WebSocket>();
let sweptAt = performance.now();
// ws answers pings but sends none. By default, a peer whose network is gone stays for ever.
setInterval(() => {
  const isLate = performance.now() - sweptAt > 1.5 * heartbeatMs;
  sweptAt = performance.now();
  if (isLate) return; // This process stood still, and has yet to read what its peers said meanwhile.
  for (const ws of app.websocketServer.clients)
    if (heard.delete(ws)) ws.ping();
    else ws.terminate(); // close() would wait 30 s for an answer.
}, heartbeatMs);
app.websocketServer.on("connection", (ws) => {
  heard.add(ws);
  for (const sign of ["message", "ping", "pong"]) ws.on(sign, () => heard.add(ws));
});
// #endregion heartbeat

// #region guard
// A listener that throws ends the process, or leaves a deaf socket if it survives (websockets/ws#1092).
function onMessage(ws: WebSocket, handle: (data: RawData, isBinary: boolean) => Promise<void>): void {
  ws.on("message", (data, isBinary) => {
    handle(data, isBinary).catch((error) => {
      console.error(error);
      ws.close(1011, "unexpected error");
    });
  });
}
// #endregion guard

// #region backpressure
// TCP brings thousands of messages at once, each is work for a whole room, and nothing else runs meanwhile.
const maxMessagesPerSecond = Number(process.env.MAX_MESSAGES_PER_SECOND ?? 500);
const said = new Map<WebSocket, number>();
setInterval(() => said.clear(), 1_000);
const maxQueueBytes = Number(process.env.MAX_QUEUE_BYTES ?? 1_048_576);
// ws never refuses to send. What the kernel does not take waits in memory without bound (websockets/ws#2009).
function send(ws: WebSocket, frame: string): void {
  if (ws.bufferedAmount <= maxQueueBytes) ws.send(frame);
  // The close frame comes after all that waits, so the reader gets it without a gap and learns why it ends.
  else ws.close(4002, "too slow");
}
// #endregion backpressure

app.get("/echo", { websocket: true }, (ws, { socket }) => {
  // ws has no drain event (websockets/ws#2009). Its TCP socket has one, for a peer that fell behind.
  socket.on("drain", () => ws.resume());
  onMessage(ws, async (data, isBinary) => {
    if (!isBinary && data.toString() === "stop") ws.close(1000);
    else ws.send(data, { binary: isBinary });
    // A peer that does not read its echoes is not read either. TCP makes it wait, and nothing is lost.
    if (socket.writableNeedDrain) ws.pause();
  });
});
app.get<{ Querystring: { room?: string } }>("/rooms", { websocket: true }, (ws, { query }) => {
  const room = String(query.room || "lobby");
  join(ws, room);
  onMessage(ws, async (data) => say(ws, room, data.toString()));
});

// #region shutdown
const drainMs = Number(process.env.DRAIN_MS ?? 4_000);
let isStopping = false;
app.get("/healthz", (_req, reply) => reply.code(isStopping ? 503 : 200).send());

async function stop(): Promise<void> {
  if (isStopping) process.exit(1);
  isStopping = true;
  const { clients } = app.websocketServer;
  const bye = JSON.stringify({ bye: "restarting" });
  for (const members of rooms.values()) for (const ws of members) send(ws, bye);
  // A close frame comes after all that waits. 1012 says that the server comes back.
  for (const ws of clients) ws.close(1012, "restarting");
  for (const endAt = performance.now() + drainMs; clients.size > 0 && performance.now() < endAt; )
    await sleep(20);
  for (const ws of clients) ws.terminate();
  // close() waits for every request that has begun, and with it for a peer that never ends one.
  app.close(() => process.exit(0));
  setTimeout(() => process.exit(0), 1_000);
}
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, stop);
// #endregion shutdown

console.log(await app.listen({ port: Number(PORT), host: HOST }));
