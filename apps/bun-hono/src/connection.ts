// Bun: one object of handlers serves all sockets. Topics and backpressure are native. A socket's own data is ws.data.
import type { Hub, Port, Session } from "@rosetta/hub";
import { echoStop, endpoints } from "@rosetta/protocol";
import type { Server, ServerWebSocket, WebSocketHandler } from "bun";

/** The data of a socket from its upgrade until it opens. */
interface UpgradeData {
  path: string;
  address: string;
}

/** The data of a socket that has opened. */
interface Data extends UpgradeData {
  session: Session;
  /** True if the last message had to wait for the kernel. */
  isBehind: boolean;
  /** The close frame that is still to be sent, if there is one. */
  goodbye?: { code: number; reason: string };
}

/** A socket with the application's data. */
export type Ws = ServerWebSocket<UpgradeData> & { data: Data };

/** Returns the port through which the hub uses this stack's sockets. */
export function createPort(server: () => Server<unknown>): Port<Ws> {
  return {
    send: (ws, text) => ws.data.session.hasRoom() && deliver(ws, ws.data, text) !== undefined,

    // #region waiting
    waiting: (ws) => ws.getBufferedAmount(),
    // #endregion waiting

    // #region queued
    // Bun copies waiting messages into one buffer, so they take no more memory than their bytes.
    queued: (ws) => ws.getBufferedAmount(),
    // #endregion queued

    // #region unfinished
    // Bun does not report a message before it is complete: https://bun.com/reference/bun/WebSocketHandler
    unfinished: () => 0,
    held: () => 0,
    // #endregion unfinished

    // #region ping
    ping: (ws) => void ws.ping(),
    // #endregion ping

    // #region close
    close(ws, code, reason) {
      ws.data.goodbye = { code, reason };
      for (const topic of ws.subscriptions) ws.unsubscribe(topic);
      sayGoodbye(ws);
    },
    // Never asked for, because Bun does not report what is unfinished.
    pause: () => {},
    terminate: (ws) => ws.terminate(),
    // #endregion close

    // #region broadcast
    // Topics are native. A frame is handed to native code once, however many sockets subscribe.
    join: (ws, topic) => void ws.subscribe(topic),
    leave: (ws, topic) => void ws.unsubscribe(topic),
    publish(topic, text, except) {
      const sent = server().subscriberCount(topic) - (except?.isSubscribed(topic) ? 1 : 0);
      // A socket's publish() skips that socket. The server's publish() skips nobody.
      if (except) except.publish(topic, text, true);
      else server().publish(topic, text, true);
      return sent;
    },
    // #endregion broadcast
  };
}

// #region send
/** Returns the bytes of the message, or `undefined` if it was not sent. Ask first whether the queue has room. */
function deliver(ws: Ws, own: Data, data: string | Buffer): number | undefined {
  if (own.goodbye) return undefined;
  // `true`: compress if the peer agreed to it. By default, Bun does not.
  const sent = ws.send(data, true);
  own.isBehind = sent < 0;
  if (sent > 0) return sent;
  // -1 means that it waits. 0 means that it was silently dropped, or that it was empty.
  return own.isBehind || data.length === 0 ? Buffer.byteLength(data) : undefined;
}

// Bun treats a socket as gone once close() is called. Bytes that still wait stay in memory until the peer has read
// them, but they can no longer be counted, nor dropped by terminate(). So close() is called once nothing waits.
function sayGoodbye(ws: Ws): void {
  const { goodbye } = ws.data;
  if (goodbye && ws.getBufferedAmount() === 0) ws.close(goodbye.code, goodbye.reason);
}
// #endregion send

// #region echo
function echo(ws: Ws, own: Data, data: string | Buffer): void {
  const { isBehind, session } = own;
  if (!session.echo(data === echoStop)) return;
  // No topic adds to this queue, and pongs ask on their own, so an echo asks only after another had to wait. Asking every
  // time would cost 3 % of an echo, and counting bytes that send() has counted 5 %.
  const sent = isBehind && !session.hasRoom() ? undefined : deliver(ws, own, data);
  session.echoed(sent ?? Buffer.byteLength(data), sent !== undefined);
}
// #endregion echo

/** Listens to every accepted socket until it is gone. */
export function connect(hub: Hub<Ws>): WebSocketHandler<UpgradeData> {
  return {
    // The first handler to be called. All others get a socket with a session.
    open(ws) {
      const { path, address } = ws.data;
      hub.accept(ws, () =>
        hub.open(path, address, (session) =>
          Object.assign(ws, { data: { ...ws.data, session, isBehind: false } }),
        ),
      );
    },

    // #region guard
    // Without this handler, an exception in any other one would end the process.
    error: (error, ws: Ws) => ws.data.session.failed(error),
    // #endregion guard

    // #region messages
    // Text arrives as a string, binary data as a Buffer.
    message(ws: Ws, data) {
      const own = ws.data;
      if (own.path === endpoints.echo) echo(ws, own, data);
      else if (typeof data === "string") own.session.text(data);
      else own.session.binary(data.length);
    },
    // #endregion messages

    // #region pong
    // Bun's own idle timer (idleTimeout) restarts whenever the server writes, even to a dead peer. The hub's does not.
    pong: (ws: Ws) => ws.data.session.heard(),
    ping(ws: Ws) {
      ws.data.session.heard();
      // Bun answers pings itself, and closes with 1006 at its `backpressureLimit`. This closes earlier, with 4002.
      ws.data.session.hasRoom();
    },
    idleTimeout: 0,
    sendPings: false,
    // #endregion pong

    // #region drained
    // Called only after send() or publish() had to leave bytes waiting, so never for a peer that keeps up.
    drain(ws: Ws) {
      ws.data.session.drained();
      sayGoodbye(ws);
    },
    // #endregion drained

    // #region closed
    // Also called for a socket that failed to open, which may have no session.
    close: (ws: Ws, code) => ws.data.session?.closed(code),
    // #endregion closed
  };
}
