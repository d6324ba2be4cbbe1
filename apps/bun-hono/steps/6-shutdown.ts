// Bun + Hono, step 6: shutdown. By default, a signal cuts every connection without a word.
import { STATUS_CODES } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type ServerWebSocket, serve, type WebSocketHandler } from "bun";
import { Hono } from "hono";
import { serveStatic } from "hono/bun";

const { PORT = 3003, HOST = "127.0.0.1" } = process.env;
const pages = `${import.meta.dirname}/../../../packages/client/steps`;
const app = new Hono();

// #region admission
const maxConnections = Number(process.env.MAX_CONNECTIONS ?? 10_000);
const maxPayloadLength = Number(process.env.MAX_MESSAGE_BYTES ?? 65_536); // The default of Bun is 16 MiB.
// Returns the status that refuses a handshake, or nothing. Bun itself takes every handshake that it can read.
function refusal({ method, headers }: Request, path: string): number | undefined {
  const local = ["localhost", "127.0.0.1", "[::1]"].map((name) => `http://${name}:${server.port}`);
  const origins = process.env.ALLOWED_ORIGINS?.split(",") ?? local;
  const header = (name: string) => headers.get(name) ?? "";
  if (!/^\/(echo|rooms)$/.test(path)) return 404;
  if (method !== "GET") return 405;
  // Bun does not demand `Connection: upgrade`. The answer names the version that is spoken (RFC 6455 §4.4).
  if (!/upgrade/i.test(header("connection")) || !/^websocket$/i.test(header("upgrade"))) return 426;
  if (header("sec-websocket-version") !== "13") return 426;
  // Bun agrees to whichever subprotocol is offered first, and cannot decline all (oven-sh/bun#18243).
  if (headers.has("sec-websocket-protocol")) return 400;
  // A foreign name that resolves to this machine (DNS rebinding) makes its page look like one of ours.
  if (!origins.some((origin) => origin.endsWith(`//${header("host")}`))) return 421;
  // Browsers let every page connect, with its visitor's cookies (RFC 6455 §10.2). Programs send no Origin.
  if (headers.has("origin") && !origins.includes(header("origin"))) return 403;
  if (isStopping) return 503;
  return clients.size >= maxConnections ? 503 : undefined;
}

// Bun has no upgrade event. A handshake is a request, and a refusal is a response.
app.use(async (c, next) => {
  const status = refusal(c.req.raw, c.req.path);
  const isHandshake = /^websocket$/i.test(c.req.header("upgrade") ?? "");
  if (!status || (status === 404 && !isHandshake)) return next();
  if (status === 405) c.header("Allow", "GET");
  if (status === 503) c.header("Retry-After", "5");
  const headers = { Connection: "Upgrade, close", Upgrade: "websocket", "Sec-WebSocket-Version": "13" };
  return c.body(STATUS_CODES[status] ?? "", status as 400, headers);
});
// #endregion admission

app.get("/greet", (c) => c.text("Hello from Hono\n"));
app.get("/echo", (c) => upgrade(c.req.raw, {}));
app.get("/rooms", (c) => upgrade(c.req.raw, { room: c.req.query("room") || "lobby" }));
app.use(serveStatic({ root: pages })); // Last, because Bun can upgrade only until the next bytes come.
type Ws = ServerWebSocket<{ room?: string }>; // What is passed to upgrade() as `data` becomes `ws.data`.
const upgrade = (req: Request, data: Ws["data"]): Response =>
  new Response(null, { status: server.upgrade(req, { data }) ? 200 : 400 });

// #region rooms
// Topics are native: a frame is encoded and handed over once, however many listen.
function say(ws: Ws, room: string, message: string): void {
  const count = (said.get(ws) ?? 0) + 1;
  said.set(ws, count);
  if (count > maxMessagesPerSecond) return void ws.close(4003, "too many messages");
  const { to, text } = JSON.parse(message);
  if (typeof text !== "string") throw new TypeError("a message without a text");
  const frame = JSON.stringify({ text });
  // A socket's publish() skips that socket. The server's publish() skips nobody.
  if (to === "others") ws.publish(room, frame);
  else server.publish(room, frame);
}
// #endregion rooms

// #region heartbeat
const heartbeatMs = Number(process.env.HEARTBEAT_MS ?? 25_000);
const clients = new Set<Ws>();
const heard = new WeakSet<Ws>();
let sweptAt = performance.now();
// Bun's own timer, idleTimeout, restarts whenever the server writes, even to a dead peer.
setInterval(() => {
  const isLate = performance.now() - sweptAt > 1.5 * heartbeatMs;
  sweptAt = performance.now();
  if (isLate) return; // This process stood still, and has yet to read what its peers said meanwhile.
  for (const ws of clients)
    if (heard.delete(ws)) ws.ping();
    else ws.terminate();
}, heartbeatMs);
// #endregion heartbeat

// TCP brings thousands of messages at once, each is work for a whole room, and nothing else runs meanwhile.
const maxMessagesPerSecond = Number(process.env.MAX_MESSAGES_PER_SECOND ?? 500);
const said = new Map<Ws, number>();
setInterval(() => said.clear(), 1_000);

const websocket: WebSocketHandler<Ws["data"]> = {
  open(ws) {
    clients.add(ws);
    heard.add(ws);
    if (ws.data.room) ws.subscribe(ws.data.room);
  },
  message(ws, data) {
    heard.add(ws);
    if (ws.data.room) say(ws, ws.data.room, data.toString());
    else if (data === "stop") ws.close(1000);
    // -1: bytes wait. A peer that does not read is not read either. TCP makes it wait, and nothing is lost.
    else if (ws.send(data) === -1) ws.pause();
  },
  ping: (ws) => void heard.add(ws),
  pong: (ws) => void heard.add(ws),
  close: (ws) => void clients.delete(ws),
  idleTimeout: 0,
  sendPings: false,
  maxPayloadLength,

  // #region guard
  // Without this handler, an exception in another one ends the process. An `async` one needs its own catch.
  error(error, ws) {
    console.error(error);
    ws.close(1011, "unexpected error");
  },
  // #endregion guard

  // #region backpressure
  // Over this limit, send() and publish() drop messages without a word. A gap is worse than an end.
  backpressureLimit: Number(process.env.MAX_QUEUE_BYTES ?? 1_048_576) + maxPayloadLength,
  closeOnBackpressureLimit: true,
  // Called only after a send() or publish() that returned -1, so never for a peer that keeps up.
  drain: (ws) => ws.resume(),
  // #endregion backpressure
};

// #region shutdown
const drainMs = Number(process.env.DRAIN_MS ?? 4_000);
let isStopping = false;
app.get("/healthz", (c) => c.body(null, isStopping ? 503 : 200));

async function stop(): Promise<void> {
  if (isStopping) process.exit(1);
  isStopping = true;
  const bye = JSON.stringify({ bye: "restarting" });
  for (const ws of clients) if (ws.data.room) ws.send(bye);
  // Bun forgets a socket once close() is called, and what waits for it. So close() comes when nothing waits.
  const isWaiting = () => [...clients].some((ws) => ws.getBufferedAmount() > 0);
  for (const endAt = performance.now() + drainMs; isWaiting() && performance.now() < endAt; ) await sleep(20);
  for (const ws of clients) ws.close(1012, "restarting");
  // stop() waits for the connections to end, stop(true) ends them.
  await Promise.race([server.stop(), sleep(1_000)]);
  await server.stop(true);
  process.exit(0);
}
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, stop);
// #endregion shutdown

const server = serve({ port: PORT, hostname: HOST, fetch: app.fetch, websocket });
console.log(server.url.origin);
