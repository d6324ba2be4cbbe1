import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, test } from "vitest";
import { whenOver } from "./responses.ts";

test.each([
  ["is answered", true],
  ["sends FIN while it waits", false],
])("a reader that %s leaves once", async (_how, isAnswered) => {
  let leaves = 0;
  const gone = Promise.withResolvers<void>();
  const server = createServer((req, res) => {
    whenOver(req, res, () => leaves++);
    req.socket.once("close", gone.resolve);
    if (isAnswered) res.end("here");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const reader = connect((server.address() as AddressInfo).port, "127.0.0.1");
  reader.on("error", () => {});
  reader.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  if (isAnswered) reader.once("data", () => reader.end());
  else server.once("request", () => reader.end());
  await gone.promise;
  await new Promise((resolve) => setImmediate(resolve));
  server.close();
  expect(leaves).toBe(1);
});
