// Express + ws, step 3: heartbeat. TCP does not tell when a peer is gone, so the server asks.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { type RawData, type WebSocket, WebSocketServer } from "ws";

const { PORT = 3001, HOST = "127.0.0.1" } = process.env;
const pages = `${import.meta.dirname}/../../../packages/client/steps`;
const app = express();
app.use(express.static(pages));
app.get("/greet", (_req, res) => void res.type("text").send("Hello from Express\n"));

const server = createServer(app);
const wss = new WebSocketServer({ server });

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
  for (const ws of wss.clients)
    if (heard.delete(ws)) ws.ping();
    else ws.terminate(); // close() would wait 30 s for an answer.
}, heartbeatMs);
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

wss.on("connection", (ws, { url = "" }) => {
  const [path, query] = url.split("?");
  const room = path === "/rooms" && (new URLSearchParams(query).get("room") || "lobby");
  if (room) join(ws, room);
  heard.add(ws);
  for (const sign of ["message", "ping", "pong"]) ws.on(sign, () => heard.add(ws));
  ws.on("error", console.error); // An `error` that nobody listens to ends the process.
  onMessage(ws, async (data, isBinary) => {
    if (room) say(ws, room, data.toString());
    else if (!isBinary && data.toString() === "stop") ws.close(1000);
    else ws.send(data, { binary: isBinary });
  });
});

server.listen(Number(PORT), HOST);
server.on("listening", () => console.log(`http://${HOST}:${(server.address() as AddressInfo).port}`));
