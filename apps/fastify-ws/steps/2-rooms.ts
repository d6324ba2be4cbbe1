// Fastify + @fastify/websocket, step 2: rooms. One message for many, to all or to all others.
import files from "@fastify/static";
import websocket from "@fastify/websocket";
import Fastify from "fastify";
import type { WebSocket } from "ws";

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

app.get("/echo", { websocket: true }, (ws) => {
  ws.on("message", (data, isBinary) => {
    if (!isBinary && data.toString() === "stop") ws.close(1000);
    else ws.send(data, { binary: isBinary });
  });
});
app.get<{ Querystring: { room?: string } }>("/rooms", { websocket: true }, (ws, { query }) => {
  const room = String(query.room || "lobby");
  join(ws, room);
  ws.on("message", (data) => say(ws, room, data.toString()));
});

console.log(await app.listen({ port: Number(PORT), host: HOST }));
