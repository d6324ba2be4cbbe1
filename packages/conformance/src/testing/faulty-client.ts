// A WebSocket client that echoes, simple and strict, with faults to choose from. It tests the judge of clients and
// shares no code with it. Usage: `node faulty-client.ts <fault> [<offer>] <url of the page>`. The offer is one
// permessage-deflate, which the client does not actually speak: only how it takes the answer is judged.

import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { acceptOf } from "./faulty-server.ts";

const [fault = "none", ...rest] = process.argv.slice(2);
const page = rest.pop() ?? "";
const [offer = ""] = rest;
const { host, hostname, port, searchParams } = new URL(page);
const agent = `agent=${searchParams.get("agent")}`;
let frames = 0;

for (const { id } of (await get(`/cases?left&${agent}`)) as { id: string }[]) {
  if (fault === `dies-at-${id}`) process.exitCode = 7;
  await run(id);
  await get(`/verdict/${id}?${agent}`);
  // Like a runtime that spins in a loop.
  if (fault === `hangs-after-${id}`) for (;;);
}

async function get(path: string) {
  return (await fetch(new URL(path, page))).json();
}

function run(id: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const key = randomBytes(16).toString("base64");
  const socket = connect(Number(port), hostname);
  let bytes = Buffer.alloc(0);
  let open = false;
  socket.write(
    `GET /run/${id}?${agent} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n${offer && `Sec-WebSocket-Extensions: ${offer}\r\n`}\r\n`,
  );
  socket.on("data", (more: Buffer) => {
    if (fault === `dies-at-${id}`) process.exit();
    bytes = Buffer.concat([bytes, more]);
    const end = bytes.indexOf("\r\n\r\n");
    if (!open && end === -1) return;
    if (!open && !isRight(bytes.toString("latin1", 0, end), key)) return socket.destroy();
    if (!open) bytes = bytes.subarray(end + 4);
    open = true;
    for (let frame = take(); frame; frame = take()) {
      const { opcode, payload } = frame;
      const answer = opcode === 9 ? 10 : opcode;
      if (opcode !== 10) socket.write(masked(answer, payload));
      if (opcode === 8) socket.end();
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => resolve());
  return promise;

  function take() {
    const short = (bytes[1] ?? 0) & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < start) return undefined;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < start + length) return undefined;
    const frame = { opcode: (bytes[0] ?? 0) & 0x0f, payload: bytes.subarray(start, start + length) };
    bytes = bytes.subarray(start + length);
    return frame;
  }
}

function isRight(head: string, key: string): boolean {
  const [status = "", ...lines] = head.split("\r\n");
  const all = (name: string) =>
    lines
      .filter((line) => line.toLowerCase().startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).trim());
  const tokens = all("connection")
    .join()
    .toLowerCase()
    .split(/\s*,\s*/);
  const upgrades =
    fault === "connection-is-one-token" ? tokens.join() === "upgrade" : tokens.includes("upgrade");
  return (
    status.startsWith("HTTP/1.1 101 ") &&
    all("upgrade").join().toLowerCase() === "websocket" &&
    (upgrades || fault === "no-connection-check") &&
    (all("sec-websocket-accept").join() === acceptOf(key) || fault === "no-accept-check") &&
    (fault === "no-extension-check" || all("sec-websocket-extensions").every(isAllowed)) &&
    (fault === "no-subprotocol-check" || all("sec-websocket-protocol").length === 0)
  );
}

/** Returns whether an answer is valid for the offer: RFC 7692 §7.1. */
function isAllowed(answer: string): boolean {
  const [name, ...given] = answer.split(";").map((part) => part.trim());
  const [offered, ...wanted] = offer.split(";").map((part) => part.trim());
  const [parameters, asked] = [read(given), read(wanted)];
  if (name !== offered || parameters.size < given.length) return false;
  const isKnown = given.every((part) =>
    /^((client|server)_no_context_takeover|(client|server)_max_window_bits=([89]|1[0-5]))$/.test(part),
  );
  const fits = (bits: string) => {
    const most = asked.has(bits) ? Number(asked.get(bits) ?? 15) : 0;
    return most === 0 || Number(parameters.get(bits) ?? 15) <= most;
  };
  return (
    (isKnown || fault === "any-parameter") &&
    (parameters.has("server_no_context_takeover") || !asked.has("server_no_context_takeover")) &&
    (asked.has("client_max_window_bits") || !parameters.has("client_max_window_bits")) &&
    ((fits("server_max_window_bits") && fits("client_max_window_bits")) || fault === "any-window")
  );
}

function read(parameters: string[]): Map<string, string | undefined> {
  return new Map(
    parameters.map((each) => {
      const [name = "", value] = each.split("=");
      return [name, value];
    }),
  );
}

function masked(opcode: number, payload: Buffer): Buffer {
  const mask = maskOf(frames++);
  const { length } = payload;
  const size = length < 126 ? Buffer.from([length]) : Buffer.alloc(length < 65_536 ? 3 : 9);
  if (length >= 65_536) size.writeBigUInt64BE(BigInt(length), 1);
  else if (length >= 126) size.writeUInt16BE(length, 1);
  if (length >= 126) size[0] = length < 65_536 ? 126 : 127;
  size[0] = (size[0] ?? 0) | 0x80;
  const data = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x80 | opcode]), size, mask, data]);
}

function maskOf(count: number): Buffer {
  if (fault === "same-mask") return Buffer.from([1, 2, 3, 4]);
  const mask = randomBytes(4);
  if (fault === "counting-mask") mask.writeUInt32BE(count);
  return mask;
}
