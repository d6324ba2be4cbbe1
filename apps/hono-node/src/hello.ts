// Hono and @hono/node-server as their own documentation shows them. Try it: pnpm hello hono-node
import { serve, upgradeWebSocket, type WebSocketServerLike } from "@hono/node-server";
import { Hono } from "hono";
import { WebSocketServer } from "ws";

const app = new Hono();
app.get("/", (c) => c.html("<h1>Hello</h1>"));
app.get("/greet", (c) => c.text("Hello from Hono"));

app.get(
  "/echo",
  upgradeWebSocket(() => ({
    onMessage(event, ws) {
      if (event.data === "stop") ws.close();
      else ws.send(event.data as string | ArrayBuffer);
    },
  })),
);

const port = Number(process.env.PORT ?? 3004);
const wss = new WebSocketServer({ noServer: true });
serve(
  { fetch: app.fetch, websocket: { server: wss as WebSocketServerLike }, port, hostname: "127.0.0.1" },
  () => console.log(`http://127.0.0.1:${port}`),
);
