// Bun: one object of handlers for all sockets, topics and backpressure in native code; what a socket knows is ws.data.
import type { Hub, Port, Session } from "@rosetta/hub";
import { Close, echoStop, endpoints } from "@rosetta/protocol";
import type { Server, ServerWebSocket, WebSocketHandler } from "bun";

/** What a socket brings along from its upgrade, and the session it gets when it opens. */
interface Data {
  path: string;
  address: string;
  session: Session<Ws>;
  /** The close frame that is still to be sent. */
  goodbye?: { code: number; reason: string };
}

/** A socket, with what the application knows of it. */
export type Ws = ServerWebSocket<Data>;

/** What the hub asks of this stack. */
export function createPort(server: () => Server<Data>): Port<Ws> {
  return {
    send: (ws, frame) => deliver(ws, frame),

    // #region waiting
    waiting: (ws) => ws.getBufferedAmount(),
    // #endregion waiting

    // #region queued
    // Bytes that are sent are copied into one buffer: what they cost is what they are.
    queued: (ws) => ws.getBufferedAmount(),
    // #endregion queued

    // #region unfinished
    // Bun tells nothing of a message before it is complete: https://bun.com/reference/bun/WebSocketHandler
    unfinished: () => 0,
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
    terminate: (ws) => ws.terminate(),
    // #endregion close

    // #region broadcast
    // Native topics: the frame crosses into native code once, however many follow.
    join: (ws, topic) => void ws.subscribe(topic),
    leave: (ws, topic) => void ws.unsubscribe(topic),
    publish(topic, frame, except) {
      // A socket's own publish() leaves itself out; the server's leaves out nobody.
      if (except) except.publish(topic, frame, true);
      else server().publish(topic, frame, true);
    },
    // #endregion broadcast
  };
}

// #region send
function deliver(ws: Ws, data: string | Buffer): void {
  if (ws.data.goodbye) return;
  // send() answers 0 for what it silently dropped, but for an empty message too. So the queue is asked before.
  if (ws.getBufferedAmount() > ws.data.session.limits.queueBytes) return ws.data.session.slow();
  // Compressed where that was agreed on; Bun does not by itself.
  ws.send(data, true);
}

// To Bun, a socket is gone as soon as close() is called. What waits in it stays in memory until the peer has read it, but
// can no longer be counted, nor cut by terminate(). So close() is called when nothing waits.
function sayGoodbye(ws: Ws): void {
  const { goodbye } = ws.data;
  if (goodbye && ws.getBufferedAmount() === 0) ws.close(goodbye.code, goodbye.reason);
}
// #endregion send

// #region echo
function echo(ws: Ws, data: string | Buffer): void {
  ws.data.session.heard(Buffer.byteLength(data));
  if (data === echoStop) return ws.data.session.close(Close.Normal, "");
  deliver(ws, data);
}
// #endregion echo

/** Listens to every socket that is accepted, until it is gone. */
export function connect(hub: Hub<Ws>): WebSocketHandler<Data> {
  return {
    open(ws) {
      hub.accept(ws, () => {
        ws.data.session = hub.open(ws, ws.data.path, ws.data.address);
      });
    },

    // #region guard
    // Without this handler, what another one throws ends the process.
    error: (error, ws) => ws.data.session.failed(error),
    // #endregion guard

    // #region messages
    // Text arrives as a string, binary as a Buffer.
    message(ws, data) {
      if (ws.data.path === endpoints.echo) echo(ws, data);
      else if (typeof data === "string") ws.data.session.text(data);
      else ws.data.session.binary();
    },
    // #endregion messages

    // #region pong
    // Bun's own idle timer is reset by what the server writes (idleTimeout); the hub's sweep is not.
    pong: (ws) => ws.data.session.heard(),
    idleTimeout: 0,
    sendPings: false,
    // #endregion pong

    // #region drained
    // Called only after send() or publish() had to leave bytes behind: with a peer that reads, never.
    drain(ws) {
      ws.data.session.drained();
      sayGoodbye(ws);
    },
    // #endregion drained

    // #region closed
    // Called for a socket that failed to open, too.
    close: (ws, code) => ws.data.session?.closed(code),
    // #endregion closed
  };
}
