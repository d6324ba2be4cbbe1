// A finding: this file is the same as for Express, because server.ts takes the socket of ws from Hono. Hono's own can
// only send and close.
import type { Socket } from "node:net";
import type { Hub, Port, Session } from "@rosetta/hub";
import { FrameWriter, Incoming, pongFrame, ServerFrame, textFrame } from "@rosetta/hub/node";
import { echoStop, endpoints } from "@rosetta/protocol";
import { WebSocket } from "ws";

/** What the application keeps with a socket. ws has no place for it, so it gets the name that Bun uses, `ws.data`. */
interface Data {
  path: string;
  isCompressed: boolean;
  tcp: Socket;
  session: Session;
  writer: FrameWriter;
  incoming: Incoming;
}

/** Returns the port through which the hub uses this stack's sockets. */
export function createPort(): Port<Ws> {
  const topics = new Map<string, Set<Ws>>();
  return {
    send: (ws, text) => deliver(ws, textFrame(text)),

    // #region waiting
    // Below its high-water mark a socket can hold bytes and never emit `drain` for them, so they do not count.
    waiting: (ws) => (ws.data.tcp.writableNeedDrain ? ws.bufferedAmount : 0),
    // #endregion waiting

    // #region queued
    // A write that waits takes far more memory than its bytes: one byte takes about 640.
    queued: ({ bufferedAmount, data }) => data.writer.queued(bufferedAmount),
    // #endregion queued

    // #region unfinished
    // ws reports only complete messages. The memory that an incomplete one holds is counted at the TCP socket below.
    unfinished: ({ data }) => data.incoming.unfinished,
    held: ({ data }) => data.incoming.held,
    // #endregion unfinished

    // #region ping
    ping: (ws) => ws.ping(),
    // #endregion ping

    // #region close
    close: (ws, code, reason) => ws.close(code, reason),
    // After close(), ws still collects what the peer sends, until the peer has answered.
    pause: (ws) => ws.pause(),
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
      for (const ws of topics.get(topic) ?? []) if (ws !== except && deliver(ws, frame)) sent += 1;
      return sent;
    },
    // #endregion broadcast
  };
}

// #region send
// ws makes a write of every message, and frames a text anew for every socket. The writer makes one write for a turn, and
// sockets with the same frames share it. (`tcp.cork()` would also make one write, but of a chunk for every message.)
// Compressed messages go through ws, because ws may still be compressing an earlier one.
function deliver(ws: Ws, frame: ServerFrame): boolean {
  if (ws.readyState !== ws.OPEN) return false;
  const { isCompressed, session, writer } = ws.data;
  // ws never refuses a message (websockets/ws#2009), so the hub is asked. Once for a write: until the next one, the
  // writer takes at most 64 KiB and a frame.
  if (!writer.hasFrames && !session.hasRoom()) return false;
  if (isCompressed && frame.isPong) ws.pong(frame.ownPayload, false, writer.countWrite());
  else if (isCompressed) ws.send(frame.ownPayload, { binary: frame.isBinary }, writer.countWrite());
  else writer.add(frame);
  return true;
}

/** A socket of ws with the application's data. */
export class Ws extends WebSocket {
  /** Missing until the hub has accepted the socket. */
  declare data: Data;

  // ws also calls this itself, after a close frame or a fault. The frames of this turn must go before its close frame.
  override close(code?: number, reason?: string | Buffer): void {
    this.data?.writer.flush();
    super.close(code, reason);
  }
}
// #endregion send

// #region echo
const stop = Buffer.from(echoStop);

function echo(ws: Ws, data: Buffer, isBinary: boolean): void {
  const isStop = !isBinary && data.equals(stop);
  const { session } = ws.data;
  if (session.echo(isStop)) session.echoed(data.length, deliver(ws, new ServerFrame(data, isBinary)));
}
// #endregion echo

// #region guard
// A listener that throws ends the process. If the exception is caught as uncaughtException, the socket stays open but
// receives nothing more (websockets/ws#1092).
function guarded<Args extends unknown[]>(handle: (ws: Ws, ...args: Args) => void) {
  return function (this: WebSocket, ...args: Args): void {
    const ws = this as Ws;
    try {
      handle(ws, ...args);
    } catch (error) {
      ws.data.session.failed(error);
    }
  };
}
// #endregion guard

// The same functions listen to all sockets. Closures would take another 400 bytes of each.
const { drain, ...listeners } = {
  // #region messages
  // Text also arrives as a Buffer; only `isBinary` shows the difference.
  message: guarded((ws, data: Buffer, isBinary: boolean) => {
    const { path, session } = ws.data;
    if (path === endpoints.echo) echo(ws, data, isBinary);
    else if (isBinary) session.binary(data.length);
    else session.text(data.toString(), data.length);
  }),
  // #endregion messages

  // #region pong
  // ws does not notice a peer that has vanished. The hub does, if we report every sign of life to it.
  pong: guarded((ws) => ws.data.session.heard()),
  // ws would hang up on a peer that sends many pings at once (`autoPong`). As frames like any other, pongs keep their
  // order among the echoes, and their limit is that of the queue.
  ping: guarded((ws, payload: Buffer) => {
    ws.data.session.heard();
    deliver(ws, pongFrame(payload));
  }),
  // #endregion pong

  // #region drained
  // ws has no `drain` event (websockets/ws#2009), but the TCP socket below it does.
  drain: guarded((ws) => ws.data.session.drained()),
  // #endregion drained

  // #region closed
  // If a peer breaks the protocol, ws emits `error` and closes with the right code itself. `close` then reports 1006.
  error: guarded((ws) => ws.data.incoming.stop()),
  close: guarded((ws, code: number) => ws.data.session.closed(code)),
  // #endregion closed
};

const listenersByEvent = Object.entries(listeners);

/** Listens to an accepted socket until it is gone. Call it before any await, or the first message is lost. */
export function connect(hub: Hub<Ws>, ws: Ws, tcp: Socket, path: string, address: string): void {
  const isCompressed = ws.extensions !== "";
  const writer = new FrameWriter(tcp);
  const incoming = new Incoming(tcp);
  hub.open(path, address, (session) =>
    Object.assign(ws, { data: { path, isCompressed, tcp, session, writer, incoming } }),
  );
  for (const [event, listener] of listenersByEvent) ws.on(event, listener);
  tcp.on("drain", () => drain.call(ws));
}
