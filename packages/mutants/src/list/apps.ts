import type { Mutant } from "../mutant.ts";

type App = "express-ws" | "fastify-ws" | "bun-hono" | "hono-node";
type Change = Omit<Mutant, "file">;

/** The same mistakes in the same file of several servers: those whose stacks read alike there. */
function inApps(apps: App[], name: "server" | "http" | "connection", changes: Change[]): Mutant[] {
  return apps.flatMap((app) => changes.map((change) => ({ file: `apps/${app}/src/${name}.ts`, ...change })));
}

const node: App[] = ["express-ws", "fastify-ws", "hono-node"];

const connection: Mutant[] = [
  ...inApps(node, "connection", [
    {
      search: "  if (ws.readyState !== ws.OPEN) return false;\n",
      replace: "",
      why: "messages are sent on closing sockets",
      tests: ["CLOSE-17"],
    },
    {
      search: "      if (members?.size === 0) topics.delete(topic);\n",
      replace: "",
      why: "empty topics stay in memory",
      tests: ["e2e/connection.test.ts"],
    },
    {
      search: 'tcp.on("drain",',
      replace: 'tcp.once("drain",',
      why: "only the first `drain` is heard",
      tests: ["SLOW-12"],
    },
    {
      search: "if (isCompressed) ws.send",
      replace: "if (!ws) ws.send",
      why: "messages are not compressed, and overtake what ws still compresses",
      tests: ["TOPIC-16"],
    },
    {
      search: "    this.data?.writer.flush();\n    super.close",
      replace: "    super.close",
      why: "messages come after the close frame, or never",
      tests: ["CLOSE-12"],
    },
    {
      search: "deliver(ws, pongFrame(payload));",
      replace: "ws.pong(payload);",
      why: "a pong overtakes the answers to the messages before its ping",
      tests: ["ECHO-17"],
    },
    {
      search: "  if (!writer.hasFrames && !session.hasRoom()) return false;\n",
      replace: "",
      why: "nobody asks whether a queue has room",
      tests: ["SLOW-01"],
    },
  ]),
  ...inApps(node, "connection", [
    {
      search: 'tcp.on("drain", () => drain.call(ws));',
      replace: 'tcp.on("drain", () => ws.data.session.drained());',
      why: "an exception on `drain` ends the process",
      tests: ["e2e/connection.test.ts"],
    },
    {
      search: "    ws.data.session.heard();\n    deliver",
      replace: "    deliver",
      why: "a ping does not count as a sign of life",
      tests: ["DEAD-10"],
    },
  ]),
  ...inApps(["bun-hono"], "connection", [
    {
      search:
        "      hub.accept(ws, () =>\n        hub.open(path, address, (session) =>\n          Object.assign(ws, { data: { ...ws.data, session, isBehind: false } }),\n        ),\n      );",
      replace:
        "      hub.open(path, address, (session) =>\n        Object.assign(ws, { data: { ...ws.data, session, isBehind: false } }),\n      );",
      why: "an exception while a socket opens is not caught",
      tests: ["e2e/connection.test.ts"],
    },
    {
      search: "      ws.data.session.heard();\n      // Bun answers",
      replace: "      // Bun answers",
      why: "a ping does not count as a sign of life",
      tests: ["DEAD-10"],
    },
    {
      search: "      ws.data.session.hasRoom();\n",
      replace: "",
      why: "nobody asks whether the queue of a pong has room",
      tests: ["SOCK-15"],
    },
    {
      search: "    idleTimeout: 0,\n    sendPings: false,\n",
      replace: "",
      why: "Bun's own idle timer and pings are left on",
      tests: ["e2e/connection.test.ts"],
    },
    {
      search: "  if (sent > 0) return sent;",
      replace: "  if (sent > 0) return data.length;",
      why: "bytes are counted in UTF-16 units",
      tests: ["ECHO-15"],
    },
    {
      search: "own.isBehind = sent < 0;",
      replace: "own.isBehind = false;",
      why: "nobody asks whether the queue of an echo has room",
      tests: ["SLOW-09"],
    },
    {
      search: "ws.data.session.hasRoom() && deliver",
      replace: "deliver",
      why: "nobody asks whether the queue of a reply has room",
      tests: ["SLOW-13"],
    },
    {
      search: "else server().publish(topic, text, true);",
      replace: "else server().publish(topic, text);",
      why: "broadcasts are not compressed",
      equal: "server.publish() compresses unless it is told not to; TOPIC-16 looks at it",
    },
    {
      search: "if (except) except.publish(topic, text, true);",
      replace: "if (except) except.publish(topic, text);",
      why: "broadcasts to others are not compressed",
      tests: ["TOPIC-16"],
    },
  ]),
];

const http: Mutant[] = [
  ...inApps(["express-ws"], "http", [
    {
      search: 'res.type(extname(path)).set("Content-Encoding", copy.coding);',
      replace: 'res.set("Content-Encoding", copy.coding);',
      why: "a compressed copy gets the type of its own name",
      tests: ["HTTP-55"],
    },
    {
      search: "req.acceptsEncodings(coding) && ",
      replace: "",
      why: "a client gets a coding that it does not accept",
      tests: ["HTTP-57"],
    },
  ]),
  ...inApps(["fastify-ws"], "http", [
    {
      search: "    preCompressed: true,\n",
      replace: "",
      why: "the page is sent uncompressed",
      tests: ["HTTP-55"],
    },
  ]),
  ...inApps(["bun-hono", "hono-node"], "http", [
    {
      search: "precompressed: true, ",
      replace: "",
      why: "the page is sent uncompressed",
      tests: ["HTTP-55"],
    },
  ]),
  ...inApps(["express-ws"], "http", [
    {
      search: "inTurn(res, next)",
      replace: "next()",
      why: "an answer does not wait for its turn, and keeps a file open for ever",
      tests: ["SOCK-25"],
    },
    {
      search: "answer(res, outcome));\n    whenOver(req, res, leave);",
      replace: 'answer(res, outcome));\n    req.once("close", leave);',
      why: "a poll ends when its request has been read",
      tests: ["ALT-09"],
    },
    {
      search: "hub.events(factsOf(req), res.locals.address)",
      replace: "hub.events(factsOf(req), remoteOf(req))",
      why: "a stream counts for the proxy's address",
      tests: ["ALT-24"],
    },
    {
      search: "hub.poll(factsOf(req), res.locals.address, ",
      replace: "hub.poll(factsOf(req), remoteOf(req), ",
      why: "a poll counts for the proxy's address",
      tests: ["ALT-24"],
    },
  ]),
  ...inApps(["fastify-ws"], "http", [
    {
      search: "inTurn(raw, next)",
      replace: "next()",
      why: "an answer does not wait for its turn",
      tests: ["SOCK-25"],
    },
    {
      search: 'app.addHook("onRequest", async (req, reply) => {',
      replace: 'app.addHook("preValidation", async (req, reply) => {',
      why: "origin and admission are checked after parsing",
      tests: ["HTTP-35"],
    },
    {
      search: "if (admission.refusal) return answer(",
      replace: "if (admission.refusal) return void answer(",
      why: "the hook does not return the reply",
      equal:
        "send() ends the answer of a text at once, and Fastify goes no further once `reply.sent` is true",
    },
    {
      search: "whenOver(req.raw, reply.raw, leave);\n    return reply;",
      replace: 'req.raw.once("close", leave);\n    return reply;',
      why: "a poll ends when its request has been read",
      tests: ["ALT-09"],
    },
    {
      search: "hub.events(factsOf(req.raw), req.address)",
      replace: "hub.events(factsOf(req.raw), remoteOf(req.raw))",
      why: "a stream counts for the proxy's address",
      tests: ["ALT-24"],
    },
    {
      search: "hub.poll(factsOf(req.raw), req.address, ",
      replace: "hub.poll(factsOf(req.raw), remoteOf(req.raw), ",
      why: "a poll counts for the proxy's address",
      tests: ["ALT-24"],
    },
  ]),
  ...inApps(["hono-node"], "http", [
    {
      search: "outgoing ? { ...factsOf(incoming), isOrdinary: true } : factsOf(incoming)",
      replace: "factsOf(incoming)",
      why: "a handshake behind a pending answer gets no answer of its own",
      tests: ["SOCK-01"],
    },
    {
      search: "queued: () => queuedIn(outgoing) - (controller.desiredSize ?? 0)",
      replace: "queued: () => queuedIn(outgoing)",
      why: "what waits in the stream is not counted",
      tests: ["@events"],
    },
    {
      search: "resolve);\n    whenOver(incoming, outgoing, leave);",
      replace: 'resolve);\n    incoming.once("close", leave);',
      why: "a poll ends when its request has been read",
      tests: ["ALT-09"],
    },
    {
      search: 'hub.events(factsOf(incoming), c.get("address"))',
      replace: "hub.events(factsOf(incoming), remoteOf(incoming))",
      why: "a stream counts for the proxy's address",
      tests: ["ALT-24"],
    },
    {
      search: 'hub.poll(factsOf(incoming), c.get("address"), resolve)',
      replace: "hub.poll(factsOf(incoming), remoteOf(incoming), resolve)",
      why: "a poll counts for the proxy's address",
      tests: ["ALT-24"],
    },
  ]),
  ...inApps(["bun-hono"], "http", [
    {
      search: "return status === 204 ? c.body(null, status, headers) : ",
      replace: "return ",
      why: "a 204 has a body",
      equal: "the text of an answer with 204 is empty, and Bun writes no length with it; ALT-14 looks at it",
    },
    {
      search: 'server.requestIP(req)?.address ?? ""',
      replace: '""',
      why: "the remote address is ignored",
      tests: ["UPG-53"],
    },
    {
      search: 'hub.events(factsOf(c.req.raw), c.get("address"))',
      replace: "hub.events(factsOf(c.req.raw), remoteOf(c.req.raw, c.env.server))",
      why: "a stream counts for the proxy's address",
      tests: ["ALT-24"],
    },
    {
      search: 'hub.poll(factsOf(c.req.raw), c.get("address"), resolve)',
      replace: "hub.poll(factsOf(c.req.raw), remoteOf(c.req.raw, c.env.server), resolve)",
      why: "a poll counts for the proxy's address",
      tests: ["ALT-24"],
    },
  ]),
];

const server: Mutant[] = [
  ...inApps(node, "server", [
    {
      search: "    autoPong: false,\n",
      replace: "",
      why: "ws answers each ping, too, and hangs up on the 61st of a segment",
      tests: ["SOCK-21"],
    },
    {
      search: "    closeTimeout: Math.max(drainMs, lingerMs),\n",
      replace: "",
      why: "a peer that has closed is kept for 30 s",
      tests: ["CLOSE-18"],
    },
  ]),
  ...inApps(["express-ws"], "server", [
    {
      search: "    server.closeAllConnections();\n",
      replace: "",
      why: "connections are not ended at the stop",
      equal: "main.ts ends the process right after, and its connections with it",
    },
  ]),
  ...inApps(["fastify-ws"], "server", [
    {
      search: "    frameworkErrors,\n",
      replace: "",
      why: "a path that cannot be decoded skips admission",
      tests: ["HTTP-28"],
    },
    {
      search: "!sockets.owesAnswer(req) && hub.mayUpgrade(factsOf(req), remoteOf(req))",
      replace: '!sockets.owesAnswer(req) && req.headers.upgrade === "websocket"',
      why: "`Connection` is ignored",
      tests: ["UPG-02"],
    },
    {
      search:
        "    await atMost(settings.limits.lingerMs, app.close());\n    app.server.closeAllConnections();",
      replace:
        "    app.server.closeAllConnections();\n    await atMost(settings.limits.lingerMs, app.close());",
      why: "connections are cut before the close",
      tests: ["STOP-14"],
    },
  ]),
  ...inApps(["hono-node"], "server", [
    {
      search: 'req.headers.host = "localhost";',
      replace: "",
      why: "the adapter refuses a Host that it would write differently",
      tests: ["UPG-42"],
    },
    {
      search: "    req.url = req.url?.replace(/^https?:/i, (scheme) => scheme.toLowerCase());\n",
      replace: "",
      why: "the adapter refuses a scheme in capitals",
      tests: ["HTTP-36"],
    },
    {
      search: "getRequestListener(app.fetch, { errorHandler })",
      replace: "getRequestListener(app.fetch)",
      why: "the adapter answers a malformed target itself",
      tests: ["@door"],
    },
    {
      search: "inTurn(outgoing, () => void ",
      replace: "[() => {}].map(() => void ",
      why: "an answer does not wait for its turn",
      tests: ["SOCK-25"],
    },
    {
      search: "    server.closeAllConnections();\n",
      replace: "",
      why: "connections are not ended at the stop",
      equal: "main.ts ends the process right after, and its connections with it",
    },
  ]),
  ...inApps(["bun-hono"], "server", [
    {
      search: "    await server.stop(true);\n",
      replace: "",
      why: "connections are not ended at the stop",
      equal: "main.ts ends the process right after, and its connections with it",
    },
    {
      search: "backpressureLimit: settings.limits.queueBytes + settings.limits.messageBytes,",
      replace: "backpressureLimit: settings.limits.queueBytes,",
      why: "the limit leaves no room for one more message",
      tests: ["SLOW-13"],
    },
    {
      search: "    idleTimeout,\n",
      replace: "    idleTimeout: 0,\n",
      why: "a handshake never times out",
      tests: ["SOCK-14"],
    },
    {
      search: "status: isUpgraded ? 200 : 400",
      replace: "status: 200",
      why: "an upgrade that failed is answered with 200",
      equal:
        "Bun refuses no handshake that the door let in, unless its connection is gone: nobody reads the answer",
    },
  ]),
];

/** Mistakes in the servers. */
export const apps: Mutant[] = [...connection, ...http, ...server];
