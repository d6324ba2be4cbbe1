// A server in its own process: `node echo-server.ts <port>`.

import { WebSocketServer } from "ws";

new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]) }).on("connection", (ws) => {
  ws.on("error", () => undefined);
  ws.on("message", (data, isBinary) => ws.send(data, { binary: isBinary }));
});
