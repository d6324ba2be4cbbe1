// Express 5: middleware runs in the order in which it is added. It sees every request except upgrades.
import { existsSync } from "node:fs";
import { extname } from "node:path";
import type { Answer, Hub } from "@rosetta/hub";
import { cutOff, factsOf, inTurn, queuedIn, remoteOf, whenOver } from "@rosetta/hub/node";
import { pageRoot } from "@rosetta/page";
import express, { type Express, type Response } from "express";
import type { Ws } from "./connection.ts";

/** The app to which the routes are added. */
export type App = Express;

/** How a file of the page may be compressed, the smallest copy first, and how such a copy is named. */
const copies = [
  { coding: "br", extension: ".br" },
  { coding: "gzip", extension: ".gz" },
];

/** Adds everything that is served over plain HTTP. */
export function routes(app: App, hub: Hub<Ws>): void {
  // #region door
  // By default, Express names itself in every response, shows stack traces, and treats /Healthz/ as /healthz.
  app.disable("x-powered-by").set("env", "production");
  app.enable("case sensitive routing").enable("strict routing");
  app.use((_req, res, next) => inTurn(res, next));
  app.use((req, res, next) => {
    // A handshake that gets here was not upgraded, and can no longer be.
    const facts = { ...factsOf(req), isOrdinary: true };
    const admission = hub.admit(facts, remoteOf(req));
    if (admission.refusal) return answer(res, admission.refusal);
    res.set(admission.headers);
    res.locals.address = admission.address;
    next();
  });
  // #endregion door

  // #region page
  // express.static() knows only files as they are. A compressed copy lies beside such a file, under a longer name.
  app.use((req, res, next) => {
    const path = req.path.replace(/\/$/, "/index.html");
    const copy = copies.find(
      ({ coding, extension }) => req.acceptsEncodings(coding) && existsSync(pageRoot + path + extension),
    );
    if (!copy) return next();
    res.type(extname(path)).set("Content-Encoding", copy.coding);
    req.url = path + copy.extension;
    next();
  });
  app.use(
    express.static(pageRoot, {
      redirect: false,
      setHeaders: (res) => void res.setHeaders(new Map(Object.entries(hub.pageHeaders()))),
    }),
  );
  // #endregion page

  // #region greet
  app.get("/greet", (_req, res) => void res.type("text").send("Hello from Express\n"));
  // #endregion greet

  // #region servers
  app.get("/servers.json", (_req, res) => answer(res, hub.servers()));
  // #endregion servers

  // #region health
  app.get("/healthz", (_req, res) => answer(res, hub.health()));
  // #endregion health

  // #region metrics
  app.get("/metrics", (_req, res) => answer(res, hub.metrics()));
  // #endregion metrics

  // #region events
  app.get("/events", async (req, res) => {
    const stream = await hub.events(factsOf(req), res.locals.address);
    if (stream.refusal) return answer(res, stream.refusal);
    res.set(stream.headers);
    const leave = stream.start({
      write: (text) => void res.write(text),
      queued: () => queuedIn(res),
      end: () => void res.end(),
      cut: () => cutOff(req.socket),
    });
    whenOver(req, res, leave);
  });
  // #endregion events

  // #region poll
  app.get("/poll", (req, res) => {
    const leave = hub.poll(factsOf(req), res.locals.address, (outcome) => answer(res, outcome));
    whenOver(req, res, leave);
  });
  // #endregion poll

  // #region missing
  app.use((_req, res) => answer(res, hub.missing()));
  // #endregion missing
}

/** Writes an answer that the hub has decided on. */
export function answer(res: Response, { status, headers, body }: Answer): void {
  res.status(status).set(headers).send(body);
}
