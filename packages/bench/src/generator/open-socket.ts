import { randomBytes } from "node:crypto";
import type { PeerAddress } from "../generator-job.ts";
import { inTime } from "./in-time.ts";
import { connect, type Link, type LinkHandlers } from "./link.ts";

/** Returns the request of RFC 6455 §4.1, or an empty string for a peer that does not speak WebSocket. */
export function handshakeOf({ host, port, path, subprotocol, extensions }: PeerAddress): string {
  if (path === undefined) return "";
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    "Sec-WebSocket-Version: 13",
    ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
    ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/**
 * Opens a connection and, if the peer speaks it, a WebSocket. Everything that arrives afterwards goes to the
 * handlers.
 */
export async function openSocket(peer: PeerAddress, handlers: LinkHandlers): Promise<Link> {
  const handshake = handshakeOf(peer);
  if (handshake === "") return connect(peer.host, peer.port, handlers);
  const opened = Promise.withResolvers<void>();
  let head: Buffer | undefined = Buffer.alloc(0);
  const link = await connect(peer.host, peer.port, {
    ...handlers,
    data: (bytes) => {
      if (!head) return handlers.data(bytes);
      head = Buffer.concat([head, bytes]);
      const end = head.indexOf("\r\n\r\n");
      if (end === -1) return;
      const status = head.toString("latin1", 0, head.indexOf("\r\n"));
      const rest = head.subarray(end + 4);
      head = undefined;
      if (!status.startsWith("HTTP/1.1 101 "))
        return opened.reject(new Error(`the handshake was answered with ${status}`));
      opened.resolve();
      if (rest.length > 0) handlers.data(rest);
    },
    closed: (why) => {
      opened.reject(new Error(why));
      handlers.closed(why);
    },
  });
  link.write(Buffer.from(handshake));
  await inTime(opened.promise, "the answer to the handshake");
  return link;
}
