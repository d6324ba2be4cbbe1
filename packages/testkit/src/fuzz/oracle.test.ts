import { gzipSync } from "node:zlib";
import { acceptOf, encodeClose, encodeFrame, Opcode } from "@rosetta/conformance";
import { expect, test } from "vitest";
import { type Weighed, weigh } from "./oracle.ts";

const port = 4000;
const key = "dGhlIHNhbXBsZSBub25jZQ==";
const greet = request("/greet");
const health = request("/healthz");
const greeting = answer(200, "Hello from a test\n");
const well = answer(200, '{"status":"ok"}');
const refusal = answer(400, "no", "Connection: close\r\n");
const handshake = request(
  "/echo",
  `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n`,
);
const switched = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`;

function request(path: string, headers = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers}\r\n`;
}

function answer(status: number, body: string, headers = ""): string {
  return `HTTP/1.1 ${status} Words\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function frame(opcode: number, text = "", isMasked = false): string {
  const mask = isMasked ? { mask: Uint8Array.of(1, 2, 3, 4) } : {};
  return Buffer.from(encodeFrame({ opcode, payload: Buffer.from(text), ...mask })).toString("latin1");
}

interface Circumstances {
  fin?: boolean;
  isOver?: boolean;
}

function weighed(sent: string, came: string, { fin = false, isOver = false }: Circumstances = {}): Weighed {
  return weigh(
    { bytes: Buffer.from(sent, "latin1"), fin, port },
    { bytes: Buffer.from(came, "latin1"), isOver },
  );
}

function compressed(body: string): string {
  return answer(200, gzipSync(body).toString("latin1"), "Content-Encoding: gzip\r\n");
}

const said = frame(Opcode.Text, "hello", true);
const echoed = frame(Opcode.Text, "hello");
const over = { fin: true, isOver: true };

test.each<[string, string, string, Circumstances?]>([
  ["answers in order", greet + health, greeting + well],
  ["a compressed answer", request("/", "Accept-Encoding: gzip\r\n"), compressed("<!doctype html>")],
  ["an answer although FIN followed", greet, greeting, over],
  [
    "the end after an answer that says close",
    request("/echo"),
    answer(426, "ws", "Connection: close\r\n"),
    { isOver: true },
  ],
  ["an echo", handshake + said, switched + echoed],
  ["a refusal of a handshake after a request", greet + handshake, greeting + refusal, { isOver: true }],
  [
    "a stream that stays open",
    request("/events?topic=scores"),
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
  ],
  ["a hang-up where nothing can be read", "\0\0\0\0", "", { isOver: true }],
  ["a hang-up at once when garbage follows", `${greet}\0\0\0\0`, "", { isOver: true }],
  ["an answer, and a refusal of what follows", `${greet}\0\0\0\0`, greeting + refusal, { isOver: true }],
  [
    "the end after a broken rule",
    handshake + frame(Opcode.Text, "unmasked"),
    switched + frame(Opcode.Close),
    over,
  ],
  ["no answer to an unfinished request", "GET /gr", ""],
  ["a refusal before the body has come", request("/greet", "Content-Length: 5\r\n"), answer(413, "")],
])("%s is legal", (_name, sent, came, circumstances) => {
  expect(weighed(sent, came, circumstances)).toEqual({});
});

test.each<[string, string, string, string, Circumstances?]>([
  ["answers that changed places", greet + health, well + greeting, 'GET /greet was answered with "{'],
  [
    "the answer to what follows",
    `${request("/")}\0\0\0\0`,
    refusal,
    "GET / was answered with 400, expected 200",
  ],
  ["an answer that nobody asked for", greet, greeting + well, "an idle connection was answered with 200"],
  [
    "more after the last answer",
    request("/greet", "Connection: close\r\n") + health,
    greeting + well,
    "more came after the last answer",
  ],
  [
    "an HTTP answer after a 101",
    greet + handshake,
    greeting + switched + greeting,
    "no valid frame followed the 101",
  ],
  [
    "a 101 before the answer to the first request",
    greet + handshake,
    switched + greeting,
    "GET /greet was answered with 101",
  ],
  ["another key's 101", handshake, switched.replace(acceptOf(key), acceptOf("x")), "accepts another one"],
  [
    "a hang-up that costs an answer",
    greet,
    "",
    "it hung up, but owed the answer to GET /greet",
    { isOver: true },
  ],
  ["a hang-up on FIN", greet, "", "it hung up on FIN, but owed the answer to GET /greet", over],
  ["a lost message", handshake + said + said, switched + echoed, "owed the text hello of /echo", over],
  [
    "a message twice",
    handshake + said,
    switched + echoed + echoed,
    "/echo sent text hello, expected nothing more",
  ],
  [
    "a close without a reason",
    handshake + said,
    switched + frame(Opcode.Close, Buffer.from(encodeClose(1011)).toString("latin1")),
    "no rule was broken",
  ],
  [
    "the wrong answer, compressed",
    request("/", "Accept-Encoding: gzip\r\n"),
    compressed("Hello from a test"),
    'GET / was answered with "Hello',
  ],
  [
    "an answer that only says that it is compressed",
    request("/", "Accept-Encoding: gzip\r\n"),
    answer(200, "<!doctype html>", "Content-Encoding: gzip\r\n"),
    "incorrect header check",
  ],
  ["a 500", "\0\0\0\0", answer(500, ""), "answered with 500"],
  [
    "the answer to another Origin",
    request("/greet", `Origin: http://localhost:${port}\r\n`),
    answer(200, "Hello from a", "Access-Control-Allow-Origin: http://[::1]:1\r\n"),
    "got the answer to one from",
  ],
  [
    "a refusal between two chunks",
    request("/events?topic=scores"),
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n${refusal}`,
    "400 between two chunks of an answer",
  ],
  ["two lengths", greet, greeting.replace("\r\n", "\r\nContent-Length: 1\r\n"), "2 Content-Lengths"],
  ["an answer that is not HTTP", greet, "hello", "not HTTP"],
])("%s is a fault", (_name, sent, came, fault, circumstances) => {
  expect(weighed(sent, came, circumstances).fault).toContain(fault);
});

test.each<[string, string, string, string, Circumstances?]>([
  ["an answer", greet + health, greeting, "the answer to GET /healthz"],
  ["the rest of one", greet, greeting.slice(0, -1), "the rest of the answer to GET /greet"],
  ["the end after FIN", greet, greeting, "the end of the connection", { fin: true }],
  [
    "the end after a last answer",
    request("/greet", "Connection: close\r\n"),
    greeting,
    "the end of the connection",
  ],
  [
    "the end of a broken WebSocket",
    handshake + frame(Opcode.Text, "unmasked"),
    switched,
    "the end of the connection",
  ],
  ["a pong", handshake + frame(Opcode.Ping, "x", true), switched, "the pong 78 of /echo"],
])("%s is owed", (_name, sent, came, owed, circumstances) => {
  expect(weighed(sent, came, circumstances)).toEqual({ owed });
});
