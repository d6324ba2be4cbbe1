// Bun + Hono, step 1: echo. What is sent comes back, as Bun's documentation shows it, with Hono for HTTP.
import { serve, type WebSocketHandler } from "bun";
import { Hono } from "hono";
import { serveStatic } from "hono/bun";

const { PORT = 3003, HOST = "127.0.0.1" } = process.env;
const pages = `${import.meta.dirname}/../../../packages/client/steps`;
const app = new Hono();
app.get("/greet", (c) => c.text("Hello from Hono\n"));
app.get("/echo", (c) => new Response(null, { status: server.upgrade(c.req.raw) ? 200 : 400 }));
app.use(serveStatic({ root: pages })); // Last, because Bun can upgrade only until the next bytes come.

const websocket: WebSocketHandler<undefined> = {
  message(ws, data) {
    if (data === "stop") ws.close(1000);
    else ws.send(data);
  },
};

const server = serve({ port: PORT, hostname: HOST, fetch: app.fetch, websocket });
console.log(server.url.origin);
