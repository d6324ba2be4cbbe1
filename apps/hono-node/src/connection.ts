// Hono on Node: Hono reports four events of a socket. Everything else comes from the socket of ws below it.
import type { Socket } from "node:net";
import type { WebSocketLike } from "@hono/node-server";
import type { Hub, Port, Session } from "@rosetta/hub";
import { type TextFrame, Traffic, textFrame } from "@rosetta/hub/node";
import { echoStop, endpoints } from "@rosetta/protocol";
import type { WSEvents } from "hono/ws";
import type { WebSocket } from "ws";

/**
 * A socket of ws with the application's data. Hono wraps it in one that can only send and close: its `send` takes no
 * callback, and compresses a message only if told to.
 */
export interface Ws extends WebSocket {
  data: { tcp: Socket; session: Session; traffic: Traffic };
}

/** Returns the port through which the hub uses this stack's sockets. */
export function createPort(): Port<Ws> {
  const topics = new Map<string, Set<Ws>>();
  return {
    send: (ws, frame) => deliver(ws, frame, false),

    // #region waiting
    // Below its high-water mark a socket can hold bytes and never emit `drain` for them, so they do not count.
    waiting: (ws) => (ws.data.tcp.writableNeedDrain ? ws.bufferedAmount : 0),
    // #endregion waiting

    // #region queued
    // A waiting message takes far more memory than its bytes: a one-byte message takes about 350.
    queued: ({ bufferedAmount, data }) => data.traffic.queued(bufferedAmount),
    // #endregion queued

    // #region unfinished
    // ws reports only complete messages. The TCP socket shows how many bytes of the next one have arrived.
    unfinished: ({ data }) => data.traffic.unfinished,
    // #endregion unfinished

    // #region ping
    ping: (ws) => ws.ping(),
    // #endregion ping

    // #region close
    close: (ws, code, reason) => ws.close(code, reason),
    // By default, ws waits 30 s for a peer that does not answer a close frame.
    terminate: (ws) => ws.terminate(),
    // #endregion close

    // #region broadcast
    // ws has no topics, so each is a Set and a loop. ws would also frame the text anew for every socket.
    join(ws, topic) {
      const members = topics.get(topic) ?? new Set();
      topics.set(topic, members.add(ws));
    },
    leave(ws, topic) {
      const members = topics.get(topic);
      members?.delete(ws);
      if (members?.size === 0) topics.delete(topic);
    },
    publish(topic, text, except) {
      const frame = textFrame(text);
      let sent = 0;
      for (const ws of topics.get(topic) ?? []) if (ws !== except && relay(ws, frame)) sent += 1;
      return sent;
    },
    // #endregion broadcast
  };
}

// #region send
function deliver(ws: Ws, data: string | Buffer, isBinary: boolean): boolean {
  if (!isReady(ws)) return false;
  // By default, ws sends a Buffer as a binary message.
  ws.send(data, { binary: isBinary }, ws.data.traffic.sending());
  return true;
}

// Writes a frame to the TCP socket, past ws. Not if messages are compressed: ws may still be compressing an earlier one.
function relay(ws: Ws, frame: TextFrame): boolean {
  if (ws.extensions !== "") return deliver(ws, frame.payload, false);
  if (!isReady(ws)) return false;
  ws.data.tcp.write(frame.bytes, ws.data.traffic.sending());
  return true;
}

function isReady(ws: Ws): boolean {
  if (ws.readyState !== ws.OPEN) return false;
  // ws hands every message to the kernel on its own. Corked, the TCP socket keeps those of one turn together.
  ws.data.traffic.cork(ws.bufferedAmount);
  // ws never refuses to send. It buffers without limit what the kernel does not take (websockets/ws#2009).
  return ws.data.session.hasRoom();
}
// #endregion send

// #region echo
function echo(ws: Ws, data: string | ArrayBuffer): void {
  const isBinary = typeof data !== "string";
  const answer = isBinary ? Buffer.from(data) : data;
  ws.data.session.echo(Buffer.byteLength(data), data === echoStop, () => deliver(ws, answer, isBinary));
}
// #endregion echo

/** Returns the handlers of one socket's events, from its opening until it is gone. */
export function connect(hub: Hub<Ws>, tcp: Socket, path: string, address: string): WSEvents<WebSocketLike> {
  const traffic = new Traffic(tcp);
  let ws: Ws | undefined;

  // #region guard
  // Hono prints what a handler of its own events throws. A listener of ws or of the TCP socket that throws ends the
  // process. Here, both fail the session.
  function guarded(handle: (ws: Ws) => void): void {
    // A socket that failed to open has no session.
    if (!ws) return;
    try {
      handle(ws);
    } catch (error) {
      ws.data.session.failed(error);
    }
  }
  // #endregion guard

  return {
    // #region messages
    // Text arrives as a string. Binary data arrives as an ArrayBuffer, which is a copy.
    onMessage: ({ data }) => {
      traffic.message();
      guarded((ws) => {
        if (path === endpoints.echo) echo(ws, data as string | ArrayBuffer);
        else if (typeof data === "string") ws.data.session.text(data);
        else ws.data.session.binary((data as ArrayBuffer).byteLength);
      });
    },
    // #endregion messages

    // Called before Hono begins to listen for messages. None is lost: it keeps those that come in between.
    onOpen(_event, { raw }) {
      const socket = raw as WebSocket;
      hub.accept(socket, () => {
        ws = hub.open(path, address, (session) => Object.assign(socket, { data: { tcp, session, traffic } }));

        // #region pong
        // Hono has no events for pings and pongs (honojs/hono#3969). ws itself answers pings.
        const control = (payload: Buffer): void => {
          traffic.control(payload);
          guarded(({ data }) => data.session.heard());
        };
        ws.on("pong", control);
        ws.on("ping", control);
        // #endregion pong

        // #region drained
        // Neither Hono nor ws has a `drain` event (websockets/ws#2009), but the TCP socket below them does.
        tcp.on("drain", () => guarded(({ data }) => data.session.drained()));
        // #endregion drained
      });
    },

    // #region closed
    // If a peer breaks the protocol, ws closes with the right code itself, and Hono listens to its `error`. The code
    // is then 1006.
    onClose: ({ code }) => guarded(({ data }) => data.session.closed(code)),
    // #endregion closed
  };
}
