// The frames of RFC 6455 as bytes, independent of sockets and time. Encoding is lenient, because a test must be
// able to break every rule. Decoding is strict.

/** The type of a frame: RFC 6455 §5.2. The other values are reserved. */
export const Opcode = {
  Continuation: 0x0,
  Text: 0x1,
  Binary: 0x2,
  Close: 0x8,
  Ping: 0x9,
  Pong: 0xa,
} as const;

/** A received frame, its payload unmasked. */
export interface Frame {
  fin: boolean;
  rsv1: boolean;
  rsv2: boolean;
  rsv3: boolean;
  opcode: number;
  /** The four bytes of the masking key, if the frame was masked. */
  mask?: Uint8Array;
  payload: Uint8Array;
}

/** A frame to send. None of it needs to be legal. */
export interface FrameToSend {
  opcode: number;
  /** Default: true. */
  fin?: boolean;
  rsv1?: boolean;
  rsv2?: boolean;
  rsv3?: boolean;
  /** Four bytes. The payload is sent masked with them. */
  mask?: Uint8Array;
  payload?: Uint8Array;
  /** How many bytes extend the length field: 0, 2 or 8. Default: as few as possible, the only legal choice. */
  lengthBytes?: 0 | 2 | 8;
  /** The length that the header claims. Default: that of the payload. */
  claimedLength?: number | bigint;
}

/** A violation of RFC 6455. The message names the clause; `code` is what a peer answers (§7.4.1). */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: number;

  constructor(message: string, code = 1002) {
    super(message);
    this.code = code;
  }
}

/** Encodes one frame. */
export function encodeFrame(frame: FrameToSend): Uint8Array {
  const payload = frame.payload ?? new Uint8Array();
  const claimed = BigInt(frame.claimedLength ?? payload.length);
  const lengthBytes = frame.lengthBytes ?? minimalLengthBytes(claimed);
  const maskAt = 2 + lengthBytes;
  const payloadAt = maskAt + (frame.mask ? 4 : 0);
  const bytes = new Uint8Array(payloadAt + payload.length);
  bytes[0] = firstByte(frame);
  writeLength(bytes, claimed, lengthBytes);
  bytes.set(payload, payloadAt);
  if (!frame.mask) return bytes;
  bytes[1] = (bytes[1] ?? 0) | 0x80;
  bytes.set(frame.mask.subarray(0, 4), maskAt);
  applyMask(bytes.subarray(payloadAt), frame.mask);
  return bytes;
}

/** Returns a new masking key. It must not be guessable: RFC 6455 §5.3. */
export function randomMask(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(4));
}

/** XORs the payload with the key, in place. The same step masks and unmasks: RFC 6455 §5.3. */
export function applyMask(payload: Uint8Array, mask: Uint8Array): void {
  // Most of a large payload goes word by word, which is several times as fast. Words begin at multiples of 4 in the
  // buffer.
  const from = payload.length < 256 ? payload.length : -payload.byteOffset & 3;
  const count = (payload.length - from) >> 2;
  maskBytes(payload, mask, 0, from);
  if (count > 0) maskWords(new Uint32Array(payload.buffer, payload.byteOffset + from, count), mask, from);
  maskBytes(payload, mask, from + 4 * count, payload.length);
}

function maskBytes(payload: Uint8Array, mask: Uint8Array, from: number, to: number): void {
  for (let index = from; index < to; index++) {
    payload[index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
  }
}

// `from`: where in the payload the words begin, and so at which byte of the key.
function maskWords(words: Uint32Array, mask: Uint8Array, from: number): void {
  const key = Uint8Array.from({ length: 4 }, (_, index) => mask[(from + index) & 3] ?? 0);
  const [word = 0] = new Uint32Array(key.buffer);
  for (let index = 0; index < words.length; index++) words[index] = (words[index] ?? 0) ^ word;
}

/** The frames that a decoder accepts. */
export interface DecoderOptions {
  /**
   * Whether frames must be masked: a client's are, a server's are not (RFC 6455 §5.1). Default: either is accepted.
   */
  masked?: boolean;
  /** Whether RSV1 may be set, as permessage-deflate does: RFC 7692 §6. Default: no. */
  allowRsv1?: boolean;
  /** The largest payload, in bytes. A larger one is an error with code 1009. Default: unbounded. */
  maxPayload?: number;
}

interface Header extends Omit<Frame, "payload"> {
  headerBytes: number;
  payloadBytes: number;
}

/**
 * Turns bytes into frames, however they were cut. A violation is thrown after the frames before it were handed out,
 * and again on every later push, because the connection has to be failed (RFC 6455 §7.1.7).
 */
export class FrameDecoder {
  readonly #options: DecoderOptions;
  #buffer = new Uint8Array(1024);
  #start = 0;
  #end = 0;
  #header: Header | undefined;
  #error: ProtocolError | undefined;

  constructor(options: DecoderOptions = {}) {
    this.#options = options;
  }

  /** Reads the bytes at once. The frames they complete come as the result is iterated. */
  push(bytes: Uint8Array): Iterable<Frame> {
    this.#append(bytes);
    return this.#frames();
  }

  /** How many bytes belong to a frame that is not complete yet. */
  get pending(): number {
    return this.#end - this.#start;
  }

  *#frames(): Generator<Frame> {
    if (this.#error) throw this.#error;
    for (let frame = this.#next(); frame; frame = this.#next()) yield frame;
  }

  #next(): Frame | undefined {
    const bytes = this.#buffer.subarray(this.#start, this.#end);
    this.#header ??= this.#readHeader(bytes);
    if (!this.#header) return undefined;
    const { headerBytes, payloadBytes, ...header } = this.#header;
    if (bytes.length < headerBytes + payloadBytes) return undefined;
    const payload = bytes.slice(headerBytes, headerBytes + payloadBytes);
    if (header.mask) applyMask(payload, header.mask);
    this.#start += headerBytes + payloadBytes;
    this.#header = undefined;
    return { ...header, payload };
  }

  #readHeader(bytes: Uint8Array): Header | undefined {
    try {
      return readHeader(bytes, this.#options);
    } catch (error) {
      this.#error = error as ProtocolError;
      throw error;
    }
  }

  #append(bytes: Uint8Array): void {
    const pending = this.pending;
    if (this.#end + bytes.length > this.#buffer.length) {
      // Doubles the buffer, so that a large frame in small pieces is not copied once per piece.
      const size = Math.max(this.#buffer.length, 2 * (pending + bytes.length));
      const buffer = pending + bytes.length > this.#buffer.length ? new Uint8Array(size) : this.#buffer;
      buffer.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = buffer;
      this.#start = 0;
      this.#end = pending;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }
}

/** The content of a close frame. Code 1005 stands for an empty payload: RFC 6455 §7.1.5. */
export interface CloseInfo {
  code: number;
  reason: string;
}

/** Returns the payload of a close frame, empty without a code. Any code and any length of reason is accepted. */
export function encodeClose(code?: number, reason: string | Uint8Array = ""): Uint8Array {
  if (code === undefined) return new Uint8Array();
  const text = typeof reason === "string" ? new TextEncoder().encode(reason) : reason;
  const payload = new Uint8Array(2 + text.length);
  new DataView(payload.buffer).setUint16(0, code);
  payload.set(text, 2);
  return payload;
}

/** Parses the payload of a close frame. Throws if it breaks RFC 6455 §5.5.1 or §7.4. */
export function decodeClose(payload: Uint8Array, isAllowed = isWireCloseCode): CloseInfo {
  if (payload.length === 0) return { code: 1005, reason: "" };
  if (payload.length === 1) throw new ProtocolError("a close payload of one byte (RFC 6455 §5.5.1)");
  const code = new DataView(payload.buffer, payload.byteOffset).getUint16(0);
  if (!isAllowed(code)) throw new ProtocolError(`close code ${code} which must not be sent (RFC 6455 §7.4)`);
  return { code, reason: decodeUtf8(payload.subarray(2)) };
}

/**
 * Returns whether a close frame may carry the code. 1004 is reserved. 1005, 1006 and 1015 are for local use (RFC 6455
 * §7.4.1). 1012–1014 were added later in the IANA registry. 3000–4999 are free (§7.4.2).
 */
export function isWireCloseCode(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006);
}

/**
 * Returns whether a close frame may ever carry the code, now or once somebody has defined it. The codes of RFC 6455
 * §7.4.2 end with 4999, and three of them are for local use (§7.4.1).
 */
export function isConceivableCloseCode(code: number): boolean {
  return code >= 1000 && code <= 4999 && ![1005, 1006, 1015].includes(code);
}

/** Decodes UTF-8. Throws with code 1007 if the bytes are not UTF-8 (RFC 6455 §8.1). */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    // A byte order mark is text like any other.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ProtocolError("text that is not UTF-8 (RFC 6455 §8.1)", 1007);
  }
}

function firstByte(frame: FrameToSend): number {
  const flags = [frame.fin ?? true, frame.rsv1, frame.rsv2, frame.rsv3];
  return flags.reduce((byte, flag, index) => (flag ? byte | (0x80 >> index) : byte), frame.opcode & 0x0f);
}

function minimalLengthBytes(length: bigint): 0 | 2 | 8 {
  if (length < 126n) return 0;
  return length < 65_536n ? 2 : 8;
}

function writeLength(bytes: Uint8Array, length: bigint, lengthBytes: 0 | 2 | 8): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const short = { 0: Number(length & 0x7fn), 2: 126, 8: 127 };
  view.setUint8(1, short[lengthBytes]);
  if (lengthBytes === 2) view.setUint16(2, Number(length & 0xffffn));
  if (lengthBytes === 8) view.setBigUint64(2, length);
}

// Decodes the header, once it is complete. A violation is reported as soon as its byte is there.
function readHeader(bytes: Uint8Array, options: DecoderOptions): Header | undefined {
  const [first, second] = bytes;
  if (first === undefined) return undefined;
  const flags = readFlags(first, options);
  if (second === undefined) return undefined;
  const masked = (second & 0x80) !== 0;
  checkMask(masked, options);
  if (isControl(flags.opcode) && (second & 0x7f) > 125) {
    throw new ProtocolError("a control frame of more than 125 bytes (RFC 6455 §5.5)");
  }
  const length = readLength(bytes, second & 0x7f);
  if (!length) return undefined;
  if (length.payloadBytes > (options.maxPayload ?? Number.MAX_SAFE_INTEGER)) {
    throw new ProtocolError(
      `a payload of ${length.payloadBytes} bytes, where the limit is ${options.maxPayload}`,
      1009,
    );
  }
  if (!masked) return { ...flags, ...length };
  const headerBytes = length.headerBytes + 4;
  if (bytes.length < headerBytes) return undefined;
  return { ...flags, ...length, mask: bytes.slice(length.headerBytes, headerBytes), headerBytes };
}

function readFlags(first: number, options: DecoderOptions) {
  const flags = {
    fin: (first & 0x80) !== 0,
    rsv1: (first & 0x40) !== 0,
    rsv2: (first & 0x20) !== 0,
    rsv3: (first & 0x10) !== 0,
    opcode: first & 0x0f,
  };
  if ((flags.rsv1 && !options.allowRsv1) || flags.rsv2 || flags.rsv3) {
    throw new ProtocolError("a reserved bit without an extension for it (RFC 6455 §5.2)");
  }
  if (!isKnown(flags.opcode)) throw new ProtocolError(`reserved opcode ${flags.opcode} (RFC 6455 §5.2)`);
  if (!isControl(flags.opcode)) return flags;
  if (!flags.fin) throw new ProtocolError("a fragmented control frame (RFC 6455 §5.5)");
  // Only data frames are compressed: RFC 7692 §6.1.
  if (flags.rsv1) throw new ProtocolError("RSV1 on a control frame (RFC 7692 §6.1)");
  return flags;
}

function checkMask(masked: boolean, options: DecoderOptions): void {
  if (options.masked === undefined || options.masked === masked) return;
  throw new ProtocolError(`${masked ? "a masked" : "an unmasked"} frame (RFC 6455 §5.1)`);
}

function readLength(
  bytes: Uint8Array,
  short: number,
): { headerBytes: number; payloadBytes: number } | undefined {
  if (short < 126) return { headerBytes: 2, payloadBytes: short };
  const headerBytes = short === 126 ? 4 : 10;
  if (bytes.length < headerBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = short === 126 ? BigInt(view.getUint16(2)) : view.getBigUint64(2);
  if (length >> 63n) throw new ProtocolError("a length with its highest bit set (RFC 6455 §5.2)");
  if (minimalLengthBytes(length) !== headerBytes - 2) {
    throw new ProtocolError(`length ${length} in ${headerBytes - 2} bytes, not the fewest (RFC 6455 §5.2)`);
  }
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw new ProtocolError(`a payload of ${length} bytes`, 1009);
  return { headerBytes, payloadBytes: Number(length) };
}

function isControl(opcode: number): boolean {
  return opcode >= 0x8;
}

function isKnown(opcode: number): boolean {
  return opcode <= Opcode.Binary || (opcode >= Opcode.Close && opcode <= Opcode.Pong);
}
