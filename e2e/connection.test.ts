// Faults that no peer can cause from outside: a hub that throws where it never does, or memory that is not
// released.
import { EventEmitter } from "node:events";
import { queryObjects } from "node:v8";
import { expect, test } from "vitest";

/** Opens a socket of ws as a server's stack would. What it is called with depends on the stack. */
type Open = (connect: (...args: unknown[]) => unknown, hub: unknown, tcp: unknown) => void;

const accepted: Open = (connect, hub, tcp) => connect(hub, new EventEmitter(), tcp, "/ws", "127.0.0.1");
const opened: Open = (connect, hub, tcp) => {
  const events = connect(hub, tcp, "/ws", "127.0.0.1") as { onOpen(event: unknown, ws: unknown): void };
  events.onOpen(undefined, { raw: new EventEmitter() });
};

/** The servers whose sockets come from the package ws. */
const onWs: [app: string, open: Open][] = [
  ["express-ws", accepted],
  ["fastify-ws", accepted],
  ["hono-node", opened],
];

test.each(onWs)("%s: a failure while a queue drains ends the session, not the process", async (app, open) => {
  const { connect } = await import(`../apps/${app}/src/connection.ts`);
  const failures: unknown[] = [];
  const failure = new Error("cannot be sent");
  const session = {
    drained() {
      throw failure;
    },
    failed: (error: unknown) => failures.push(error),
  };
  const tcp = Object.assign(new EventEmitter(), { bytesRead: 0 });
  const hub = {
    accept: (_ws: unknown, listen: () => void) => listen(),
    open: (_path: string, _address: string, equip: (one: unknown) => unknown) => equip(session),
  };
  open(connect, hub, tcp);
  tcp.emit("drain");
  expect(failures).toEqual([failure]);
});

test.each(onWs)("%s: a topic that everyone has left takes no memory", async (app) => {
  const { createPort } = await import(`../apps/${app}/src/connection.ts`);
  const port = createPort();
  const ws = {};
  const before = queryObjects(Set, { format: "count" });
  for (let room = 0; room < 1_000; room++) {
    port.join(ws, `room/${room}`);
    port.leave(ws, `room/${room}`);
  }
  expect(queryObjects(Set, { format: "count" }) - before).toBeLessThan(100);
});

test.each([
  ["bun-hono", { data: { path: "/ws", address: "127.0.0.1" } }],
  ["hono-node", new EventEmitter()],
])("%s: a socket is opened under the hub's guard", async (app, ws) => {
  const { connect } = await import(`../apps/${app}/src/connection.ts`);
  const failures: unknown[] = [];
  const failure = new Error("no session");
  const hub = {
    accept(_ws: unknown, listen: () => void) {
      try {
        listen();
      } catch (error) {
        failures.push(error);
      }
    },
    open() {
      throw failure;
    },
  };
  if (app === "bun-hono") connect(hub).open(ws);
  else {
    const events = connect(hub, { bytesRead: 0 }, "/ws", "127.0.0.1");
    events.onOpen(undefined, { raw: ws });
    // The stack still reports the end of the socket.
    events.onClose({ code: 1011 });
  }
  expect(failures).toEqual([failure]);
});

// Over the wire this would take two minutes, because by default Bun pings silent peers only then and closes them
// itself.
test("bun-hono: only the hub ends silent peers", async () => {
  const { connect } = await import("../apps/bun-hono/src/connection.ts" as string);
  expect(connect({})).toMatchObject({ idleTimeout: 0, sendPings: false });
});
