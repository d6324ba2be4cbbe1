import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { play } from "./play.ts";
import { describeScript, type Script, type ScriptEnding, segmentsOf } from "./script.ts";

const one = "GET /greet HTTP/1.1\r\nHost: {host}\r\n\r\n";
const two = `${one}GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n`;
let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<number> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function faultOf(script: Script, listener: RequestListener): Promise<string | undefined> {
  const port = await serve(listener);
  return (await play(script, { port }, { port, cursor: "" })).fault;
}

const honest: RequestListener = (req, res) =>
  void res.end(req.url === "/greet" ? "Hello from a test\n" : "{}");
const endings: ScriptEnding[] = [
  { how: "wait" },
  { how: "close", after: 500 },
  { how: "reset", after: 900 },
  { how: "unread" },
];

test.each(endings)("a correct server shows no fault, whatever its client does: %j", async (ending) => {
  expect(await faultOf({ pieces: [two], cuts: [10, 500], ending }, honest)).toBeUndefined();
});

test("finds a server that answers the wrong request", async () => {
  const wrong: RequestListener = (req, res) => honest({ ...req, url: "/healthz" } as typeof req, res);
  const script: Script = { pieces: [two], cuts: [], ending: { how: "wait" } };
  expect(await faultOf(script, wrong)).toBe('GET /greet was answered with "{}"');
});

test("finds a server that hangs up on a client that sent FIN", async () => {
  const hangUp: RequestListener = (req, res) => void req.socket.end(() => res.destroy());
  const script: Script = { pieces: [one], cuts: [], ending: { how: "fin", after: 1000 } };
  expect(await faultOf(script, hangUp)).toBe("it hung up on FIN, but owed the answer to GET /greet");
});

test("a script is cut and ended where it says", () => {
  const script: Script = {
    pieces: ["abcd", "efgh{port}"],
    cuts: [750, 250],
    ending: { how: "reset", after: 667 },
  };
  expect(segmentsOf(script, { port: 1234, cursor: "" }).map(String)).toEqual(["ab", "cdef", "gh"]);
});

test("a script is printed with every byte readable", () => {
  const script: Script = { pieces: [`GET\0\xff\r\n${"a".repeat(50)}`], cuts: [], ending: { how: "wait" } };
  expect(describeScript(script, { port: 1, cursor: "" }).split("\n")).toEqual([
    "segment 1 of 1, 57 B",
    "  > GET\\0\\xff\\r\\n",
    "  > a{× 50}",
    "then FIN, once everything owed has come",
  ]);
});
