// A WebSocket server that echoes, simple and strict, whose every rule can be replaced: to judge the judge.
// It shares no code with what it is to judge.
//
// How to plug in. A fault is one rule replaced: `startServer({ rules: { mustBeMasked: () => false } })`.
// Faults of the handshake are another `handshake`, those of permessage-deflate another `negotiate`:
//   startServer({ handshake: (bytes, negotiate) => … })   // `strictHandshake` is the one to wrap or replace
//   startServer({ negotiate: (offer) => … })              // an `AgreedExtension` if it takes the offer
// Without `negotiate` no extension is taken. What a fault throws beside a `Failure` is a bug of the test.

import { createHash } from "node:crypto";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type Validator, validator } from "./utf8-validator.ts";

/** A reason to fail the connection: RFC 6455 §7.1.7. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: number;

  constructor(code: number) {
    super(`close with ${code}`);
    this.code = code;
  }
}

/** A frame's header as it came. */
export interface ReceivedHeader {
  fin: boolean;
  /** The three reserved bits as a number. RSV1 is 4. */
  rsv: number;
  opcode: number;
  masked: boolean;
  length: number;
  mask: Buffer;
}

/** A frame to send. */
export interface OutgoingFrame {
  opcode: number;
  payload: Buffer;
  /** Default: true. */
  fin?: boolean;
  /** RSV1 is 4. Default: 0. */
  rsv?: number;
  /** Default: unmasked. */
  mask?: Buffer;
}

/** A message, or the part of it that has come. */
export interface UnfinishedMessage {
  opcode: number;
  /** RSV1 of its first frame, which means that it is compressed. */
  compressed: boolean;
  parts: Buffer[];
  text: Validator;
}

/** An extension that was agreed on: permessage-deflate. */
export interface AgreedExtension {
  /** The value of `Sec-WebSocket-Extensions` in the answer. */
  answer: string;
  /** Returns whether a frame may have these reserved bits. Not called for frames without any. */
  allows(rsv: number, opcode: number): boolean;
  /** Returns the data of a compressed message. Throws a `Failure` if it is corrupt or too large. */
  decode(data: Buffer): Buffer;
  /** Returns the frames that carry a message, for example compressed or in fragments. */
  encode(opcode: number, data: Buffer): OutgoingFrame[];
}

/** Accepts an offer (the value of `Sec-WebSocket-Extensions`, "" if there is none) or declines it. */
export type Negotiate = (offer: string) => AgreedExtension | undefined;

/** The outcome of an opening handshake. */
export interface HandshakeAnswer {
  /** The whole response. The connection ends after it if nothing is `accepted`. Empty: no response at all. */
  response: string;
  /** The bytes after the request's head, and what was agreed on. */
  accepted?: { rest: Buffer; extension?: AgreedExtension | undefined };
}

/** Returns the answer to the bytes received so far, or nothing if the request is not complete. */
export type Handshake = (bytes: Buffer, negotiate: Negotiate) => HandshakeAnswer | undefined;

/** Every rule of the server. */
export interface Rules {
  /** Returns what to read when a segment comes, in addition to what is left of earlier ones. */
  segment(left: Buffer, segment: Buffer, connection: FaultyConnection): Buffer;
  /** How many frames of one segment are read. The rest is dropped. */
  framesPerSegment: number;
  allowsReserved(rsv: number, opcode: number, connection: FaultyConnection): boolean;
  knows(opcode: number, connection: FaultyConnection): boolean;
  mustBeMasked(opcode: number, frameNumber: number): boolean;
  allowsFragmentedControl: boolean;
  maxControl: number;
  /** Returns how many bytes extend a length of 7 bits: 0, 2 or 8. */
  extendedBy(short: number): number;
  /** Returns the length in the 2 or 8 bytes that extend it. */
  readLength(extended: Buffer, connection: FaultyConnection): number;
  maxPayload: number;
  /** Unmasks a piece of the payload in place. `at` is where it begins in the payload. */
  unmask(piece: Buffer, mask: Buffer, at: number): void;
  /** Is called for every header once it is read. Opens the message that a data frame belongs to. */
  begin(header: ReceivedHeader, connection: FaultyConnection): void;
  /** Is called for every piece of a data frame's payload. */
  piece(piece: Buffer, message: UnfinishedMessage, connection: FaultyConnection): void;
  /** Is called for every complete data frame. */
  complete(header: ReceivedHeader, connection: FaultyConnection): void;
  text(): Validator;
  /** Returns what to send back for a message, or nothing. */
  echo(opcode: number, data: Buffer): { opcode: number; data: Buffer } | undefined;
  /** Returns the frames that carry a message which is not compressed. */
  carry(opcode: number, data: Buffer): OutgoingFrame[];
  ping(payload: Buffer, connection: FaultyConnection): void;
  pong(payload: Buffer, connection: FaultyConnection): void;
  close(payload: Buffer, connection: FaultyConnection): void;
  /** Returns whether a close frame may carry the code. */
  allowsCode(code: number): boolean;
  /** Returns whether a close frame may carry the reason. */
  allowsReason(reason: Buffer): boolean;
  fail(code: number, connection: FaultyConnection): void;
  /** Is called when the server has sent its last frame. */
  end(connection: FaultyConnection): void;
  /** Is called when the peer ends its half of TCP. */
  peerEnded(connection: FaultyConnection): void;
  writeLength(length: number): Buffer;
  /** Changes each frame before it is sent. */
  send(frame: OutgoingFrame): OutgoingFrame;
}

const [continuation, text, binary, close, ping, pong] = [0, 1, 2, 8, 9, 10] as const;

/** The name of an opcode. */
export const opcodes = { continuation, text, binary, close, ping, pong };

/** The rules as they should be. */
export const strict: Rules = {
  segment: (left, segment) => (left.length === 0 ? segment : Buffer.concat([left, segment])),
  framesPerSegment: Number.POSITIVE_INFINITY,
  allowsReserved: (rsv, opcode, { extension }) => rsv === 0 || (extension?.allows(rsv, opcode) ?? false),
  knows: (opcode) => Object.values<number>(opcodes).includes(opcode),
  mustBeMasked: () => true,
  allowsFragmentedControl: false,
  maxControl: 125,
  extendedBy: (short) => (short < 126 ? 0 : short === 126 ? 2 : 8),
  readLength(extended) {
    const length = extended.length === 2 ? BigInt(extended.readUInt16BE()) : extended.readBigUInt64BE();
    if (length >> 63n || length < (extended.length === 2 ? 126n : 65_536n)) throw new Failure(1002);
    return Number(length);
  },
  maxPayload: 64 * 1024 * 1024,
  unmask(piece, mask, at) {
    for (let index = 0; index < piece.length; index++) {
      piece[index] = (piece[index] ?? 0) ^ (mask[(at + index) & 3] ?? 0);
    }
  },
  begin({ opcode, rsv }, connection) {
    const { message } = connection;
    if ((opcode === continuation) !== (message !== undefined)) throw new Failure(1002);
    if (opcode === continuation && rsv !== 0) throw new Failure(1002);
    if (opcode !== continuation) connection.open(opcode, rsv !== 0);
  },
  piece(piece, message) {
    const checked = message.opcode === text && !message.compressed;
    if (checked && !message.text.push(piece)) throw new Failure(1007);
    message.parts.push(piece);
  },
  complete({ fin }, connection) {
    if (fin) connection.deliver();
  },
  text: () => validator(),
  echo: (opcode, data) => ({ opcode, data }),
  carry: (opcode, payload) => [{ opcode, payload }],
  ping: (payload, connection) => connection.send({ opcode: pong, payload }),
  pong: () => {},
  close(payload, connection) {
    const { allowsCode, allowsReason } = connection.rules;
    if (payload.length === 1) throw new Failure(1002);
    if (payload.length > 0 && !allowsCode(payload.readUInt16BE())) throw new Failure(1002);
    if (!allowsReason(payload.subarray(2))) throw new Failure(1007);
    connection.send({ opcode: close, payload: payload.subarray(0, 2) });
    connection.rules.end(connection);
  },
  allowsCode: (code) =>
    (code >= 3000 && code <= 4999) || (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)),
  allowsReason(reason) {
    const check = validator();
    return check.push(reason) && check.complete();
  },
  fail(code, connection) {
    connection.send({ opcode: close, payload: Buffer.of(code >> 8, code & 0xff) });
    connection.rules.end(connection);
  },
  end: (connection) => connection.end(),
  peerEnded: (connection) => connection.end(),
  writeLength(length) {
    if (length < 126) return Buffer.of(length);
    const bytes = Buffer.alloc(length < 65_536 ? 3 : 9);
    bytes[0] = length < 65_536 ? 126 : 127;
    if (length < 65_536) bytes.writeUInt16BE(length, 1);
    else bytes.writeBigUInt64BE(BigInt(length), 1);
    return bytes;
  },
  send: (frame) => frame,
};

/** The parts of a server. */
export interface FaultyServerOptions {
  /** Default: any free port. */
  port?: number;
  rules?: Partial<Rules>;
  handshake?: Handshake;
  negotiate?: Negotiate;
}

/** One connection after its handshake. Public members are there for faults to reach. */
export class FaultyConnection {
  readonly rules: Rules;
  readonly extension: AgreedExtension | undefined;
  readonly server: FaultyServer;
  readonly socket: Socket;
  message: UnfinishedMessage | undefined;
  /** How many frames were read. */
  frames = 0;
  /** How many bytes extend the length of the frame that is being read. */
  extendedBy = 0;
  /** True if nothing that comes is read any more. */
  over = false;
  /** Answers that a fault holds back. */
  readonly late: OutgoingFrame[] = [];
  #left: Buffer = Buffer.alloc(0);
  #header: ReceivedHeader | undefined;
  #control: Buffer[] = [];
  #at = 0;

  constructor(server: FaultyServer, socket: Socket, rules: Rules, extension: AgreedExtension | undefined) {
    this.server = server;
    this.socket = socket;
    this.rules = rules;
    this.extension = extension;
  }

  /** Handles a segment. */
  receive(segment: Buffer): void {
    if (this.over) return;
    try {
      this.#left = this.rules.segment(this.#left, segment, this);
      const last = this.frames + this.rules.framesPerSegment;
      while (!this.over && this.#step()) {
        if (this.frames >= last) this.#left = Buffer.alloc(0);
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.rules.fail(error.code, this);
    }
  }

  /** Whether a header has been read whose payload is not complete. */
  get amidPayload(): boolean {
    return this.#header !== undefined;
  }

  open(opcode: number, compressed: boolean): void {
    this.message = { opcode, compressed, parts: [], text: this.rules.text() };
  }

  /** Checks a complete message and sends it back. */
  deliver(): void {
    const { message, rules, extension } = this;
    if (!message) return;
    this.message = undefined;
    const raw = Buffer.concat(message.parts);
    const data = message.compressed && extension ? extension.decode(raw) : raw;
    if (message.opcode === text) {
      const right = !message.compressed || message.text.push(data);
      if (!right || !message.text.complete()) throw new Failure(1007);
    }
    const reply = rules.echo(message.opcode, data);
    if (!reply) return;
    const frames = extension
      ? extension.encode(reply.opcode, reply.data)
      : rules.carry(reply.opcode, reply.data);
    for (const frame of frames) this.send(frame);
  }

  send(frame: OutgoingFrame): void {
    const { opcode, payload, fin = true, rsv = 0, mask } = this.rules.send(frame);
    const length = this.rules.writeLength(payload.length);
    if (mask) length[0] = (length[0] ?? 0) | 0x80;
    const body = mask ? Buffer.from(payload) : payload;
    if (mask) strict.unmask(body, mask, 0);
    const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
    this.socket.write(Buffer.concat([Buffer.of(first), length, mask ?? Buffer.alloc(0), body]));
  }

  /** Closes TCP. What still comes is dropped. */
  end(): void {
    this.over = true;
    this.socket.end();
  }

  // Returns false if more bytes are needed.
  #step(): boolean {
    if (!this.#header) {
      this.#header = this.#readHeader();
      if (!this.#header) return false;
      this.#at = 0;
      if (this.#header.opcode < close) this.rules.begin(this.#header, this);
    }
    const header = this.#header;
    const piece = this.#take(Math.min(header.length - this.#at, this.#left.length));
    if (header.masked) this.rules.unmask(piece, header.mask, this.#at);
    this.#at += piece.length;
    this.#give(piece, header);
    if (this.#at < header.length) return false;
    this.#header = undefined;
    this.frames++;
    this.#finish(header);
    return true;
  }

  #give(piece: Buffer, { opcode }: ReceivedHeader): void {
    if (opcode >= close) this.#control.push(piece);
    else if (this.message) this.rules.piece(piece, this.message, this);
  }

  #finish(header: ReceivedHeader): void {
    if (header.opcode < close) return this.rules.complete(header, this);
    const payload = Buffer.concat(this.#control.splice(0));
    if (header.opcode === close) this.rules.close(payload, this);
    if (header.opcode === ping) this.rules.ping(payload, this);
    if (header.opcode === pong) this.rules.pong(payload, this);
  }

  #take(count: number): Buffer {
    // Copied, because it is unmasked in place.
    const taken = Buffer.from(this.#left.subarray(0, count));
    this.#left = this.#left.subarray(count);
    return taken;
  }

  // A fault is reported as soon as its byte is there.
  #readHeader(): ReceivedHeader | undefined {
    const { rules } = this;
    const [first, second] = this.#left;
    if (first === undefined) return undefined;
    const [fin, rsv, opcode] = [(first & 0x80) !== 0, (first >> 4) & 7, first & 0xf];
    if (!rules.allowsReserved(rsv, opcode, this) || !rules.knows(opcode, this)) throw new Failure(1002);
    if (opcode >= close && !fin && !rules.allowsFragmentedControl) throw new Failure(1002);
    if (second === undefined) return undefined;
    const masked = (second & 0x80) !== 0;
    if (!masked && rules.mustBeMasked(opcode, this.frames)) throw new Failure(1002);
    const length = this.#readLength(second & 0x7f, opcode);
    if (!length) return undefined;
    const maskAt = 2 + length.bytes;
    if (this.#left.length < maskAt + (masked ? 4 : 0)) return undefined;
    const mask = masked ? Buffer.from(this.#left.subarray(maskAt, maskAt + 4)) : Buffer.alloc(4);
    this.#take(maskAt + (masked ? 4 : 0));
    return { fin, rsv, opcode, masked, length: length.value, mask };
  }

  #readLength(short: number, opcode: number): { bytes: number; value: number } | undefined {
    const { rules } = this;
    if (opcode >= close && short > rules.maxControl) throw new Failure(1002);
    const bytes = rules.extendedBy(short);
    this.extendedBy = bytes;
    if (bytes === 0) return { bytes, value: short };
    if (this.#left.length < 2 + bytes) return undefined;
    const value = rules.readLength(this.#left.subarray(2, 2 + bytes), this);
    if (value > rules.maxPayload) throw new Failure(1009);
    return { bytes, value };
  }
}

/** A running server. */
export interface FaultyServer {
  url: string;
  /** Lets the server die: nothing listens any more, and every connection is gone. */
  die(): void;
  /** Listens again on the same port. */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server on a free port. Without options it is strict. */
export async function startServer(options: FaultyServerOptions = {}): Promise<FaultyServer> {
  const server = new LocalServer(options);
  await server.listen(options.port ?? 0);
  return server;
}

class LocalServer implements FaultyServer {
  readonly #rules: Rules;
  readonly #answer: (bytes: Buffer) => HandshakeAnswer | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  constructor({ rules, handshake = strictHandshake, negotiate = () => undefined }: FaultyServerOptions) {
    this.#rules = { ...strict, ...rules };
    this.#answer = (bytes) => handshake(bytes, negotiate);
    const options = { allowHalfOpen: true, noDelay: true };
    this.#server = createServer(options, (socket) => this.#accept(socket));
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/`;
  }

  async listen(port: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.listen(port, "127.0.0.1", resolve);
    await promise;
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  die = (): void => {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  };

  revive = async (): Promise<void> => {
    if (!this.#server.listening) await this.listen(this.#port);
  };

  stop = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    for (const socket of this.#sockets) socket.destroy();
    await promise;
  };

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    // A connection that the peer resets needs no handling here.
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    accept(socket, this.#answer, (extension) => new FaultyConnection(this, socket, this.#rules, extension));
  }
}

function accept(
  socket: Socket,
  answer: (bytes: Buffer) => HandshakeAnswer | undefined,
  connect: (extension: AgreedExtension | undefined) => FaultyConnection,
): void {
  let bytes = Buffer.alloc(0);
  const end = () => void socket.end();
  const read = (segment: Buffer) => {
    bytes = Buffer.concat([bytes, segment]);
    const given = answer(bytes);
    if (!given) return;
    socket.off("data", read);
    socket.write(given.response);
    if (!given.accepted) return void socket.resume().end();
    const connection = connect(given.accepted.extension);
    socket.on("data", (more: Buffer) => connection.receive(more));
    socket.off("end", end);
    socket.on("end", () => connection.rules.peerEnded(connection));
    if (given.accepted.rest.length > 0) connection.receive(given.accepted.rest);
  };
  socket.on("data", read);
  socket.on("end", end);
}

/** Accepts the handshakes of RFC 6455 §4.2 and refuses the rest with 400. */
export const strictHandshake: Handshake = (bytes, negotiate) => {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const [line = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const headers = new Headers(lines.map((each): [string, string] => headerOf(each)));
  const key = headers.get("sec-websocket-key") ?? "";
  const right =
    /^GET \S+ HTTP\/1\.1$/.test(line) &&
    headers.get("upgrade")?.toLowerCase() === "websocket" &&
    /(^|,)\s*upgrade\s*(,|$)/i.test(headers.get("connection") ?? "") &&
    headers.get("sec-websocket-version") === "13" &&
    /^[\w+/]{22}==$/.test(key);
  if (!right)
    return { response: "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" };
  const extension = negotiate(headers.get("sec-websocket-extensions") ?? "");
  const response = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptOf(key)}`,
    ...(extension ? [`Sec-WebSocket-Extensions: ${extension.answer}`] : []),
  ];
  return {
    response: `${response.join("\r\n")}\r\n\r\n`,
    accepted: { rest: bytes.subarray(end + 4), extension },
  };
};

/** Returns the proof that the key was read: RFC 6455 §4.2.2, 5.4. */
export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

function headerOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}
