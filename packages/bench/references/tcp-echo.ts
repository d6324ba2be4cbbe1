// The limit on machines without a C compiler: it echoes bytes over TCP, without WebSocket.
// The empty export makes this file a module, so that its names are its own.
export {};

interface Waiting {
  bytes: Uint8Array[];
}

const server = Bun.listen<Waiting>({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT ?? 0),
  socket: {
    open: (socket) => {
      socket.data = { bytes: [] };
      socket.setNoDelay(true);
    },
    data: (socket, bytes) => {
      if (socket.data.bytes.length > 0) return void socket.data.bytes.push(bytes.slice());
      const sent = Math.max(0, socket.write(bytes));
      if (sent < bytes.length) socket.data.bytes.push(bytes.slice(sent));
    },
    drain: (socket) => {
      const [first, ...rest] = socket.data.bytes;
      if (!first) return;
      const sent = Math.max(0, socket.write(first));
      socket.data.bytes = sent < first.length ? [first.subarray(sent), ...rest] : rest;
    },
  },
});
console.log(`http://127.0.0.1:${server.port}`);
