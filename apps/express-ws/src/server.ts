// Express never sees an upgrade: Node's server emits it, and ws answers it.
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Hub, type RunningServer, type ServerOptions } from "@rosetta/hub";
import { atMost, host, Sockets } from "@rosetta/hub/node";
import { chooseSubprotocol, pathOf, secondMs, silenceMs } from "@rosetta/protocol";
import express from "express";
import { WebSocketServer } from "ws";
import { connect, createPort, type Ws } from "./connection.ts";
import { addressOf, factsOf, routes } from "./http.ts";

/** Starts the server. Rejects with the system's error if it cannot listen. */
export async function start(options: ServerOptions): Promise<RunningServer> {
  const { settings } = options;
  const hub = new Hub<Ws>({ ...options, port: createPort(), host });

  // #region limits
  const { handshakeMs, keepAliveMs } = settings.limits;
  const http = {
    headersTimeout: handshakeMs,
    // With its body. Left alone, Node would wait for five minutes.
    requestTimeout: handshakeMs,
    // Node looks for requests that take too long every 30 s, unless told otherwise.
    connectionsCheckingInterval: Math.min(secondMs, handshakeMs / 4),
    // Left alone, Node would hang up after 5 s on a balancer that is about to ask again.
    keepAliveTimeout: keepAliveMs,
  };
  const limits = {
    maxPayload: settings.limits.messageBytes,
    maxFragments: settings.limits.fragments,
    perMessageDeflate: settings.compression,
  };
  // #endregion limits

  // #region mount
  const app = express();
  routes(app, hub);
  // A handshake that is refused, or asked for before an answer was given, stays an ordinary request: Express answers it
  // in its turn. Without the callback every Upgrade header, `h2c` too, would pass it by (Node 24.9, nodejs/node#59824).
  const shouldUpgradeCallback = (req: IncomingMessage) =>
    !sockets.owesAnswer(req) && hub.mayUpgrade(factsOf(req), addressOf(req));
  const server = createServer({ ...http, shouldUpgradeCallback }, app);
  // Left alone, Node would wait for ever for somebody to read its answer.
  server.setTimeout(silenceMs(settings.limits));
  const sockets = new Sockets(server, settings, hub);
  // What Node answers by itself to bytes that are no HTTP may stand in the place of another answer.
  server.on("clientError", (error, tcp) => sockets.unreadable(error, tcp));
  // #endregion mount

  // #region subprotocol
  // Left alone, ws would choose whatever the client offers first.
  const handleProtocols = (offered: Set<string>) => chooseSubprotocol(offered) ?? false;
  // #endregion subprotocol

  // #region upgrade
  const wss = new WebSocketServer({ noServer: true, clientTracking: false, ...limits, handleProtocols });
  server.on("upgrade", (req, tcp: Socket, head): unknown => {
    // Until ws takes over, a reset by the peer would be an uncaughtException.
    tcp.on("error", () => tcp.destroy());
    const facts = factsOf(req);
    const { refusal, address } = hub.admit(facts, addressOf(req));
    // A refused handshake never reaches this event, except on a Node that is too old to ask the callback.
    if (refusal) return tcp.destroy();
    wss.handleUpgrade(req, tcp, head, (ws) => {
      hub.accept(ws as Ws, () => connect(hub, ws as Ws, tcp, pathOf(facts), address));
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
    // close() ends what is idle and waits for what is not; it never hears of a socket that did not close.
    await atMost(settings.limits.lingerMs, once(server.close(), "close"));
    server.closeAllConnections();
  }
  // #endregion shutdown

  return { url, stop };
}
