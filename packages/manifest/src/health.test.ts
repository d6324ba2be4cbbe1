import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { askHealth, askUrl, type HostAndPort, readHealth, readUrl } from "./health.ts";

const known = ["one", "two"];
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function serve(listener: RequestListener, host = "127.0.0.1"): Promise<HostAndPort> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  stops.push(() => server.close().closeAllConnections());
  return { host, port: (server.address() as AddressInfo).port };
}

test.each([
  [200, '{"status":"ok","server":"one"}', { server: "one" }],
  [503, '{"status":"draining","server":"one"}', "nothing"],
  [200, '{"status":"draining","server":"one"}', "nothing"],
  [503, '{"status":"ok","server":"one"}', "nothing"],
  [200, '{"status":"ok","server":"three"}', "foreign"],
  [200, '{"status":"ok"}', "foreign"],
  [200, "null", "foreign"],
  [404, "<html>", "foreign"],
])("%d %s", (status, body, answer) => {
  expect(readHealth(status, body, known)).toEqual(answer);
});

test("a server is asked for its health", async () => {
  const place = await serve((request, response) => {
    response.end(JSON.stringify({ status: request.url === "/healthz" ? "ok" : "no", server: "two" }));
  });
  expect(await askHealth(place, known)).toEqual({ server: "two" });
});

test("a connection is not kept open", async () => {
  let connection: string | undefined;
  const place = await serve((request, response) => {
    connection = request.headers.connection;
    response.end();
  });
  await askHealth(place, known);
  expect(connection).toBe("close");
});

test("a port without a listener counts as nothing, and so does one that never answers", async () => {
  const place = await serve(() => {});
  expect(await askHealth(place, known, 30)).toBe("nothing");
  stops.pop()?.();
  expect(await askHealth(place, known)).toBe("nothing");
});

test.each([["localhost"], ["::1"]])("a server that listens on %s is asked there", async (host) => {
  const place = await serve((_request, response) => response.end('{"status":"ok","server":"one"}'), host);
  expect(await askHealth(place, known)).toEqual({ server: "one" });
});

test("a server's own list says which URL to open", async () => {
  const place = await serve((request, response) => {
    response.end(request.url === "/servers.json" ? '[{"self":true,"url":"http://[::1]:3001"}]' : "");
  });
  expect(await askUrl(place)).toBe("http://[::1]:3001");
});

test.each([
  ['[{"self":false,"url":"http://two"},{"self":true,"url":"http://one"}]', "http://one"],
  ['[null,{"self":true}]', undefined],
  ["{}", undefined],
  ["421: not a host of this server", undefined],
])("from the list %s the URL is %s", (body, url) => {
  expect(readUrl(body)).toBe(url);
});

test("a server that gives no URL is opened where it answered", async () => {
  const place = await serve((_request, response) => response.writeHead(421).end("not here"));
  expect(await askUrl(place)).toBe(`http://127.0.0.1:${place.port}`);
  stops.pop()?.();
  expect(await askUrl({ host: "::1", port: place.port })).toBe(`http://[::1]:${place.port}`);
});

test("an endless answer is foreign and is cut off", async () => {
  let written = 0;
  let wasCut = false;
  const place = await serve((_request, response) => {
    response.on("close", () => {
      wasCut = !response.writableFinished;
    });
    const more = (): void => {
      // It does end, so that the test fails if the client reads on.
      if (written > 4 * 1_048_576) return void response.end();
      written += 65_536;
      if (response.write("x".repeat(65_536))) setImmediate(more);
      else response.once("drain", more);
    };
    more();
  });
  expect(await askHealth(place, known, 30_000)).toBe("foreign");
  await expect.poll(() => wasCut).toBe(true);
});

test("an answer that drips in byte by byte gets no extra time", async () => {
  const timers: NodeJS.Timeout[] = [];
  const place = await serve((_request, response) => {
    timers.push(setInterval(() => response.write("x"), 10));
  });
  stops.push(() => timers.forEach(clearInterval));
  expect(await askHealth(place, known, 100)).toBe("foreign");
  expect(timers).toHaveLength(1);
});
