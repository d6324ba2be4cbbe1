// Fastify + @fastify/websocket, step 3: heartbeat. TCP does not tell when a peer is gone, so the server asks.
import files from "@fastify/static";
import websocket from "@fastify/websocket";
import Fastify from "fastify";
import type { RawData, WebSocket } from "ws";

const { PORT = 3002, HOST = "127.0.0.1" } = process.env;
const pages = `${import.meta.dirname}/../../../packages/client/steps`;
const app = Fastify();
// Awaited: a WebSocket route declared before its plugin has loaded is an HTTP route, and its clients hang.
await app.register(websocket);
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

app.get("/echo", { websocket: true }, (ws) => {
  onMessage(ws, async (data, isBinary) => {
    if (!isBinary && data.toString() === "stop") ws.close(1000);
    else ws.send(data, { binary: isBinary });
  });
});
app.get<{ Querystring: { room?: string } }>("/rooms", { websocket: true }, (ws, { query }) => {
  const room = String(query.room || "lobby");
  join(ws, room);
  onMessage(ws, async (data) => say(ws, room, data.toString()));
});

console.log(await app.listen({ port: Number(PORT), host: HOST }));
