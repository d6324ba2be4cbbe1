// Express + ws, step 1: echo. What is sent comes back, as their own documentation shows it.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { WebSocketServer } from "ws";

const { PORT = 3001, HOST = "127.0.0.1" } = process.env;
const pages = `${import.meta.dirname}/../../../packages/client/steps`;
const app = express();
app.use(express.static(pages));
app.get("/greet", (_req, res) => void res.type("text").send("Hello from Express\n"));

const server = createServer(app);
const wss = new WebSocketServer({ server });

wss.on("connection", (ws) => {
  ws.on("error", console.error); // An `error` that nobody listens to ends the process.
  ws.on("message", (data, isBinary) => {
    if (!isBinary && data.toString() === "stop") ws.close(1000);
    else ws.send(data, { binary: isBinary });
  });
});

server.listen(Number(PORT), HOST);
server.on("listening", () => console.log(`http://${HOST}:${(server.address() as AddressInfo).port}`));
