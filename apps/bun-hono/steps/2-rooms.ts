// Bun + Hono, step 2: rooms. One message for many, to all or to all others.
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

const websocket: WebSocketHandler<Ws["data"]> = {
  open(ws) {
    if (ws.data.room) ws.subscribe(ws.data.room);
  },
  message(ws, data) {
    if (ws.data.room) say(ws, ws.data.room, data.toString());
    else if (data === "stop") ws.close(1000);
    else ws.send(data);
  },
};

const server = serve({ port: PORT, hostname: HOST, fetch: app.fetch, websocket });
console.log(server.url.origin);
