// Fastify + @fastify/websocket, step 1: echo. What is sent comes back, as their own documentation shows it.
import files from "@fastify/static";
import websocket from "@fastify/websocket";
import Fastify from "fastify";

const { PORT = 3002, HOST = "127.0.0.1" } = process.env;
const pages = `${import.meta.dirname}/../../../packages/client/steps`;
const app = Fastify();
// Awaited: a WebSocket route declared before its plugin has loaded is an HTTP route, and its clients hang.
await app.register(websocket);
app.register(files, { root: pages });
app.get("/greet", () => "Hello from Fastify\n");

app.get("/echo", { websocket: true }, (ws) => {
  ws.on("message", (data, isBinary) => {
    if (!isBinary && data.toString() === "stop") ws.close(1000);
    else ws.send(data, { binary: isBinary });
  });
});

console.log(await app.listen({ port: Number(PORT), host: HOST }));
