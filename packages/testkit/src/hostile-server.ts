import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { acceptOf, encodeClose, encodeFrame, Opcode } from "@rosetta/conformance";

/** A server that completes the handshake and then does what no server may do. */
export interface HostileServer {
  url: string;
  /** How many handshakes it has completed. */
  readonly connections: number;
  stop(): void;
}

/** Sends arbitrary bytes to a socket. */
export type Attack = (send: (opcode: number, payload: string | Uint8Array) => void) => void;

/**
 * Starts it. Each connection gets the next attack, then is cut off. After the last attack, every connection gets
 * that one.
 */
export async function startHostile(attacks: Attack[]): Promise<HostileServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((_req, res) =>
    res.writeHead(404, { "Access-Control-Allow-Origin": "*" }).end(),
  );
  server.on("upgrade", (req, socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.write(accept(req));
    const attack = attacks[Math.min(connections, attacks.length - 1)];
    connections += 1;
    attack?.((opcode, payload) => socket.write(encodeFrame({ opcode, payload: Buffer.from(payload) })));
    socket.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Sends text that is no message of the protocol, and messages with forbidden content. */
export const babble: Attack = (send) => {
  for (const text of [
    "",
    "{",
    "null",
    "[]",
    '"x"',
    '{"type":"event"}',
    '{"type":"welcome","re":"1","server":"<img src=x onerror=alert(1)>"}',
    '{"__proto__":{"type":"bye"},"type":"constructor"}',
    "[".repeat(100_000),
    `{"type":"error","code":"x","message":"${"<b>".repeat(1000)}"}`,
    "\u2028\ud83d",
    "x".repeat(1024 * 1024),
  ])
    send(Opcode.Text, text);
  send(Opcode.Binary, new Uint8Array(1024 * 1024));
};

/** Sends more messages at once than the wire log holds. */
export const flood: Attack = (send) => {
  for (let number = 0; number < 5_000; number++)
    send(Opcode.Text, `{"type":"event","topic":"x","n":${number}}`);
};

/** Sends a close frame with a code that must never be sent (RFC 6455 §7.4.1). */
export const reservedClose: Attack = (send) => send(Opcode.Close, encodeClose(1006, "not to be sent"));

/** Sends text that is not UTF-8. */
export const brokenFrames: Attack = (send) => send(Opcode.Text, Uint8Array.of(0xff, 0xfe));
/** Sends a frame with an opcode that does not exist. */
export const unknownOpcode: Attack = (send) => send(0xb, "what is this?");

function accept({ headers }: IncomingMessage): string {
  const offered = headers["sec-websocket-protocol"];
  return [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptOf(headers["sec-websocket-key"] ?? "")}`,
    ...(offered ? [`Sec-WebSocket-Protocol: ${offered}`] : []),
    "\r\n",
  ].join("\r\n");
}
