// Hono: a handler receives a context and returns a Response. Node's own request and response are in c.env.
import type { HttpBindings } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import type { Answer, Hub } from "@rosetta/hub";
import { cutOff, factsOf, queuedIn, remoteOf, whenOver } from "@rosetta/hub/node";
import { pageRoot } from "@rosetta/page";
import type { Context, Hono } from "hono";
import { etag } from "hono/etag";
import type { Ws } from "./connection.ts";

/** The values that Node passes to Hono (`Bindings`), and those that one handler passes to the next (`Variables`). */
interface Env {
  Bindings: HttpBindings;
  Variables: { address: string };
}

/** The app to which the routes are added. */
export type App = Hono<Env>;

/** Adds everything that is served over plain HTTP. */
export function routes(app: App, hub: Hub<Ws>): void {
  // #region door
  app.use(async (c, next) => {
    const { incoming, outgoing } = c.env;
    // There is no `outgoing` for a handshake that Node upgrades. One that has it can no longer be upgraded.
    const facts = outgoing ? { ...factsOf(incoming), isOrdinary: true } : factsOf(incoming);
    const admission = hub.admit(facts, remoteOf(incoming));
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
    const { incoming, outgoing } = c.env;
    const stream = await hub.events(factsOf(incoming), c.get("address"));
    if (stream.refusal) return answer(c, stream.refusal);
    const body = new ReadableStream<string>(
      {
        // The adapter writes whatever comes to Node's response, so strings are fine: one copy of an event does for all
        // streams.
        start(controller) {
          const leave = stream.start({
            write: (text) => controller.enqueue(text),
            // Two queues: the adapter reads on only while Node's response has room.
            queued: () => queuedIn(outgoing) - (controller.desiredSize ?? 0),
            end: () => controller.close(),
            cut: () => cutOff(incoming.socket),
          });
          whenOver(incoming, outgoing, leave);
        },
      },
      // Up to two bytes a character.
      { highWaterMark: 0, size: (text = "") => 2 * text.length },
    );
    return c.body(body, 200, stream.headers);
  });
  // #endregion events

  // #region poll
  app.get("/poll", async (c) => {
    const { incoming, outgoing } = c.env;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const leave = hub.poll(factsOf(incoming), c.get("address"), resolve);
    whenOver(incoming, outgoing, leave);
    return answer(c, await promise);
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
