// Bun + Hono, step 3: heartbeat. TCP does not tell when a peer is gone, so the server asks.
import { type ServerWebSocket, serve, type WebSocketHandler } from "bun";
import { Hono } from "hono";
import { serveStatic } from "hono/bun";

const { PORT = 3003, HOST = "127.0.0.1" } = process.env;
const pages = `${import.meta.dirname}/../../../packages/client/steps`;
const app = new Hono();
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
    else ws.send(data);
  },
  ping: (ws) => void heard.add(ws),
  pong: (ws) => void heard.add(ws),
  close: (ws) => void clients.delete(ws),
  idleTimeout: 0,
  sendPings: false,

  // #region guard
  // Without this handler, an exception in another one ends the process. An `async` one needs its own catch.
  error(error, ws) {
    console.error(error);
    ws.close(1011, "unexpected error");
  },
  // #endregion guard
};

const server = serve({ port: PORT, hostname: HOST, fetch: app.fetch, websocket });
console.log(server.url.origin);
