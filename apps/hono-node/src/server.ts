// Hono on Node: a handler answers a handshake, and its adapter then lets ws do the upgrade.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import {
  createAdaptorServer,
  getRequestListener,
  upgradeWebSocket,
  type WebSocketServerLike,
} from "@hono/node-server";
import { Hub, type RunningServer, type ServerOptions } from "@rosetta/hub";
import { atMost, factsOf, inTurn, platform, remoteOf, Sockets } from "@rosetta/hub/node";
import { chooseSubprotocol, endpoints, secondMs } from "@rosetta/protocol";
import { Hono } from "hono";
import { WebSocketServer } from "ws";
import { connect, createPort, Ws } from "./connection.ts";
import { type App, routes } from "./http.ts";

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
  const app: App = new Hono();
  routes(app, hub);
  const listen = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    // By default, the adapter itself answers 400 to a target of which it cannot make a URL. Admission decides on that.
    const errorHandler = () => app.fetch(new Request("http://localhost"), { incoming, outgoing });
    inTurn(outgoing, () => void getRequestListener(app.fetch, { errorHandler })(incoming, outgoing));
  };
  // A handshake that is refused, or that comes while an earlier answer is pending, stays an ordinary request, which
  // Hono answers in its turn. Otherwise the adapter would refuse it without a body, and leave a request with another
  // Upgrade header, such as `h2c`, waiting for ever (Node 24.9, nodejs/node#59824).
  const shouldUpgradeCallback = (req: IncomingMessage) =>
    !sockets.owesAnswer(req) && hub.mayUpgrade(factsOf(req), remoteOf(req));
  const server = createServer({ ...http, shouldUpgradeCallback }, listen);
  // The adapter also refuses a Host that it would write differently, such as `[0::1]`, and a scheme in capitals. For
  // admission they mean the same. It needs the Host that was sent, so that is parsed before: afterwards it is only in
  // the facts.
  const tidy = (req: IncomingMessage): void => {
    factsOf(req);
    req.headers.host = "localhost";
    req.url = req.url?.replace(/^https?:/i, (scheme) => scheme.toLowerCase());
  };
  server.prependListener("request", tidy).prependListener("upgrade", tidy);
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
  // Hono makes an object of every event, and its listeners keep the request, its context and its headers for as long as
  // the socket lives. They are added at the end of the turn in which it opens.
  const take = (ws: Ws, tcp: Socket, path: string, address: string): void => {
    ws.removeAllListeners();
    hub.accept(ws, () => connect(hub, ws, tcp, path, address));
  };
  // The middleware in http.ts checks admission, so every request that gets here was admitted.
  for (const path of Object.values(endpoints)) {
    const upgrade = upgradeWebSocket((c) => {
      const { socket } = c.env.incoming;
      const address = c.get("address");
      return {
        onOpen: (_event, { raw }) => queueMicrotask(() => take(raw as Ws, socket, path, address)),
      };
    });
    app.get(path, upgrade);
  }
  // Adds the adapter's listener to our server's upgrades. Its listener to requests is not used.
  createAdaptorServer({
    async fetch(req, env) {
      const res = await app.fetch(req, env);
      // If somebody else listens to upgrades, too, the adapter leaves a refused handshake open, without an answer.
      if (!res.ok) env.incoming.socket.destroy();
      return res;
    },
    createServer: () => server,
    websocket: { server: wss as WebSocketServerLike },
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
