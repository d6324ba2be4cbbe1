// Bun has no upgrade event. A handler either answers a request or passes it to server.upgrade().
import { Hub, type RunningServer, type ServerOptions } from "@rosetta/hub";
import { atMost, platform } from "@rosetta/hub/node";
import { chooseSubprotocol, endpoints, pathOf, secondMs } from "@rosetta/protocol";
import { type Server, serve } from "bun";
import { Hono } from "hono";
import { connect, createPort, type Ws } from "./connection.ts";
import { type App, factsOf, routes } from "./http.ts";

/** Starts the server. Rejects with the system's error if it cannot listen. */
export async function start(options: ServerOptions): Promise<RunningServer> {
  const { settings } = options;
  const hub: Hub<Ws> = new Hub({ ...options, port: createPort(() => server), platform });

  // #region limits
  // In seconds, both between two requests and within one. Until the first request is complete, Bun hangs up after 10 s
  // without a byte.
  const idleTimeout = Math.ceil(settings.limits.keepAliveMs / secondMs);
  const limits = {
    maxPayloadLength: settings.limits.messageBytes,
    // Bun has no limit on the number of fragments. Over backpressureLimit it drops messages, unless told to close.
    backpressureLimit: settings.limits.queueBytes + settings.limits.messageBytes,
    closeOnBackpressureLimit: true,
    perMessageDeflate: settings.compression,
  };
  // #endregion limits

  // #region mount
  // By default, Hono looks for the path after a host, but an HTTP/1.0 request need not name one.
  const app: App = new Hono({ getPath: (req) => pathOf(factsOf(req)) });
  routes(app, hub);
  const fetch = (req: Request, server: Server<unknown>) => app.fetch(req, { server });
  // #endregion mount

  // #region subprotocol
  // By default, Bun chooses whichever subprotocol the client offers first (oven-sh/bun#18243).
  function subprotocolHeaders(req: Request): Record<string, string> {
    const chosen = chooseSubprotocol(req.headers.get("sec-websocket-protocol") ?? "");
    return chosen ? { "Sec-WebSocket-Protocol": chosen } : {};
  }
  // #endregion subprotocol

  // #region upgrade
  // The middleware in http.ts checks admission, so every request that gets here was admitted. Its session begins when
  // the socket opens.
  for (const path of Object.values(endpoints)) {
    app.get(path, ({ env, req, get }) => {
      const data: Omit<Ws["data"], "session" | "isBehind"> = { path, address: get("address") };
      const isUpgraded = env.server.upgrade(req.raw, { data, headers: subprotocolHeaders(req.raw) });
      return new Response(null, { status: isUpgraded ? 200 : 400 });
    });
  }
  // #endregion upgrade

  // #region listen
  const server: Server<unknown> = serve({
    port: settings.port,
    hostname: settings.host,
    idleTimeout,
    fetch,
    websocket: { ...connect(hub), ...limits },
  });
  const url = hub.listening(server.port ?? settings.port);
  // #endregion listen

  // #region shutdown
  async function stop(): Promise<void> {
    await hub.drain();
    // Bun counts a socket as closed once close() was called. Exiting now would lose close frames and last answers.
    await atMost(settings.limits.lingerMs, server.stop());
    await server.stop(true);
  }
  // #endregion shutdown

  return { url, stop };
}
