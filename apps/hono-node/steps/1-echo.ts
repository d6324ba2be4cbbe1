// Node + Hono, step 1: echo. What is sent comes back, as the documentation of @hono/node-server shows it.
import { serve, upgradeWebSocket, type WebSocketServerLike } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { WebSocketServer } from "ws";

const { PORT = 3004, HOST = "127.0.0.1" } = process.env;
const pages = `${import.meta.dirname}/../../../packages/client/steps`;
const app = new Hono();
const wss = new WebSocketServer({ noServer: true }) as WebSocketServer & WebSocketServerLike;
app.use(serveStatic({ root: pages }));
app.get("/greet", (c) => c.text("Hello from Hono\n"));

const events = upgradeWebSocket(() => ({
  onMessage({ data }, ws) {
    if (data === "stop") ws.close(1000);
    else ws.send(data as string | ArrayBuffer);
  },
}));
app.get("/echo", events);

const options = { fetch: app.fetch, websocket: { server: wss }, port: Number(PORT), hostname: HOST };
serve(options, ({ port }) => console.log(`http://${HOST}:${port}`));
