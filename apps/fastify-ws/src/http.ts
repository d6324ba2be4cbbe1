// Fastify 5: a route is declared together with its options. Hooks run before every route, for upgrades too.
import type { OutgoingHttpHeaders } from "node:http";
import fastifyStatic from "@fastify/static";
import type { Answer, Hub } from "@rosetta/hub";
import { cutOff, factsOf, inTurn, queuedIn, remoteOf, whenOver } from "@rosetta/hub/node";
import { pageRoot } from "@rosetta/page";
import { originForm } from "@rosetta/protocol";
import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import type { Ws } from "./connection.ts";

declare module "fastify" {
  interface FastifyRequest {
    address: string;
  }
}

/** The app to which the routes are added. */
export type App = FastifyInstance;

/** Adds everything that is served over plain HTTP. */
export function routes(app: App, hub: Hub<Ws>): void {
  // #region door
  app.decorateRequest("address", "");
  app.addHook("onRequest", (_req, { raw }, next) => inTurn(raw, next));
  app.addHook("onRequest", async (req, reply) => {
    // A handshake that gets here without `req.ws` was not upgraded, and can no longer be.
    const facts = req.ws ? factsOf(req.raw) : { ...factsOf(req.raw), isOrdinary: true };
    const admission = hub.admit(facts, remoteOf(req.raw));
    if (admission.refusal) return answer(reply, admission.refusal);
    reply.headers(admission.headers);
    req.address = admission.address;
  });
  // #endregion door

  // #region page
  // @fastify/static looks up files by the target as it was sent, which may be a whole URL (RFC 9112 §3.2.2).
  app.addHook("onRequest", async ({ raw }) => {
    raw.url = originForm(raw.url ?? "");
  });
  app.register(fastifyStatic, {
    root: pageRoot,
    preCompressed: true,
    setHeaders: (reply) => void reply.headers(hub.pageHeaders()),
  });
  // #endregion page

  // #region greet
  app.get("/greet", () => "Hello from Fastify\n");
  // #endregion greet

  // #region servers
  app.get("/servers.json", (_req, reply) => answer(reply, hub.servers()));
  // #endregion servers

  // #region health
  app.get("/healthz", (_req, reply) => answer(reply, hub.health()));
  // #endregion health

  // #region metrics
  app.get("/metrics", (_req, reply) => answer(reply, hub.metrics()));
  // #endregion metrics

  // #region events
  app.get("/events", async (req, reply) => {
    const stream = await hub.events(factsOf(req.raw), req.address);
    if (stream.refusal) return answer(reply, stream.refusal);
    // Fastify has no `reply.write()`. After hijack(), Node's own response is ours to write to.
    reply.headers(stream.headers).hijack();
    const res = reply.raw;
    res.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders);
    const leave = stream.start({
      write: (text) => void res.write(text),
      queued: () => queuedIn(res),
      end: () => void res.end(),
      cut: () => cutOff(req.raw.socket),
    });
    whenOver(req.raw, res, leave);
  });
  // #endregion events

  // #region poll
  app.get("/poll", (req, reply) => {
    const leave = hub.poll(factsOf(req.raw), req.address, (outcome) => answer(reply, outcome));
    whenOver(req.raw, reply.raw, leave);
    return reply;
  });
  // #endregion poll

  // #region missing
  app.setNotFoundHandler((_req, reply) => answer(reply, hub.missing()));
  // @fastify/static calls a name forbidden that is too long for the disk.
  app.setErrorHandler<FastifyError>((error, _req, reply) =>
    error.code === "FST_STATIC_FORBIDDEN_PATH" ? answer(reply, hub.missing()) : reply.send(error),
  );
  // #endregion missing
}

/** Writes an answer that the hub has decided on. */
export function answer(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}
