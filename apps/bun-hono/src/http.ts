// Hono: a handler receives a context and returns a Response. Bun's server, which knows the connection, is in c.env.
import type { Answer, Hub } from "@rosetta/hub";
import { pageRoot } from "@rosetta/page";
import { oncePerRequest, parseRequest, type RequestFacts } from "@rosetta/protocol";
import type { Server } from "bun";
import type { Context, Hono } from "hono";
import { serveStatic } from "hono/bun";
import { etag } from "hono/etag";
import type { Ws } from "./connection.ts";

/** The values that Bun passes to Hono (`Bindings`), and those that one handler passes to the next (`Variables`). */
interface Env {
  Bindings: { server: Server<unknown> };
  Variables: { address: string };
}

/** The app to which the routes are added. */
export type App = Hono<Env>;

/** Returns what the admission checks need to know about a request. Parses each request only once. */
export const factsOf = oncePerRequest((req: Request): RequestFacts => {
  const header = (name: string): string | undefined => req.headers.get(name) ?? undefined;
  // Bun puts the Host header before the path, even if the target names another host. HTTP/1.1 without a Host never gets
  // here, because Bun itself refuses it.
  const url = req.url.replace(/^https?:\/\/[^/?#]*/, "");
  const version = header("host") === undefined ? "1.0" : undefined;
  return parseRequest({ method: req.method, url, version, header });
});

/** Returns the address of the connection's peer, or an empty string if the connection is already gone. */
function remoteOf(req: Request, server: Server<unknown>): string {
  return server.requestIP(req)?.address ?? "";
}

/** Adds everything that is served over plain HTTP. */
export function routes(app: App, hub: Hub<Ws>): void {
  // #region door
  app.use(async (c, next) => {
    const remote = remoteOf(c.req.raw, c.env.server);
    const admission = hub.admit(factsOf(c.req.raw), remote);
    if (admission.refusal) return answer(c, admission.refusal);
    for (const [name, value] of Object.entries(admission.headers)) c.header(name, value);
    c.set("address", admission.address);
    return next();
  });
  // #endregion door

  // #region page
  // serveStatic() sends no ETag. It takes a relative root from the working directory, so `pageRoot` is absolute.
  const onFound = (_path: string, c: Context): void => {
    for (const [name, value] of Object.entries(hub.pageHeaders())) c.header(name, value);
  };
  const paths = ["/", "/index.html", "/assets/*", "/steps/*"];
  app.on("GET", paths, etag(), serveStatic({ root: pageRoot, precompressed: true, onFound }));
  // #endregion page

  // #region greet
  app.get("/greet", (c) => c.text("Hello from Hono\n"));
  // #endregion greet

  // #region servers
  app.get("/servers.json", (c) => answer(c, hub.servers()));
  // #endregion servers

  // #region health
  app.get("/healthz", (c) => answer(c, hub.health()));
  // #endregion health

  // #region metrics
  app.get("/metrics", (c) => answer(c, hub.metrics()));
  // #endregion metrics

  // #region events
  app.get("/events", async (c) => {
    const stream = await hub.events(factsOf(c.req.raw), c.get("address"));
    if (stream.refusal) return answer(c, stream.refusal);
    let leave = (): void => {};
    let isEnding = false;
    const body = new ReadableStream<string>(
      {
        // Bun takes strings, too, and so one copy of an event does for all streams.
        start(controller) {
          leave = stream.start({
            write: (text) => controller.enqueue(text),
            queued: () => -(controller.desiredSize ?? 0),
            // Bun does not report when the rest of a closed stream has been sent. So we close it once nothing waits.
            end() {
              isEnding = true;
              if (controller.desiredSize === 0) close(controller);
            },
            // Without an argument, because Bun would print it.
            cut: () => controller.error(),
          });
        },
        pull(controller) {
          if (isEnding) close(controller);
        },
        cancel: () => leave(),
      },
      // Up to two bytes a character.
      { highWaterMark: 0, size: (text = "") => 2 * text.length },
    );
    const close = (controller: ReadableStreamDefaultController): void => {
      controller.close();
      leave();
    };
    return c.body(body, 200, stream.headers);
  });
  // #endregion events

  // #region poll
  app.get("/poll", async (c) => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const leave = hub.poll(factsOf(c.req.raw), c.get("address"), resolve);
    const { signal } = c.req.raw;
    signal.addEventListener("abort", leave);
    // If the request was aborted before this line, the event does not come.
    if (signal.aborted) leave();
    // Bun does not report when a response has been sent.
    return answer(c, await promise.finally(leave));
  });
  // #endregion poll

  // #region missing
  app.notFound((c) => answer(c, hub.missing()));
  // #endregion missing
}

/** Writes an answer that the hub has decided on. */
export function answer(c: Context<Env>, { status, headers, body }: Answer): Response {
  // A 204 has no body, not even an empty one.
  return status === 204 ? c.body(null, status, headers) : c.body(body, status as 200, headers);
}
