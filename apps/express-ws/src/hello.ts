// Express + ws as their own documentation shows it. Try it: pnpm hello express-ws
import { createServer } from "node:http";
import express from "express";
import { WebSocketServer } from "ws";

const app = express();
app.get("/", (_req, res) => void res.send("<h1>Hello</h1>"));
app.get("/greet", (_req, res) => void res.send("Hello from Express"));

const server = createServer(app);
const wss = new WebSocketServer({ server, path: "/echo" });

wss.on("connection", (ws) => {
  ws.on("error", console.error);
  ws.on("message", (data, isBinary) => {
    if (data.toString() === "stop") ws.close();
    else ws.send(data, { binary: isBinary });
  });
});

const port = Number(process.env.PORT ?? 3001);
server.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}`));
