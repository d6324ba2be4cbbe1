// Node + Hono, step 6: shutdown. By default, a signal cuts every connection without a word.
import { type IncomingMessage, STATUS_CODES } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type HttpBindings, serve, upgradeWebSocket, type WebSocketServerLike } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import type { WSContext } from "hono/ws";
import { type WebSocket, WebSocketServer } from "ws";

const { PORT = 3004, HOST = "127.0.0.1" } = process.env;
const pages = `${import.meta.dirname}/../../../packages/client/steps`;
const app = new Hono<{ Bindings: HttpBindings }>();

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
  return wss.clients.size >= maxConnections ? 503 : undefined;
}

// The adapter never answers an upgrade to h2c. Here it stays an ordinary request (Node 22.21, 24.9 or later).
const serverOptions = { shouldUpgradeCallback: (req: IncomingMessage) => !refusal(req) };
app.use(async (c, next) => {
  const status = refusal(c.env.incoming);
  const isHandshake = /^websocket$/i.test(c.req.header("upgrade") ?? "");
  if (!status || (status === 404 && !isHandshake)) return next();
  if (status === 405) c.header("Allow", "GET");
  if (status === 503) c.header("Retry-After", "5");
  const headers = { Connection: "Upgrade, close", Upgrade: "websocket", "Sec-WebSocket-Version": "13" };
  return c.body(STATUS_CODES[status] ?? "", status as 400, headers);
});
// #endregion admission

const limits = { maxPayload, allowSynchronousEvents: false }; // By default, nothing runs between messages.
const wss = new WebSocketServer({ noServer: true, ...limits }) as WebSocketServer & WebSocketServerLike;
app.use(serveStatic({ root: pages }));
app.get("/greet", (c) => c.text("Hello from Hono\n"));

// #region rooms
// Hono has no topics (honojs/hono#3617). A room is a Set, and a broadcast is a loop.
const rooms = new Map<string, Set<WSContext>>();
const join = (ws: WSContext, room: string) => rooms.set(room, (rooms.get(room) ?? new Set()).add(ws));
const leave = (ws: WSContext, room: string) =>
  rooms.get(room)?.delete(ws) && rooms.get(room)?.size === 0 && rooms.delete(room);

function say(ws: WSContext, room: string, message: string): void {
  const count = (said.get(ws) ?? 0) + 1;
  said.set(ws, count);
  if (count > maxMessagesPerSecond) ws.close(4003, "too many messages");
  if (ws.readyState !== 1) return; // ws hands over what comes after close(), too.
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
// Hono knows no pings (honojs/hono#3969), and ws sends none. A peer whose network is gone stays for ever.
setInterval(() => {
  const isLate = performance.now() - sweptAt > 1.5 * heartbeatMs;
  sweptAt = performance.now();
  if (isLate) return; // This process stood still, and has yet to read what its peers said meanwhile.
  for (const ws of wss.clients)
    if (heard.delete(ws)) ws.ping();
    else ws.terminate(); // close() would wait 30 s for an answer.
}, heartbeatMs);
wss.on("connection", (ws) => {
  heard.add(ws);
  for (const sign of ["message", "ping", "pong"]) ws.on(sign, () => heard.add(ws));
});
// #endregion heartbeat

// #region guard
// Hono prints what a handler throws, and the peer waits. If the handler is async, the process ends.
const guarded = (ws: WSContext, handle: () => Promise<void>) =>
  handle().catch((error) => {
    console.error(error);
    ws.close(1011, "unexpected error");
  });
// #endregion guard

// #region backpressure
// TCP brings thousands of messages at once, each is work for a whole room, and nothing else runs meanwhile.
const maxMessagesPerSecond = Number(process.env.MAX_MESSAGES_PER_SECOND ?? 500);
const said = new Map<WSContext, number>();
setInterval(() => said.clear(), 1_000);
const maxQueueBytes = Number(process.env.MAX_QUEUE_BYTES ?? 1_048_576);
// ws never refuses to send. What the kernel does not take waits in memory without bound (websockets/ws#2009).
function send(ws: WSContext, frame: string): void {
  if ((ws.raw as WebSocket).bufferedAmount <= maxQueueBytes) ws.send(frame);
  // The close frame comes after all that waits, so the reader gets it without a gap and learns why it ends.
  else ws.close(4002, "too slow");
}

// Neither has a drain event (websockets/ws#2009). The TCP socket has one, for a peer that fell behind.
wss.on("connection", (ws, { socket }) => void socket.on("drain", () => ws.resume()));
// #endregion backpressure

const events = upgradeWebSocket((c) => {
  const room = c.req.path === "/rooms" && (c.req.query("room") || "lobby");
  const { socket } = c.env.incoming;
  return {
    onOpen: (_event, ws) => void (room && join(ws, room)),
    onMessage: ({ data }, ws) =>
      guarded(ws, async () => {
        if (room) say(ws, room, `${data}`);
        else if (data === "stop") ws.close(1000);
        else ws.send(data as string | ArrayBuffer);
        // A peer that does not read its echoes is not read either. TCP makes it wait, and nothing is lost.
        if (!room && socket.writableNeedDrain) (ws.raw as WebSocket).pause();
      }),
    onClose: (_event, ws) => void (room && leave(ws, room)),
  };
});
app.on("GET", ["/echo", "/rooms"], events);

// #region shutdown
const drainMs = Number(process.env.DRAIN_MS ?? 4_000);
let isStopping = false;
app.get("/healthz", (c) => c.body(null, isStopping ? 503 : 200));

async function stop(): Promise<void> {
  if (isStopping) process.exit(1);
  isStopping = true;
  const bye = JSON.stringify({ bye: "restarting" });
  for (const members of rooms.values()) for (const ws of members) send(ws, bye);
  // A close frame comes after all that waits. 1012 says that the server comes back.
  for (const ws of wss.clients) ws.close(1012, "restarting");
  for (const endAt = performance.now() + drainMs; wss.clients.size > 0 && performance.now() < endAt; )
    await sleep(20);
  for (const ws of wss.clients) ws.terminate();
  // close() waits for every request that has begun, and with it for a peer that never ends one.
  server.close(() => process.exit(0));
  setTimeout(() => process.exit(0), 1_000);
}
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, stop);
// #endregion shutdown

const options = { fetch: app.fetch, websocket: { server: wss }, port: Number(PORT), hostname: HOST };
const server = serve({ ...options, serverOptions }, ({ port }) => console.log(`http://${HOST}:${port}`));
