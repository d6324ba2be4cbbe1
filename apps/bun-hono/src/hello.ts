// Bun + Hono as their own documentation shows it. Try it: pnpm hello bun-hono
import { Hono } from "hono";
import { upgradeWebSocket, websocket } from "hono/bun";

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

const port = Number(process.env.PORT ?? 3003);
Bun.serve({ port, hostname: "127.0.0.1", fetch: app.fetch, websocket });
console.log(`http://127.0.0.1:${port}`);
