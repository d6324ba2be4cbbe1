import { afterEach, expect, test } from "vitest";
import { newTopic, subscribe } from "./publisher.ts";
import { type TestServer, webSocketServer } from "./servers.testing.ts";

let server: TestServer | undefined;
afterEach(() => server?.stop());

test("the end of a connection is reported to the subscriber and to nobody else", async () => {
  // An unhandled rejection would end the generator, and the run with it.
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  server = await webSocketServer(() => {});
  const ended = Promise.withResolvers<number>();
  await subscribe(newTopic({ peer: server.peer, dialect: "bytes" }), {
    message: () => {},
    closed: ended.resolve,
  });
  await server.stop();
  expect(await ended.promise).toBe(1006);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

test("no two topics have the same name", () => {
  const peer = { host: "", port: 0, pid: 0 };
  const [one, other] = [newTopic({ peer, dialect: "typed" }), newTopic({ peer, dialect: "typed" })];
  expect(one.name).toMatch(/^room\/[a-z0-9-]{1,32}$/);
  expect(one.name).not.toBe(other.name);
});
