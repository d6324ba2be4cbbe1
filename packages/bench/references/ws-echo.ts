// Bare ws on Node, the control for the apps on Node, with no HTTP framework and no application.
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

const wss = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(process.env.PORT ?? 0),
  maxPayload: Number(process.env.MAX_MESSAGE_BYTES ?? 65_536),
  perMessageDeflate: process.env.COMPRESSION === "1",
});

wss.on("connection", (ws, { url }) => {
  ws.on("message", (data, isBinary) => {
    if (url === "/echo") return ws.send(data, { binary: isBinary });
    // Everybody else, with the loop that the documentation of ws shows.
    for (const client of wss.clients) if (client !== ws) client.send(data, { binary: isBinary });
  });
});
wss.on("listening", () => console.log(`http://127.0.0.1:${(wss.address() as AddressInfo).port}`));
