// Fastify + @fastify/websocket as their own documentation shows it. Try it: pnpm hello fastify-ws
import websocket from "@fastify/websocket";
import Fastify from "fastify";

const app = Fastify();
await app.register(websocket);

app.get("/", (_req, reply) => reply.type("text/html").send("<h1>Hello</h1>"));
app.get("/greet", () => "Hello from Fastify");

app.get("/echo", { websocket: true }, (ws) => {
  ws.on("message", (data, isBinary) => {
    if (data.toString() === "stop") ws.close();
    else ws.send(data, { binary: isBinary });
  });
});

const port = Number(process.env.PORT ?? 3002);
await app.listen({ port, host: "127.0.0.1" });
console.log(`http://127.0.0.1:${port}`);
