import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { askHealth, readHealth } from "./health.ts";

const known = ["one", "two"];
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => server.close().closeAllConnections());
  return (server.address() as AddressInfo).port;
}

test.each([
  [200, '{"status":"ok","server":"one"}', { server: "one" }],
  [503, '{"status":"draining","server":"one"}', "nothing"],
  [200, '{"status":"draining","server":"one"}', "nothing"],
  [200, '{"status":"ok","server":"three"}', "foreign"],
  [200, '{"status":"ok"}', "foreign"],
  [200, "null", "foreign"],
  [404, "<html>", "foreign"],
])("%d %s", (status, body, answer) => {
  expect(readHealth(status, body, known)).toEqual(answer);
});

test("a server is asked for its health", async () => {
  const port = await serve((request, response) => {
    response.end(JSON.stringify({ status: request.url === "/healthz" ? "ok" : "no", server: "two" }));
  });
  expect(await askHealth(port, known)).toEqual({ server: "two" });
});

test("a connection is not kept", async () => {
  let connection: string | undefined;
  const port = await serve((request, response) => {
    connection = request.headers.connection;
    response.end();
  });
  await askHealth(port, known);
  expect(connection).toBe("close");
});

test("a port without a listener is nothing, and so is one that never answers", async () => {
  const port = await serve(() => {});
  expect(await askHealth(port, known, 30)).toBe("nothing");
  stops.pop()?.();
  expect(await askHealth(port, known)).toBe("nothing");
});

test("an answer without end is foreign", async () => {
  const port = await serve((_request, response) => void response.write("x".repeat(10_000)));
  expect(await askHealth(port, known)).toBe("foreign");
});
