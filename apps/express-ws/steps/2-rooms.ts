// Express + ws, step 2: rooms. One message for many, to all or to all others.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { type WebSocket, WebSocketServer } from "ws";

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

wss.on("connection", (ws, { url = "" }) => {
  const [path, query] = url.split("?");
  const room = path === "/rooms" && (new URLSearchParams(query).get("room") || "lobby");
  if (room) join(ws, room);
  ws.on("error", console.error); // An `error` that nobody listens to ends the process.
  ws.on("message", (data, isBinary) => {
    if (room) say(ws, room, data.toString());
    else if (!isBinary && data.toString() === "stop") ws.close(1000);
    else ws.send(data, { binary: isBinary });
  });
});

server.listen(Number(PORT), HOST);
server.on("listening", () => console.log(`http://${HOST}:${(server.address() as AddressInfo).port}`));
