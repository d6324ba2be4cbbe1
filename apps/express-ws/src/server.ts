// Express never sees an upgrade: Node's server emits it, and ws answers it.
import { once } from "node:events";
import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type Admission, Hub, type RunningServer, type ServerOptions } from "@rosetta/hub";
import { atMost, host } from "@rosetta/hub/node";
import { chooseSubprotocol, pathOf, wantsWebSocket } from "@rosetta/protocol";
import express from "express";
import { WebSocketServer } from "ws";
import { connect, createPort, type Ws } from "./connection.ts";
import { factsOf, routes } from "./http.ts";

/** Starts the server. Rejects with the system's error if it cannot listen. */
export async function start(options: ServerOptions): Promise<RunningServer> {
  const { settings } = options;
  const hub = new Hub<Ws>({ ...options, port: createPort(), host });

  // #region limits
  // Node looks for handshakes that take too long every 30 s, unless told otherwise.
  const { handshakeMs } = settings.limits;
  const http = { headersTimeout: handshakeMs, connectionsCheckingInterval: Math.ceil(handshakeMs / 4) };
  const limits = {
    maxPayload: settings.limits.messageBytes,
    maxFragments: settings.limits.fragments,
    perMessageDeflate: settings.compression,
  };
  // #endregion limits

  // #region mount
  const app = express();
  routes(app, hub);
  // Without the callback every Upgrade header, `h2c` too, would pass Express by (Node 24.9, nodejs/node#59824).
  const shouldUpgradeCallback = (req: IncomingMessage) => wantsWebSocket(factsOf(req));
  const server = createServer({ ...http, shouldUpgradeCallback }, app);
  // #endregion mount

  // #region subprotocol
  // Left alone, ws would choose whatever the client offers first.
  const handleProtocols = (offered: Set<string>) => chooseSubprotocol(offered) ?? false;
  // #endregion subprotocol

  // #region upgrade
  const wss = new WebSocketServer({ noServer: true, clientTracking: false, ...limits, handleProtocols });
  server.on("upgrade", (req, tcp: Socket, head) => {
    // Until ws takes over, a reset by the peer would be an uncaughtException.
    tcp.on("error", () => tcp.destroy());
    const facts = factsOf(req);
    const admission = hub.admit(facts, tcp.remoteAddress ?? "");
    if (admission.refusal) return refuse(req, tcp, admission);
    wss.handleUpgrade(req, tcp, head, (ws) => {
      hub.accept(ws as Ws, () => connect(hub, ws as Ws, tcp, pathOf(facts), admission.address));
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

// An upgrade has no response object of its own; Node's takes the bare socket.
function refuse(req: IncomingMessage, tcp: Socket, { headers, refusal }: Admission): void {
  const res = new ServerResponse(req);
  res.assignSocket(tcp);
  // end() would leave the socket to a peer that never ends its half, and no timer of Node's looks after it.
  res.on("finish", () => tcp.destroySoon());
  res.writeHead(refusal?.status ?? 400, { ...headers, "Content-Type": "text/plain", Connection: "close" });
  res.end(refusal?.reason);
}
