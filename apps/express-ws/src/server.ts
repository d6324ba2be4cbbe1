// Express never sees an upgrade. Node's HTTP server emits it, and ws answers it.
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Hub, type RunningServer, type ServerOptions } from "@rosetta/hub";
import { atMost, factsOf, platform, remoteOf, Sockets } from "@rosetta/hub/node";
import { chooseSubprotocol, pathOf, secondMs } from "@rosetta/protocol";
import express from "express";
import { WebSocketServer } from "ws";
import { connect, createPort, Ws } from "./connection.ts";
import { routes } from "./http.ts";

/** Starts the server. Rejects with the system's error if it cannot listen. */
export async function start(options: ServerOptions): Promise<RunningServer> {
  const { settings } = options;
  const hub = new Hub<Ws>({ ...options, port: createPort(), platform });

  // #region limits
  const { handshakeMs, keepAliveMs, drainMs, lingerMs } = settings.limits;
  const http = {
    // By default, Node hides the second of two Host headers, but two must be refused (RFC 9112 §3.2).
    joinDuplicateHeaders: true,
    headersTimeout: handshakeMs,
    // Includes the body. By default, Node waits for 5 minutes.
    requestTimeout: handshakeMs,
    // How often Node looks for requests that take too long. Its default is every 30 s.
    connectionsCheckingInterval: Math.min(secondMs, handshakeMs / 4),
    // By default, Node closes an idle connection after 5 s, while a balancer may still want to reuse it.
    keepAliveTimeout: keepAliveMs,
  };
  const limits = {
    maxPayload: settings.limits.messageBytes,
    maxFragments: settings.limits.fragments,
    perMessageDeflate: settings.compression,
    // connection.ts answers pings. By default, ws does, and hangs up on the 61st in one segment.
    autoPong: false,
    // By default, ws waits 30 s for the end of the TCP connection, and the session of a peer that has closed goes on.
    closeTimeout: Math.max(drainMs, lingerMs),
  };
  // #endregion limits

  // #region mount
  const app = express();
  routes(app, hub);
  // A handshake that is refused, or that comes while an earlier answer is pending, stays an ordinary request, which
  // Express answers in its turn. Without this callback, a request with any Upgrade header, even `h2c`, would bypass
  // Express (Node 24.9, nodejs/node#59824).
  const shouldUpgradeCallback = (req: IncomingMessage) =>
    !sockets.owesAnswer(req) && hub.mayUpgrade(factsOf(req), remoteOf(req));
  const server = createServer({ ...http, shouldUpgradeCallback }, app);
  const sockets = new Sockets(server, settings, hub.supervision);
  // Node's own 400 to bytes that are not HTTP could be taken for the answer to an earlier request.
  server.on("clientError", (error, tcp) => sockets.unreadable(error, tcp));
  // #endregion mount

  // #region subprotocol
  // By default, ws chooses whichever subprotocol the client offers first.
  const handleProtocols = (offered: Set<string>) => chooseSubprotocol(offered) ?? false;
  // #endregion subprotocol

  // #region upgrade
  const detached = { noServer: true, clientTracking: false, WebSocket: Ws };
  const wss = new WebSocketServer({ ...detached, ...limits, handleProtocols });
  server.on("upgrade", (req, tcp: Socket, head): unknown => {
    // Until ws takes over, a reset by the peer would be an uncaughtException.
    tcp.on("error", destroy);
    const facts = factsOf(req);
    const admission = hub.admit(facts, remoteOf(req));
    // A refused handshake never reaches this event, except on a Node that is too old to call shouldUpgradeCallback.
    if (admission.refusal) return tcp.destroy();
    wss.handleUpgrade(req, tcp, head, (ws) => {
      tcp.off("error", destroy);
      hub.accept(ws, () => connect(hub, ws, tcp, pathOf(facts), admission.address));
    });
  });
  // #endregion upgrade

  // #region listen
  server.listen(settings.port, settings.host);
  await once(server, "listening");
  const url = hub.listening((server.address() as AddressInfo).port);
  // #endregion listen

  // #region shutdown
  async function stop(): Promise<void> {
    await hub.drain();
    // close() ends idle connections and waits for all others, so it would wait for ever for a socket that never closes.
    await atMost(settings.limits.lingerMs, once(server.close(), "close"));
    server.closeAllConnections();
  }
  // #endregion shutdown

  return { url, stop };
}

// A closure would keep the request, with all its headers, for as long as the socket lives.
function destroy(this: Socket): void {
  this.destroy();
}
