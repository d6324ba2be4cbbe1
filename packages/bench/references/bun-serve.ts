// Bare Bun.serve, the control for Bun + Hono, with no HTTP framework and no application.
import { serve } from "bun";

const server = serve<{ path: string }>({
  port: Number(process.env.PORT ?? 0),
  hostname: "127.0.0.1",
  fetch(req, server) {
    const isUpgraded = server.upgrade(req, { data: { path: new URL(req.url).pathname } });
    return isUpgraded ? undefined : new Response(null, { status: 400 });
  },
  websocket: {
    maxPayloadLength: Number(process.env.MAX_MESSAGE_BYTES ?? 65_536),
    perMessageDeflate: process.env.COMPRESSION === "1",
    open: (ws) => void ws.subscribe("all"),
    message(ws, data) {
      if (ws.data.path === "/echo") ws.send(data, true);
      else ws.publish("all", data, true);
    },
  },
});
console.log(`http://127.0.0.1:${server.port}`);
