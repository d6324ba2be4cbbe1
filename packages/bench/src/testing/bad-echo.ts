// An echo with one fault, for the tests of the bench. It does on purpose what the bench must catch.

import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** The recipients of a message: its author, or everybody else. */
type Receiver = Pick<WebSocket, "send" | "close">;
type Fault = (ws: Receiver, data: Buffer, number: number) => void;

const held = new WeakMap<Receiver, Buffer>();

// What the server does with each message. Messages are numbered from 1, over all connections.
const faults: Record<string, Fault> = {
  none: (ws, data) => ws.send(data, { binary: false }),
  loses: (ws, data, number) => void (number % 1_000 === 0 || ws.send(data, { binary: false })),
  // One message is kept back and sent after the next.
  swaps: (ws, data, number) => {
    const kept = held.get(ws);
    if (!kept && number % 500 === 0) return void held.set(ws, data);
    ws.send(data, { binary: false });
    if (kept) ws.send(kept, { binary: false });
    held.delete(ws);
  },
  changes: (ws, data, number) => {
    if (number % 777 === 0) data[data.length >> 1] = 0x2a;
    ws.send(data, { binary: false });
  },
  doubles: (ws, data, number) => {
    ws.send(data, { binary: false });
    if (number % 1_000 === 0) ws.send(data, { binary: false });
  },
  // Far beyond any timeout, although the message is not lost.
  late: (ws, data, number) => {
    if (number < 500) return ws.send(data, { binary: false });
    setTimeout(() => ws.send(data, { binary: false }), 120_000).unref();
  },
  closes: (ws, data, number) => (number === 700 ? ws.close(1011) : ws.send(data, { binary: false })),
  // Correct, and busy for a while with each message.
  slow: (ws, data) => {
    const until = performance.now() + 0.1;
    while (performance.now() < until);
    ws.send(data, { binary: false });
  },
  // Correct, and never busy: each message waits for a timer.
  idle: (ws, data) => void setTimeout(() => ws.send(data, { binary: false }), 5),
  mute: () => {},
  // Every tenth connection, as soon as it is open.
  drops: (ws, data) => ws.send(data, { binary: false }),
};

const answer = faults[process.argv[2] ?? ""];
if (!answer) throw new Error(`a fault is one of ${Object.keys(faults).join(", ")}`);
const wss = new WebSocketServer({ host: "127.0.0.1", port: Number(process.env.PORT ?? 0) });
let number = 0;
let connections = 0;
wss.on("connection", (ws, { url }) => {
  if (process.argv[2] === "drops" && ++connections % 10 === 0) return ws.terminate();
  const receiver = url === "/fanout" ? everybodyElse(ws) : ws;
  ws.on("message", (data: Buffer) => answer(receiver, data, ++number));
});

function everybodyElse(author: WebSocket): Receiver {
  const send = (data: Buffer, options: { binary: boolean }) => {
    for (const client of wss.clients) if (client !== author) client.send(data, options);
  };
  return { send: send as WebSocket["send"], close: (code) => author.close(code) };
}
wss.on("listening", () => console.log(`http://127.0.0.1:${(wss.address() as AddressInfo).port}`));
