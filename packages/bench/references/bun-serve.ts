// Bare Bun.serve, the control of Bun + Hono: no HTTP framework, no application.
// A module, with names of its own.
export {};

const server = Bun.serve({
  port: Number(process.env.PORT ?? 0),
  hostname: "127.0.0.1",
  fetch: (req, server) => (server.upgrade(req) ? undefined : new Response(null, { status: 400 })),
  websocket: {
    maxPayloadLength: Number(process.env.MAX_MESSAGE_BYTES ?? 65_536),
    perMessageDeflate: false,
    message: (ws, data) => void ws.send(data),
  },
});
console.log(`http://127.0.0.1:${server.port}`);
