// Fastify 5: a WebSocket is a route, so hooks run before the upgrade, and a refusal is an ordinary reply.

import type { IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import websocket from "@fastify/websocket";
import { Hub, type RunningServer, type ServerOptions } from "@rosetta/hub";
import { atMost, factsOf, platform, remoteOf, Sockets } from "@rosetta/hub/node";
import { chooseSubprotocol, endpoints, pathOf, secondMs } from "@rosetta/protocol";
import Fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { connect, createPort, Ws } from "./connection.ts";
import { answer, routes } from "./http.ts";

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
    // How often Node looks for requests that take too long. Its default is every 30 s.
    connectionsCheckingInterval: Math.min(secondMs, handshakeMs / 4),
  };
  const times = {
    // Includes the body. By default, Fastify waits for ever.
    requestTimeout: handshakeMs,
    // By default, Fastify closes an idle connection after 72 s. Most balancers reuse one sooner, but not all.
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
  // A handshake that is refused, or that comes while an earlier answer is pending, stays an ordinary request, which
  // Fastify answers in its turn. Without this callback, a request with any Upgrade header, even `h2c`, would be taken
  // for a WebSocket handshake (Node 24.9, nodejs/node#59824).
  const shouldUpgradeCallback = (req: IncomingMessage) =>
    !sockets.owesAnswer(req) && hub.mayUpgrade(factsOf(req), remoteOf(req));
  // No hook runs for a path that Fastify's router cannot decode, so admission is checked here.
  const frameworkErrors = (_error: Error, req: FastifyRequest, reply: FastifyReply) => {
    const { refusal } = hub.admit(factsOf(req.raw), remoteOf(req.raw));
    answer(reply, refusal ?? hub.missing());
  };
  // Fastify's own 400 to bytes that are not HTTP could be taken for the answer to an earlier request.
  const clientErrorHandler = (error: Error, tcp: Socket) => sockets.unreadable(error, tcp);
  const app = Fastify({
    http: { ...http, shouldUpgradeCallback },
    ...times,
    frameworkErrors,
    clientErrorHandler,
  });
  const sockets = new Sockets(app.server, settings, hub.supervision);
  // #endregion mount

  // #region subprotocol
  // By default, ws chooses whichever subprotocol the client offers first.
  const handleProtocols = (offered: Set<string>) => chooseSubprotocol(offered) ?? false;
  // #endregion subprotocol

  // #region upgrade
  // An object of any kind, because the plugin's types allow no class but that of ws itself.
  const socketClass: object = { WebSocket: Ws };
  // Awaited, because a WebSocket route declared before the plugin has loaded becomes an HTTP route: its clients hang.
  await app.register(websocket, {
    options: { clientTracking: false, ...socketClass, ...limits, handleProtocols },
    // Called for a peer's errors, which ws answers itself. The default would cut the connection at once.
    errorHandler: () => {},
  });
  routes(app, hub);
  // The onRequest hook in http.ts checks admission, so every request that gets here was admitted.
  for (const endpoint of Object.values(endpoints)) {
    app.get(endpoint, { websocket: true, preHandler: detach }, (socket, req) => {
      const ws = socket as Ws;
      // The plugin's listener would keep the request and its reply for as long as the socket lives.
      ws.removeAllListeners("error");
      hub.accept(ws, () => connect(hub, ws, req.raw.socket, pathOf(factsOf(req.raw)), req.address));
    });
  }
  // #endregion upgrade

  // #region listen
  await app.listen({ port: settings.port, host: settings.host });
  const url = hub.listening((app.server.address() as AddressInfo).port);
  // #endregion listen

  // #region shutdown
  async function stop(): Promise<void> {
    await hub.drain();
    // An upgrade that arrives during close() would make it hang.
    await atMost(settings.limits.lingerMs, app.close());
    app.server.closeAllConnections();
  }
  // #endregion shutdown

  return { url, stop };
}

// The response that the plugin makes of an upgrade would stay on the socket, and with it the request and its headers.
function detach(req: FastifyRequest, reply: FastifyReply, done: () => void): void {
  if (req.ws) reply.raw.detachSocket(req.raw.socket);
  done();
}
