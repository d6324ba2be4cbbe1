// Faults that no peer can cause from outside: a hub that throws where it never does, or memory that is not
// released.
import { EventEmitter } from "node:events";
import { queryObjects } from "node:v8";
import { expect, test } from "vitest";

/** The servers whose sockets come from the package ws. */
const onWs = ["express-ws", "fastify-ws", "hono-node"];

test.each(onWs)("%s: a failure while a queue drains ends the session, not the process", async (app) => {
  const { connect } = await import(`../apps/${app}/src/connection.ts`);
  const failures: unknown[] = [];
  const failure = new Error("cannot be sent");
  const session = {
    drained() {
      throw failure;
    },
    failed: (error: unknown) => failures.push(error),
  };
  const tcp = new EventEmitter();
  const hub = {
    open: (_path: string, _address: string, equip: (one: unknown) => unknown) => equip(session),
  };
  connect(hub, new EventEmitter(), tcp, "/ws", "127.0.0.1");
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

test("bun-hono: a socket is opened under the hub's guard", async () => {
  const { connect } = await import("../apps/bun-hono/src/connection.ts" as string);
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
  connect(hub).open({ data: { path: "/ws", address: "127.0.0.1" } });
  expect(failures).toEqual([failure]);
});

// Over the wire this would take two minutes, because by default Bun pings silent peers only then and closes them
// itself.
test("bun-hono: only the hub ends silent peers", async () => {
  const { connect } = await import("../apps/bun-hono/src/connection.ts" as string);
  expect(connect({})).toMatchObject({ idleTimeout: 0, sendPings: false });
});
