import type { Mutant } from "../mutant.ts";

type App = "express-ws" | "fastify-ws" | "bun-hono";
type Change = Omit<Mutant, "file">;

/** The same mistakes in the same file of several servers: those whose stacks read alike there. */
function inApps(apps: App[], name: "server" | "http" | "connection", changes: Change[]): Mutant[] {
  return apps.flatMap((app) => changes.map((change) => ({ file: `apps/${app}/src/${name}.ts`, ...change })));
}

const node: App[] = ["express-ws", "fastify-ws"];

const connection: Mutant[] = [
  ...inApps(node, "connection", [
    {
      search: "  if (ws.readyState !== ws.OPEN) return;\n",
      replace: "",
      why: "sends on closing sockets",
      open: "what ws counts as waiting after a close frame",
    },
    {
      search: "      if (members?.size === 0) topics.delete(topic);\n",
      replace: "",
      why: "empty topics stay in memory",
      open: "the memory of many rooms that were left",
    },
    {
      search: 'tcp.on("drain",',
      replace: 'tcp.once("drain",',
      why: "`drain` is heard once only",
      tests: ["SLOW-12"],
    },
    {
      search: 'tcp.on("drain", () => guarded(() => session.drained()));',
      replace: 'tcp.on("drain", () => session.drained());',
      why: "`drain` is unguarded",
      open: "a hub that throws when a queue drains",
    },
  ]),
  ...inApps(["bun-hono"], "connection", [
    {
      search:
        "      hub.accept(ws, () => {\n        ws.data.session = hub.open(ws, ws.data.path, ws.data.address);\n      });",
      replace: "      ws.data.session = hub.open(ws, ws.data.path, ws.data.address);",
      why: "`accept` is not guarded",
      tests: ["@guard"],
      open: "a hub that throws when a socket opens",
    },
    {
      search: "    idleTimeout: 0,\n    sendPings: false,\n",
      replace: "",
      why: "Bun's own idle timer and pings",
      open: "pings that come between the hub's",
    },
    {
      search: "Buffer.byteLength(data)",
      replace: "data.length",
      why: "bytes are counted in UTF-16 units",
      open: "the received bytes of text that is not ASCII",
    },
    {
      search: "else server().publish(topic, frame, true);",
      replace: "else server().publish(topic, frame);",
      why: "broadcasts are not compressed",
      open: "RSV1 of an event that is for all",
    },
    {
      search: "if (except) except.publish(topic, frame, true);",
      replace: "if (except) except.publish(topic, frame);",
      why: "broadcasts to others are not compressed",
      open: "RSV1 of an event that is for others",
    },
  ]),
];

const http: Mutant[] = [
  ...inApps(["express-ws"], "http", [
    {
      search: "hub.readers.stream(factsOf(req), res.locals.address, {",
      replace: "hub.readers.stream(factsOf(req), addressOf(req), {",
      why: "a stream's address is the proxy's",
      open: "shares of readers behind a trusted proxy",
    },
    {
      search: "hub.readers.poll(factsOf(req), res.locals.address, ",
      replace: "hub.readers.poll(factsOf(req), addressOf(req), ",
      why: "a poll's address is the proxy's",
      open: "shares of readers behind a trusted proxy",
    },
  ]),
  ...inApps(["fastify-ws"], "http", [
    {
      search: 'app.addHook("onRequest", async (req, reply) => {',
      replace: 'app.addHook("preValidation", async (req, reply) => {',
      why: "the door is asked after parsing",
      tests: ["HTTP-35"],
    },
    {
      search: "return reply.code(refusal.status).type(",
      replace: "reply.code(refusal.status).type(",
      why: "the hook does not return the reply",
      open: "a second answer after a refusal",
    },
    {
      search: "hub.readers.stream(factsOf(req.raw), req.address, {",
      replace: "hub.readers.stream(factsOf(req.raw), addressOf(req.raw), {",
      why: "a stream's address is the proxy's",
      open: "shares of readers behind a trusted proxy",
    },
    {
      search: "hub.readers.poll(factsOf(req.raw), req.address, ",
      replace: "hub.readers.poll(factsOf(req.raw), addressOf(req.raw), ",
      why: "a poll's address is the proxy's",
      open: "shares of readers behind a trusted proxy",
    },
  ]),
  ...inApps(["bun-hono"], "http", [
    {
      search: "return status === 204 ? c.body(null, status, headers) : ",
      replace: "return ",
      why: "a 204 has a body",
      tests: ["@poll"],
      open: "the bytes behind the head of a 204",
    },
    {
      search: 'server.requestIP(req)?.address ?? ""',
      replace: '""',
      why: "the remote address is not asked",
      tests: ["@door"],
      open: "shares of two addresses at one server",
    },
    {
      search: 'hub.readers.stream(facts, c.get("address"), {',
      replace: "hub.readers.stream(facts, addressOf(c.req.raw, c.env.server), {",
      why: "a stream's address is the proxy's",
      open: "shares of readers behind a trusted proxy",
    },
    {
      search: 'hub.readers.poll(factsOf(c.req.raw), c.get("address"), resolve)',
      replace: "hub.readers.poll(factsOf(c.req.raw), addressOf(c.req.raw, c.env.server), resolve)",
      why: "a poll's address is the proxy's",
      open: "shares of readers behind a trusted proxy",
    },
  ]),
];

const server: Mutant[] = [
  ...inApps(["express-ws"], "server", [
    {
      search: "    server.closeAllConnections();\n",
      replace: "",
      why: "connections are not ended at the stop",
      open: "a connection that outlives the linger",
    },
  ]),
  ...inApps(["fastify-ws"], "server", [
    {
      search: "    frameworkErrors,\n",
      replace: "",
      why: "a path that cannot be decoded comes to no door",
      tests: ["HTTP-28"],
    },
    {
      search: "!sockets.owesAnswer(req) && hub.mayUpgrade(factsOf(req), addressOf(req))",
      replace: '!sockets.owesAnswer(req) && req.headers.upgrade === "websocket"',
      why: "`Connection` is not asked",
      tests: ["UPG-02"],
    },
    {
      search:
        "    await atMost(settings.limits.lingerMs, app.close());\n    app.server.closeAllConnections();",
      replace:
        "    app.server.closeAllConnections();\n    await atMost(settings.limits.lingerMs, app.close());",
      why: "connections are cut before the close",
      open: "an answer that is under way at the stop",
    },
  ]),
  ...inApps(["bun-hono"], "server", [
    {
      search: "    await server.stop(true);\n",
      replace: "",
      why: "connections are not ended at the stop",
      open: "a connection that outlives the linger",
    },
    {
      search: "backpressureLimit: settings.limits.queueBytes + settings.limits.messageBytes,",
      replace: "backpressureLimit: settings.limits.queueBytes,",
      why: "there is no room for one more message",
      open: "the largest message behind a queue that is almost full",
    },
    {
      search: "    idleTimeout,\n",
      replace: "    idleTimeout: 0,\n",
      why: "a handshake never times out",
      open: "half a request, for as long as Bun waits",
    },
    {
      search: "status: isUpgraded ? 200 : 400",
      replace: "status: 200",
      why: "an upgrade that failed is answered with 200",
      open: "a handshake that Bun refuses though the door let it in",
    },
  ]),
];

/** Mistakes in the servers. */
export const apps: Mutant[] = [...connection, ...http, ...server];
