// Node + Hono, step 3: heartbeat. TCP does not tell when a peer is gone, so the server asks.
import { serve, upgradeWebSocket, type WebSocketServerLike } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import type { WSContext } from "hono/ws";
import { type WebSocket, WebSocketServer } from "ws";

const { PORT = 3004, HOST = "127.0.0.1" } = process.env;
const pages = `${import.meta.dirname}/../../../packages/client/steps`;
const app = new Hono();
const wss = new WebSocketServer({ noServer: true }) as WebSocketServer & WebSocketServerLike;
app.use(serveStatic({ root: pages }));
app.get("/greet", (c) => c.text("Hello from Hono\n"));

// #region rooms
// Hono has no topics (honojs/hono#3617). A room is a Set, and a broadcast is a loop.
const rooms = new Map<string, Set<WSContext>>();
const join = (ws: WSContext, room: string) => rooms.set(room, (rooms.get(room) ?? new Set()).add(ws));
const leave = (ws: WSContext, room: string) =>
  rooms.get(room)?.delete(ws) && rooms.get(room)?.size === 0 && rooms.delete(room);

function say(ws: WSContext, room: string, message: string): void {
  const { to, text } = JSON.parse(message);
  if (typeof text !== "string") throw new TypeError("a message without a text");
  const frame = JSON.stringify({ text }); // Encoded once, however many listen.
  for (const member of rooms.get(room) ?? []) if (to !== "others" || member !== ws) member.send(frame);
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

const events = upgradeWebSocket((c) => {
  const room = c.req.path === "/rooms" && (c.req.query("room") || "lobby");
  return {
    onOpen: (_event, ws) => void (room && join(ws, room)),
    onMessage: ({ data }, ws) =>
      guarded(ws, async () => {
        if (room) say(ws, room, `${data}`);
        else if (data === "stop") ws.close(1000);
        else ws.send(data as string | ArrayBuffer);
      }),
    onClose: (_event, ws) => void (room && leave(ws, room)),
  };
});
app.on("GET", ["/echo", "/rooms"], events);

const options = { fetch: app.fetch, websocket: { server: wss }, port: Number(PORT), hostname: HOST };
serve(options, ({ port }) => console.log(`http://${HOST}:${port}`));
