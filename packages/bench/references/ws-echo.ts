// Bare ws on Node, the control of Express and Fastify: no HTTP framework, no application.
import { WebSocketServer } from "ws";

const port = Number(process.env.PORT ?? 0);
const limits = { maxPayload: Number(process.env.MAX_MESSAGE_BYTES ?? 65_536), perMessageDeflate: false };
const wss = new WebSocketServer({ host: "127.0.0.1", port, clientTracking: false, ...limits });
wss.on("connection", (ws) => {
  ws.on("message", (data, isBinary) => ws.send(data, { binary: isBinary }));
});
wss.on("listening", () => console.log(`http://127.0.0.1:${(wss.address() as { port: number }).port}`));
