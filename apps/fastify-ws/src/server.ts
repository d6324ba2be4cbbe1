// Fastify 5: a WebSocket is a route, so hooks run before the upgrade, and a refusal is an ordinary reply.

import type { IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import websocket from "@fastify/websocket";
import { Hub, type RunningServer, type ServerOptions } from "@rosetta/hub";
import { atMost, host, Sockets } from "@rosetta/hub/node";
import { chooseSubprotocol, endpoints, pathOf, secondMs, silenceMs } from "@rosetta/protocol";
import Fastify, { type FastifyReply, type FastifyRequest } from "fastify";
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
    // Node looks for requests that take too long every 30 s, unless told otherwise.
    connectionsCheckingInterval: Math.min(secondMs, handshakeMs / 4),
  };
  const times = {
    // With its body. Left alone, Fastify would wait for ever.
    requestTimeout: handshakeMs,
    // Left alone, Fastify would hang up after 72 s: longer than most balancers ask again, but by luck.
    keepAliveTimeout: keepAliveMs,
    // Left alone, Fastify would wait for ever for somebody to read its answer.
    connectionTimeout: silenceMs(settings.limits),
  };
  const limits = {
    maxPayload: settings.limits.messageBytes,
    maxFragments: settings.limits.fragments,
    perMessageDeflate: settings.compression,
  };
  // #endregion limits

  // #region mount
  // A handshake that is refused, or asked for before an answer was given, stays an ordinary request: it is answered in
  // its turn. Without the callback every Upgrade header, `h2c` too, would be taken for a WebSocket's (Node 24.9,
  // nodejs/node#59824).
  const shouldUpgradeCallback = (req: IncomingMessage) =>
    !sockets.owesAnswer(req) && hub.mayUpgrade(factsOf(req), addressOf(req));
  // A path that its router cannot decode comes to no hook: the door is asked here.
  const frameworkErrors = (_error: Error, req: FastifyRequest, reply: FastifyReply) => {
    const { headers, refusal } = hub.admit(factsOf(req.raw), addressOf(req.raw));
    reply.headers(headers).code(refusal?.status ?? 404);
    reply.send(refusal?.reason);
  };
  // What Fastify answers by itself to bytes that are no HTTP may stand in the place of another answer.
  const clientErrorHandler = (error: Error, tcp: Socket) => sockets.unreadable(error, tcp);
  const app = Fastify({
    http: { ...http, shouldUpgradeCallback },
    ...times,
    frameworkErrors,
    clientErrorHandler,
  });
  const sockets = new Sockets(app.server, settings, hub);
  // #endregion mount

  // #region subprotocol
  // Left alone, ws would choose whatever the client offers first.
  const handleProtocols = (offered: Set<string>) => chooseSubprotocol(offered) ?? false;
  // #endregion subprotocol

  // #region upgrade
  // Awaited: a WebSocket route declared before would be taken for an HTTP one, and its client would hang.
  await app.register(websocket, {
    options: { clientTracking: false, ...limits, handleProtocols },
    // For errors of the peer, which ws answers itself. The default ends the socket unread.
    errorHandler: () => {},
  });
  routes(app, hub);
  // The door is the onRequest hook of http.ts: whoever comes here was let in.
  for (const endpoint of Object.values(endpoints)) {
    app.get(endpoint, { websocket: true }, (ws, req) => {
      hub.accept(ws as Ws, () =>
        connect(hub, ws as Ws, req.raw.socket, pathOf(factsOf(req.raw)), req.address),
      );
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
    // An upgrade that comes during close() would hang it.
    await atMost(settings.limits.lingerMs, app.close());
    app.server.closeAllConnections();
  }
  // #endregion shutdown

  return { url, stop };
}
