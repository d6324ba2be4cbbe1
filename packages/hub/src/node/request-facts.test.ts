import { once } from "node:events";
import { createServer, IncomingMessage } from "node:http";
import { type AddressInfo, connect, Socket } from "node:net";
import { queryOf } from "@rosetta/protocol";
import { expect, test } from "vitest";
import { factsOf, remoteOf } from "./request-facts.ts";

/** Has Node read the head of a request that came over TCP, and calls `look` while its connection is open. */
async function read(head: string[], look?: (req: IncomingMessage) => void): Promise<IncomingMessage> {
  const server = createServer({ joinDuplicateHeaders: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const peer = connect((server.address() as AddressInfo).port, "127.0.0.1");
  peer.on("error", () => {});
  peer.write(`${head.join("\r\n")}\r\n\r\n`);
  const [req] = (await once(server, "request")) as [IncomingMessage];
  try {
    look?.(req);
  } finally {
    const closed = once(req.socket, "close");
    peer.destroy();
    req.socket.destroy();
    await closed;
    server.close();
  }
  return req;
}

test("a request is parsed as it was sent, and only once", async () => {
  const head = ["GET /events?topic=room/a HTTP/1.1", "Host: localhost:3001", "Accept: a", "Accept: b"];
  await read(head, (req) => {
    const facts = factsOf(req);
    expect(facts).toMatchObject({ method: "GET", version: "1.1", path: "/events", wantsWebSocket: false });
    expect(facts.host).toMatchObject({ name: "localhost" });
    expect(facts.problem).toBeUndefined();
    expect(queryOf(facts, "topic")).toBe("room/a");
    expect(facts.header("accept")).toBe("a, b");
    expect(facts.header("origin")).toBeUndefined();
    req.url = "/other";
    expect(factsOf(req)).toBe(facts);
  });
});

test("HTTP/1.0 needs no Host", async () => {
  await read(["GET / HTTP/1.0"], (req) =>
    expect(factsOf(req)).toMatchObject({ version: "1.0", problem: undefined }),
  );
});

test("a second Host is a problem, not hidden", async () => {
  await read(["GET / HTTP/1.1", "Host: localhost", "Host: localhost"], (req) =>
    expect(factsOf(req).problem).toBeDefined(),
  );
});

test("a message without a request line has facts, too", () => {
  expect(factsOf(new IncomingMessage(new Socket())).problem).toBeDefined();
});

test("the remote address is that of the peer, or empty if the connection ended before anybody asked", async () => {
  const head = ["GET / HTTP/1.1", "Host: localhost"];
  await read(head, (req) => expect(remoteOf(req)).toBe("127.0.0.1"));
  // Node keeps an address that it has looked up.
  expect(remoteOf(await read(head))).toBe("");
});
