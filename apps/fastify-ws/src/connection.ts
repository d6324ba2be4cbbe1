// @fastify/websocket hands out the sockets of ws: what holds for ws holds here.
import type { Socket } from "node:net";
import type { Hub, Port, Session } from "@rosetta/hub";
import { Traffic } from "@rosetta/hub/node";
import { Close, echoStop, endpoints } from "@rosetta/protocol";
import type { WebSocket } from "ws";

/** A socket, with what the application knows of it: ws has no place for that, Bun calls it `ws.data`. */
export interface Ws extends WebSocket {
  data: { tcp: Socket; session: Session<Ws>; traffic: Traffic };
}

/** What the hub asks of this stack. */
export function createPort(): Port<Ws> {
  const topics = new Map<string, Set<Ws>>();
  return {
    send: (ws, frame) => deliver(ws, frame, false),

    // #region waiting
    // Below its high-water mark a socket may hold bytes back and never emit `drain` for them: those do not count.
    waiting: (ws) => (ws.data.tcp.writableNeedDrain ? ws.bufferedAmount : 0),
    // #endregion waiting

    // #region queued
    // A message that waits costs Node more than its bytes. A million of one byte are no MiB.
    queued,
    // #endregion queued

    // #region unfinished
    // ws tells of messages that are complete; how much has come of the next one, the TCP socket knows.
    unfinished: ({ data }) => data.traffic.unfinished,
    // #endregion unfinished

    // #region ping
    ping: (ws) => ws.ping(),
    // #endregion ping

    // #region close
    close: (ws, code, reason) => ws.close(code, reason),
    // ws itself would wait 30 s for a peer that does not answer a close frame.
    terminate: (ws) => ws.terminate(),
    // #endregion close

    // #region broadcast
    // ws has no topics: a Set for each, and a loop. Encoded once, framed once for each socket.
    join(ws, topic) {
      const members = topics.get(topic) ?? new Set();
      topics.set(topic, members.add(ws));
    },
    leave(ws, topic) {
      const members = topics.get(topic);
      members?.delete(ws);
      if (members?.size === 0) topics.delete(topic);
    },
    publish(topic, frame, except) {
      const data = Buffer.from(frame);
      for (const ws of topics.get(topic) ?? []) if (ws !== except) deliver(ws, data, false);
    },
    // #endregion broadcast
  };
}

// #region send
function deliver(ws: Ws, data: string | Buffer, isBinary: boolean): void {
  if (ws.readyState !== ws.OPEN) return;
  // ws never refuses: what the kernel does not take is buffered without bound (websockets/ws#2009).
  if (queued(ws) > ws.data.session.limits.queueBytes) return ws.data.session.slow();
  // A Buffer would go out as binary if nothing were said.
  ws.send(data, { binary: isBinary }, ws.data.traffic.sending());
}

function queued({ bufferedAmount, data }: Ws): number {
  return data.traffic.queued(bufferedAmount);
}
// #endregion send

// #region echo
const stop = Buffer.from(echoStop);

function echo(ws: Ws, data: Buffer, isBinary: boolean): void {
  ws.data.session.heard(data.length);
  if (!isBinary && data.equals(stop)) return ws.data.session.close(Close.Normal, "");
  deliver(ws, data, isBinary);
}
// #endregion echo

/** A socket was accepted: listens to it until it is gone. */
export function connect(hub: Hub<Ws>, ws: Ws, tcp: Socket, path: string, address: string): void {
  const session = hub.open(ws, path, address);
  const traffic = new Traffic(tcp);
  ws.data = { tcp, session, traffic };

  // #region guard
  // A listener that throws ends the process. Caught as uncaughtException, it leaves a deaf socket (websockets/ws#1092).
  function guarded(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      session.failed(error);
    }
  }
  // #endregion guard

  // #region messages
  // Text arrives as a Buffer, too: only `isBinary` tells. Listeners stand before any await, or the first is lost.
  ws.on("message", (data: Buffer, isBinary) => {
    traffic.message();
    guarded(() => {
      if (path === endpoints.echo) echo(ws, data, isBinary);
      else if (isBinary) session.binary();
      else session.text(data.toString());
    });
  });
  // #endregion messages

  // #region pong
  // Nothing in ws notices a peer that is gone; the hub's sweep does, if it is told who was heard. Pings ws answers itself.
  const control = (payload: Buffer): void => {
    traffic.control(payload);
    guarded(() => session.heard());
  };
  ws.on("pong", control);
  ws.on("ping", control);
  // #endregion pong

  // #region drained
  // ws has no such event (websockets/ws#2009); the TCP socket under it has.
  tcp.on("drain", () => guarded(() => session.drained()));
  // #endregion drained

  // #region closed
  // A peer that breaks the rules: ws answers with the right code, and reports 1006 below whatever it was.
  ws.on("error", () => {});
  ws.on("close", (code) => guarded(() => session.closed(code)));
  // #endregion closed
}
