// An echo with one fault, for the tests of the bench: what must be caught is done here on purpose.

import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

type Fault = (ws: WebSocket, data: Buffer, number: number) => void;

const held = new WeakMap<WebSocket, Buffer>();

// What is done with each message; its number counts from 1, over all connections.
const faults: Record<string, Fault> = {
  none: (ws, data) => ws.send(data, { binary: false }),
  loses: (ws, data, number) => void (number % 1_000 === 0 || ws.send(data, { binary: false })),
  // One message is kept back, and sent after the next.
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
  // Far beyond anybody's patience, though not lost.
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
};

const answer = faults[process.argv[2] ?? ""];
if (!answer) throw new Error(`a fault is one of ${Object.keys(faults).join(", ")}`);
const wss = new WebSocketServer({ host: "127.0.0.1", port: Number(process.env.PORT ?? 0) });
let number = 0;
wss.on("connection", (ws) => ws.on("message", (data: Buffer) => answer(ws, data, ++number)));
wss.on("listening", () => console.log(`http://127.0.0.1:${(wss.address() as AddressInfo).port}`));
