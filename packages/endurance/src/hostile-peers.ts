import { randomBytes } from "node:crypto";
import { encodeFrame, Opcode } from "@rosetta/conformance";
import { subprotocol } from "@rosetta/protocol";
import { Raw, type RawSocket, type TcpConnection } from "@rosetta/testkit";
import { pause } from "./crowd.ts";

/** A peer that does harm until `isOver`. Whatever the server does to it is not an error. */
export type Hostile = (raw: Raw, isOver: () => boolean) => Promise<void>;

const offer = { subprotocols: [subprotocol] };
const mask = new Uint8Array(4);

/** The kinds of hostile peers of `pnpm soak`, by name. */
export const hostiles: Readonly<Record<string, Hostile>> = {
  churn: again(async (raw) => {
    const ws = await greeted(raw);
    ws.send(JSON.stringify({ type: "subscribe", id: "2", topic: `room/${randomBytes(4).toString("hex")}` }));
    await ws.nextText();
    ws.destroy();
  }),
  flood: again(async (raw) => {
    const ws = await greeted(raw);
    for (let count = 0; count < 2_000; count++) ws.send('{"type":"ping","id":"1","at":0}');
    await ws.closed({ deadline: 5_000 });
  }),
  "slow reader": again(async (raw, isOver) => {
    const ws = await greeted(raw);
    ws.send(JSON.stringify({ type: "subscribe", id: "2", topic: "room/soak" }));
    ws.pause();
    await until(isOver, 5_000);
    ws.destroy();
  }),
  "echo unread": again(async (raw, isOver) => {
    const ws = await raw.connect("/echo");
    ws.pause();
    const bytes = encodeFrame({ opcode: Opcode.Binary, payload: new Uint8Array(1), mask });
    ws.sendBytes(Buffer.concat(Array.from({ length: 100_000 }, () => bytes)));
    await until(isOver, 5_000);
    ws.destroy();
  }),
  "stream unread": again(async (raw, isOver) => {
    const stream = await raw.events("/events?topic=room/soak");
    stream.pause();
    await until(isOver, 5_000);
    stream.destroy();
  }),
  reset: again(async (raw) => {
    const connection = await raw.tcp();
    connection.write(`GET /events?topic=scores HTTP/1.1\r\nHost: 127.0.0.1:${raw.port}\r\n\r\n`);
    connection.reset();
  }),
  nonsense: again(async (raw) => {
    const connection: TcpConnection = await raw.tcp();
    connection.write(Buffer.concat([Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n"), randomBytes(200)]));
    await connection.ended({ deadline: 2_000 });
  }),
};

// Repeats, at most 50 times a second. Failures are ignored: a hostile peer asks for them.
function again(once: Hostile): Hostile {
  return async (raw, isOver) => {
    while (!isOver()) {
      const own = new Raw(raw.port);
      await Promise.all([once(own, isOver).catch(() => undefined), pause(20)]);
      own.end();
    }
  };
}

async function greeted(raw: Raw): Promise<RawSocket> {
  const ws = await raw.connect("/ws", offer);
  ws.send(JSON.stringify({ type: "hello", id: "1", client: randomBytes(16).toString("hex") }));
  await ws.nextText();
  return ws;
}

async function until(isOver: () => boolean, ms: number): Promise<void> {
  const endAt = performance.now() + ms;
  while (!isOver() && performance.now() < endAt) await pause(50);
}
