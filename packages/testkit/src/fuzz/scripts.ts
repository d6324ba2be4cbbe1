// Generates the fuzzer's scripts with fast-check. The first choice in each list is the plain one: a fault shrinks
// to the fewest oddities that show it.
import { encodeClose, encodeFrame, type FrameToSend, Opcode } from "@rosetta/conformance";
import { subprotocol } from "@rosetta/protocol";
import fc, { type Arbitrary } from "fast-check";
import type { Script, ScriptEnding } from "./script.ts";

/** Generates any script. */
export function scripts(): Arbitrary<Script> {
  return fc.record({
    pieces: fc.array(piece(), { minLength: 1, maxLength: 4 }),
    cuts: fc.array(fc.nat(1000), { maxLength: 3 }),
    ending: ending(),
  });
}

function ending(): Arbitrary<ScriptEnding> {
  const after = oneOf<number>([3, fc.constant(1000)], [1, fc.nat(1000)]);
  return oneOf<ScriptEnding>(
    [4, fc.constant({ how: "wait" })],
    [2, fc.record({ how: fc.constant("fin" as const), after })],
    [2, fc.record({ how: fc.constant("close" as const), after })],
    [2, fc.record({ how: fc.constant("reset" as const), after })],
    [1, fc.constant({ how: "unread" })],
  );
}

function piece(): Arbitrary<string> {
  return oneOf(
    [6, request()],
    [6, fc.tuple(handshake(), frames()).map((both) => both.join(""))],
    [1, frames()],
    [1, garbage],
  );
}

function request(): Arbitrary<string> {
  const parts = fc.record({ line: requestLine(), host, headers: someOf(header), body: body(), lineEnd });
  return parts.map(({ line, host: hosts, headers, body: [framing, bytes], lineEnd: end }) =>
    headOf([line, ...hosts, ...headers, ...framing], end, bytes),
  );
}

function handshake(): Arbitrary<string> {
  const parts = fc.record({
    line: handshakeLine(),
    host,
    fields: fc.tuple(...handshakeFields),
    headers: someOf(header),
    body: oneOf<Body>([8, fc.constant(none)], [1, body()]),
    lineEnd,
  });
  return parts.map(({ line, host: hosts, fields, headers, body: [framing, bytes], lineEnd: end }) =>
    headOf([line, ...hosts, ...fields.flat(), ...headers, ...framing], end, bytes),
  );
}

function headOf(lines: string[], lineEnd: string, bytes: string): string {
  return `${lines.map((line) => line + lineEnd).join("")}${lineEnd}${bytes}`;
}

function requestLine(): Arbitrary<string> {
  return fc
    .tuple(method(), target(), version())
    .map((words) => words.filter((word) => word !== "").join(" "));
}

function handshakeLine(): Arbitrary<string> {
  const paths = usually(
    ["/echo"],
    ["/ws", "/nowhere", "/greet", "/", "/events?topic=scores", "/echo?x=1", "//echo"],
  );
  return fc
    .tuple(usually(["GET"], ["POST", "HEAD", "get"]), paths, version())
    .map((words) => words.filter((word) => word !== "").join(" "));
}

function method(): Arbitrary<string> {
  const odd = ["CONNECT", "TRACE", "PRI", "get", "M-SEARCH", "G\0T", "A".repeat(300)];
  return usually(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE"], odd);
}

function target(): Arbitrary<string> {
  const known = [
    "/greet",
    "/healthz",
    "/",
    "/events?topic=scores",
    "/poll?topic=scores",
    "/poll?topic=room/lobby&since={cursor}",
    "/steps/1-echo.html",
    "/nowhere",
    "/servers.json",
    "/metrics",
    "/echo",
    "/ws",
    "/events",
  ];
  const odd = [
    "*",
    "http://{host}/greet",
    "http://foreign.example/greet",
    "{host}",
    "/../greet",
    "//greet",
    "/%67reet",
    "/%",
    "/%00",
    "/greet#x",
    "/gr\xe9et",
    "/gre et",
    "greet",
    "/assets",
    "/assets/",
    "/steps",
    "/steps/",
    "/events?topic=%",
    "/poll?topic=scores&since=x",
    `/${"a".repeat(3000)}`,
    `/${"a".repeat(40_000)}`,
  ];
  return usually(known, odd);
}

function version(): Arbitrary<string> {
  return usually(
    ["HTTP/1.1"],
    ["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.2", "HTTP/11", "http/1.1", ""],
    12,
  );
}

const host: Arbitrary<string[]> = usually<string[]>(
  [["Host: {host}"]],
  [
    [],
    ["Host: {host}", "Host: {host}"],
    ["Host: foreign.example"],
    ["Host:"],
    ["Host: localhost:{port}"],
    ["Host: {host}, {host}"],
    ["host:{host}"],
    ["Host : {host}"],
  ],
  12,
);

// Three allowed Origins: an answer repeats its own, which shows the request that it belongs to.
const origins = ["http://{host}", "http://localhost:{port}", "http://[::1]:{port}"];

const header: Arbitrary<string> = oneOf(
  [
    6,
    fc.constantFrom(
      ...origins.map((origin) => `Origin: ${origin}`),
      "Connection: close",
      "Connection: keep-alive",
      "Accept-Encoding: gzip",
      "If-None-Match: *",
      "Range: bytes=0-3",
    ),
  ],
  [
    3,
    fc.constantFrom(
      "Origin: https://foreign.example",
      "Origin: null",
      "Expect: 100-continue",
      "Expect: foo",
      "Upgrade: h2c",
      "Connection: upgrade",
      "Connection: Upgrade, HTTP2-Settings",
      "TE: trailers",
      "Trailer: X",
      "Sec-Fetch-Site: cross-site",
      "Last-Event-ID: x",
      "Keep-Alive: timeout=0",
      "Proxy-Connection: keep-alive",
    ),
  ],
  [
    1,
    fc.constantFrom(
      " folded: yes",
      "X: a\r\n b",
      "X: a\0b",
      "X: \x01",
      "X: \x7f",
      "X: \xff",
      "X:",
      "X",
      ": x",
      "X : x",
      "X\t: x",
      "X: a\rb",
      "X: a\nY: b",
      "\x00",
      `X: ${"a".repeat(10_000)}`,
      `X: ${"a".repeat(100_000)}`,
      "X: a\r\n".repeat(150).trimEnd(),
      "X: a\r\n".repeat(3000).trimEnd(),
    ),
  ],
);

type Body = readonly [headers: string[], bytes: string];

const none: Body = [[], ""];

// A body that looks like a request. A server that loses count of its bytes answers it.
const inner = "GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n";

function body(): Arbitrary<Body> {
  const right: Body[] = [
    [["Content-Length: 5"], "12345"],
    [["Content-Length: 0"], ""],
    [["Transfer-Encoding: chunked"], "5\r\n12345\r\n0\r\n\r\n"],
    [["Content-Length: 20"], "GET / HTTP/1.1\r\nX: y"],
  ];
  const odd: Body[] = [
    [["Content-Length: 5"], ""],
    [["Content-Length: 5"], "123"],
    [["Content-Length: 5"], "1234567"],
    [["Content-Length: 5"], `12345${inner}`],
    [["Content-Length: 0"], inner],
    [["Content-Length: 100000"], "1"],
    [["Transfer-Encoding: chunked"], ""],
    [["Transfer-Encoding: chunked"], "5\r\n123"],
    [["Transfer-Encoding: chunked"], "0\r\n\r\n"],
    [["Transfer-Encoding: chunked"], "0\r\nX: y\r\n\r\n"],
    [["Transfer-Encoding: chunked"], "5;x=y\r\n12345\r\n0\r\n\r\n"],
    [["Transfer-Encoding: chunked"], "g\r\n"],
    [["Transfer-Encoding: chunked"], "-1\r\n"],
    [["Transfer-Encoding: chunked"], "5\r\n1234567\r\n0\r\n\r\n"],
    [["Transfer-Encoding: chunked"], "fffffffffffffffff\r\n1"],
    [["Transfer-Encoding: gzip, chunked"], "0\r\n\r\n"],
    [["Transfer-Encoding: chunked, gzip"], "0\r\n\r\n"],
    [["Transfer-Encoding: identity"], ""],
    [["Transfer-Encoding: chunked", "Content-Length: 5"], "0\r\n\r\n"],
    [["Content-Length: 5", "Content-Length: 6"], "123456"],
    [["Content-Length: 5, 5"], "12345"],
    [["Content-Length: +5"], "12345"],
    [["Content-Length: -1"], ""],
    [["Content-Length: 5x"], "12345"],
    [["Content-Length: 99999999999999999999"], "1"],
    [["Content-Length:"], ""],
    [[], "12345"],
  ];
  return oneOf<Body>([12, fc.constant(none)], [2, fc.constantFrom(...right)], [3, fc.constantFrom(...odd)]);
}

const key = fc.nat(0xffff).map((number) => Buffer.alloc(16, String(number)).toString("base64"));

const handshakeFields: Arbitrary<string[]>[] = [
  usually<string[]>(
    [["Connection: Upgrade"]],
    [
      [],
      ["Connection: keep-alive, Upgrade"],
      ["Connection: close"],
      ["Connection: close, Upgrade"],
      ["Connection: Upgrade", "Connection: Upgrade"],
    ],
    10,
  ),
  usually<string[]>(
    [["Upgrade: websocket"]],
    [
      [],
      ["Upgrade: WebSocket"],
      ["Upgrade: h2c"],
      ["Upgrade: websocket, h2c"],
      ["Upgrade: h2c, websocket"],
      ["Upgrade: websocket", "Upgrade: h2c"],
      ["Upgrade: websocket", "Upgrade: websocket"],
      ["Upgrade: websocket/13"],
      ["Upgrade:"],
    ],
    10,
  ),
  usually<string[]>(
    [["Sec-WebSocket-Version: 13"]],
    [
      [],
      ["Sec-WebSocket-Version: 8"],
      ["Sec-WebSocket-Version: 13, 8"],
      ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13"],
    ],
    14,
  ),
  oneOf<string[]>(
    [14, key.map((each) => [`Sec-WebSocket-Key: ${each}`])],
    [
      1,
      fc.constantFrom<string[]>(
        [],
        ["Sec-WebSocket-Key:"],
        ["Sec-WebSocket-Key: short"],
        ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=="],
      ),
    ],
  ),
  usually<string[]>(
    [[], [`Sec-WebSocket-Protocol: ${subprotocol}`]],
    [
      [`Sec-WebSocket-Protocol: chat, ${subprotocol}`],
      ["Sec-WebSocket-Protocol: chat"],
      [`Sec-WebSocket-Protocol: ${subprotocol}, ${subprotocol}`],
      [`Sec-WebSocket-Protocol: ${subprotocol},`],
      [`Sec-WebSocket-Protocol: ,${subprotocol}`],
      ["Sec-WebSocket-Protocol: a b"],
      ["Sec-WebSocket-Protocol: chat", `Sec-WebSocket-Protocol: ${subprotocol}`],
      ["Sec-WebSocket-Protocol:"],
    ],
    10,
  ),
  usually<string[]>(
    [[]],
    [
      ["Sec-WebSocket-Extensions: permessage-deflate"],
      ["Sec-WebSocket-Extensions: x;"],
      ["Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99"],
    ],
    10,
  ),
];

const lineEnd = usually(["\r\n"], ["\n"], 40);

const garbage = fc.constantFrom(
  "\r\n",
  "\n",
  "\0",
  "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "QUIT\r\n",
  "GET",
  "GET /greet HTTP/1.1\r\nHost: {host}\r\n",
  "\xff".repeat(200),
  "a".repeat(70_000),
);

const mask = Uint8Array.of(1, 2, 3, 4);

function frames(): Arbitrary<string> {
  return fc.array(frame(), { maxLength: 4 }).map((each) => each.join(""));
}

function frame(): Arbitrary<string> {
  const right: FrameToSend[] = [
    { opcode: Opcode.Text, payload: Buffer.from("hello") },
    { opcode: Opcode.Binary, payload: Buffer.from("bytes") },
    { opcode: Opcode.Ping, payload: Buffer.from("ping") },
    { opcode: Opcode.Pong },
    { opcode: Opcode.Text },
    { opcode: Opcode.Binary, payload: Buffer.alloc(5_000, 7) },
  ];
  const last: FrameToSend[] = [
    { opcode: Opcode.Close, payload: encodeClose(1000) },
    { opcode: Opcode.Close },
    { opcode: Opcode.Text, payload: Buffer.from("stop") },
    { opcode: Opcode.Text, fin: false, payload: Buffer.from("begun") },
    { opcode: Opcode.Continuation, payload: Buffer.from("nothing to continue") },
    { opcode: Opcode.Close, payload: Buffer.of(3) },
    { opcode: Opcode.Close, payload: encodeClose(1005) },
    { opcode: Opcode.Text, payload: Buffer.of(0xff) },
    { opcode: Opcode.Text, rsv1: true },
    { opcode: 0x3 },
    { opcode: 0xf },
    { opcode: Opcode.Ping, payload: Buffer.alloc(126) },
    { opcode: Opcode.Ping, fin: false },
    { opcode: Opcode.Binary, lengthBytes: 8, claimedLength: 2n ** 63n },
    { opcode: Opcode.Binary, lengthBytes: 8, claimedLength: 70_000n },
    { opcode: Opcode.Binary, claimedLength: 10, payload: Buffer.alloc(3) },
  ];
  const masked = (each: FrameToSend) => bytesOf({ mask, ...each });
  return oneOf(
    [4, fc.constantFrom(...right).map(masked)],
    [2, fc.constantFrom(...last).map(masked)],
    [1, fc.constant(bytesOf({ opcode: Opcode.Text, payload: Buffer.from("unmasked") }))],
  );
}

function bytesOf(each: FrameToSend): string {
  return Buffer.from(encodeFrame(each)).toString("latin1");
}

function someOf(each: Arbitrary<string>): Arbitrary<string[]> {
  return oneOf([3, fc.constant<string[]>([])], [2, fc.array(each, { maxLength: 3 })]);
}

/** Picks a plain value `weight` times out of `weight` + 1, otherwise an odd one. Shrinks to the first plain value. */
function usually<T>(plain: readonly T[], odd: readonly T[], weight = 8): Arbitrary<T> {
  return oneOf([weight, fc.constantFrom(...plain)], [1, fc.constantFrom(...odd)]);
}

function oneOf<T>(...choices: (readonly [weight: number, arbitrary: Arbitrary<T>])[]): Arbitrary<T> {
  const weighted = choices.map(([weight, arbitrary]) => ({ weight, arbitrary }));
  return fc.oneof({ withCrossShrink: true }, ...weighted);
}
