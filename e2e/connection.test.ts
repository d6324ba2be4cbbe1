// What no peer can bring about: a hub that fails where it never does, memory that is not given back.
import { EventEmitter } from "node:events";
import { queryObjects } from "node:v8";
import { expect, test } from "vitest";

/** What hands out the sockets of ws. */
const onWs = ["express-ws", "fastify-ws"];

test.each(onWs)("%s: a failure while a queue drains is the session's, and ends no process", async (app) => {
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
  connect({ open: () => session }, new EventEmitter(), tcp, "/ws", "127.0.0.1");
  tcp.emit("drain");
  expect(failures).toEqual([failure]);
});

test.each(onWs)("%s: a topic that the last one has left takes no memory", async (app) => {
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

// On the wire it would take two minutes to see: so long Bun itself waits before it pings, and ends who is silent.
test("bun-hono: who is silent is the hub's matter alone", async () => {
  const { connect } = await import("../apps/bun-hono/src/connection.ts" as string);
  expect(connect({})).toMatchObject({ idleTimeout: 0, sendPings: false });
});
