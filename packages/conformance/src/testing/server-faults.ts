// What can be wrong with a server, and which cases must find it. Each fault replaces a rule or two.

import {
  Failure,
  type FaultyConnection,
  type OutgoingFrame,
  opcodes,
  type Rules,
  strict,
  type UnfinishedMessage,
} from "./faulty-server.ts";
import { anything, type ByteRanges, type Validator, validator, wellFormed } from "./utf8-validator.ts";

/** A fault of a server. */
export interface ServerFault {
  rules: Partial<Rules>;
  /** The cases or families that must find it: at least one of each. */
  red: readonly string[];
  /** Neighbouring cases, which must still pass. */
  green?: readonly string[];
  /** Default: `fail`. */
  turns?: "non-strict" | "info";
}

const { continuation, text, binary, close, ping, pong } = opcodes;

// RFC 6455 §7.1.7 without its close frame.
const drop = (_code: number, connection: FaultyConnection) => connection.end();

// The check at the start of a run: an endpoint that does not echo is not judged at all.
function isQuestion(data: Buffer): boolean {
  return `${data}` === "Does this endpoint echo?";
}

function sameKind(change: (data: Buffer) => Buffer): Rules["echo"] {
  return (opcode, data) => ({ opcode, data: change(data) });
}

function changedText(change: (text: string) => string): Rules["echo"] {
  return (opcode, data) => ({ opcode, data: opcode === text ? Buffer.from(change(`${data}`)) : data });
}

const framing: Record<string, ServerFault> = {
  "accepts frames that are not masked": {
    rules: { mustBeMasked: () => false },
    red: ["1.6.1", "1.6.2", "1.6.3", "1.6.4", "1.6.5", "1.6.7"],
    green: ["1.5"],
  },
  "requires a mask on the first frame only": {
    rules: { mustBeMasked: (_opcode, frameNumber) => frameNumber === 0 },
    red: ["1.6.7"],
    green: ["1.6.1", "1.6.4"],
  },
  "accepts control frames that are not masked": {
    rules: { mustBeMasked: (opcode) => opcode < close },
    red: ["1.6.4", "1.6.5"],
    green: ["1.6.1", "1.6.7"],
  },
  "accepts close frames that are not masked": {
    rules: { mustBeMasked: (opcode) => opcode !== close },
    red: ["1.6.6"],
    green: ["1.6.1", "1.6.4"],
    turns: "non-strict",
  },
  "reads a length of 16 bits with its low byte first": {
    rules: {
      readLength: (extended, connection) =>
        extended.length === 2 ? extended.readUInt16LE() : strict.readLength(extended, connection),
    },
    red: ["1.1.5"],
    green: ["1.1.4", "1.1.13"],
  },
  "treats a length of 125 as an extended one": {
    rules: { extendedBy: (short) => (short === 125 ? 2 : strict.extendedBy(short)) },
    red: ["1.1.4", "1.2.4"],
    green: ["1.1.3", "1.1.5"],
  },
  "writes a length of 126 in 7 bits": {
    rules: { writeLength: (length) => (length === 126 ? Buffer.of(length) : strict.writeLength(length)) },
    red: ["1.1.5", "1.2.5"],
    green: ["1.1.4", "1.1.6"],
  },
  "writes a length of 125 in 16 bits": {
    rules: {
      writeLength: (length) => (length === 125 ? Buffer.of(126, 0, 125) : strict.writeLength(length)),
    },
    red: ["1.1.4"],
    green: ["1.1.3", "1.1.5"],
  },
  "writes a length of 65,536 in 16 bits": {
    rules: {
      writeLength: (length) => (length === 65_536 ? Buffer.of(126, 0, 0) : strict.writeLength(length)),
    },
    red: ["1.1.13", "1.2.13"],
    green: ["1.1.12", "1.1.14"],
  },
  "writes every length in 64 bits": {
    rules: { writeLength: (length) => Buffer.of(127, 0, 0, 0, 0, 0, length >> 16, length >> 8, length) },
    red: ["1.1.1", "1.1.12"],
  },
  "reads the last 16 of 64 bits of a length": {
    rules: {
      readLength: (extended, connection) =>
        extended.length === 8 ? extended.readUInt16BE(6) : strict.readLength(extended, connection),
    },
    red: ["1.1.14"],
    green: ["1.1.12"],
  },
  "ignores a length's highest bit": {
    rules: {
      readLength: (extended) =>
        extended.length === 8 ? Number(extended.readBigUInt64BE() & ~(1n << 63n)) : extended.readUInt16BE(),
    },
    red: ["1.4.1"],
  },
  "waits for a payload of any length": {
    rules: {
      maxPayload: Number.POSITIVE_INFINITY,
      readLength: (extended) => Number(`0x${extended.toString("hex")}`),
    },
    red: ["1.4.1", "1.4.2"],
  },
  "accepts lengths in more bytes than necessary": {
    rules: { readLength: (extended) => Number(`0x${extended.toString("hex")}`) },
    red: ["1.3"],
    turns: "non-strict",
  },
  "accepts lengths in more bytes than necessary, and misreads them": {
    rules: {
      readLength(extended) {
        const length = Number(`0x${extended.toString("hex")}`);
        return length < (extended.length === 2 ? 126 : 65_536) ? length - 1 : length;
      },
    },
    red: ["1.3"],
    green: ["1.1"],
  },
  "restarts the masking key in each piece": {
    rules: { unmask: (piece, mask) => strict.unmask(piece, mask, 0) },
    red: ["8.2", "8.3", "8.10"],
    green: ["1.1.2", "8.8.1", "8.8.2"],
  },
  "leaves the bytes after the last whole group of four masked": {
    rules: {
      unmask: (piece, mask, at) => strict.unmask(piece.subarray(0, piece.length & ~3), mask, at),
    },
    red: ["1.1.2", "1.5.5"],
  },
  "treats a masking key of zeros as no mask": {
    rules: {
      begin(header, connection) {
        if (header.mask.readUInt32BE() === 0) throw new Failure(1002);
        strict.begin(header, connection);
      },
    },
    red: ["1.5.1", "1.5.2"],
    green: ["1.5.3"],
  },
  "masks what it sends": {
    rules: { send: (frame) => ({ ...frame, mask: Buffer.of(1, 2, 3, 4) }) },
    red: ["1.1.2"],
  },
  "sets a reserved bit in what it sends": {
    rules: { send: (frame) => ({ ...frame, rsv: 1 }) },
    red: ["1.1.2"],
  },
  "answers text with binary": {
    rules: { echo: (_opcode, data) => ({ opcode: binary, data }) },
    red: ["1.1.1", "1.1.14"],
    green: ["1.2"],
  },
  "loses a byte at the 64 KiB boundary": {
    rules: {
      echo: sameKind((data) => Buffer.concat([data.subarray(0, 65_535), data.subarray(65_536)])),
    },
    red: ["1.1.13", "1.2.14"],
    green: ["1.1.12"],
  },
  "swaps two bytes at the 64 KiB boundary": {
    rules: {
      echo: sameKind((data) => (data.length > 65_536 ? data.fill(data[65_535] ?? 0, 65_536, 65_537) : data)),
    },
    red: ["1.1.14", "1.2.14"],
    green: ["1.1.13"],
  },
  "does not answer empty messages": {
    rules: { echo: (opcode, data) => (data.length === 0 ? undefined : { opcode, data }) },
    red: ["1.1.1", "1.2.1"],
    green: ["1.1.2"],
  },
  "answers each message twice": {
    rules: { carry: (opcode, payload) => [...strict.carry(opcode, payload), { opcode, payload }] },
    red: ["1.1.2"],
  },
};

// Handles the frame as one without reserved bits.
const clear: Rules["begin"] = (header, connection) => strict.begin({ ...header, rsv: 0 }, connection);

function isKnown(opcode: number): boolean {
  return Object.values<number>(opcodes).includes(opcode);
}

const reserved: Record<string, ServerFault> = {
  "accepts any reserved bit": {
    rules: { allowsReserved: () => true, begin: clear },
    red: ["3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.8"],
  },
  "accepts the second and third reserved bits": {
    rules: { allowsReserved: (rsv) => rsv < 4, begin: clear },
    red: ["3.1.1", "3.1.2", "3.5.1"],
    green: ["3.1.4", "3.1.7"],
  },
  "accepts reserved bits on control frames": {
    rules: { allowsReserved: (rsv, opcode) => rsv === 0 || opcode >= close },
    red: ["3.5", "3.6"],
    green: ["3.1", "3.3"],
  },
  "accepts reserved bits on close frames": {
    rules: { allowsReserved: (rsv, opcode) => rsv === 0 || opcode === close },
    red: ["3.7"],
    green: ["3.1", "3.5"],
    turns: "non-strict",
  },
  "accepts reserved bits on continuations": {
    rules: { allowsReserved: (rsv, opcode) => rsv === 0 || opcode === continuation, begin: clear },
    red: ["3.3", "3.4"],
    green: ["3.1", "3.5"],
  },
  "skips control frames with reserved opcodes": {
    rules: { knows: (opcode) => opcode > pong || isKnown(opcode) },
    red: ["4.1.6", "4.2.10", "4.4.6"],
    green: ["4.1.1", "4.4.1"],
  },
  "treats data with reserved opcodes as binary": {
    rules: {
      knows: (opcode) => opcode < close || isKnown(opcode),
      begin: (header, connection) =>
        strict.begin({ ...header, opcode: Math.min(header.opcode, binary) }, connection),
    },
    red: ["4.1.1", "4.2.5"],
    green: ["4.1.6"],
  },
  "treats data with reserved opcodes inside a message as continuations": {
    rules: {
      knows: (opcode, { message }) => (message !== undefined && opcode < close) || isKnown(opcode),
      begin: (header, connection) =>
        strict.begin(header.opcode > binary ? { ...header, opcode: continuation } : header, connection),
    },
    red: ["4.4.1", "4.4.5"],
    green: ["4.1", "4.4.6"],
  },
};

function answer(change: (payload: Buffer) => Buffer): Rules["ping"] {
  return (payload, connection) => connection.send({ opcode: pong, payload: change(payload) });
}

const control: Record<string, ServerFault> = {
  "never answers a ping": { rules: { ping: () => {} }, red: ["2.1"] },
  "answers pings with empty pongs": {
    rules: { ping: answer(() => Buffer.alloc(0)) },
    red: ["2.1", "2.2"],
    green: ["2.1.1"],
  },
  "cuts the payload of a ping at 64 bytes": {
    rules: { ping: answer((payload) => payload.subarray(0, 64)) },
    red: ["2.1.4"],
    green: ["2.1.1", "2.2.1"],
  },
  "treats the payload of a ping as text": {
    rules: { ping: answer((payload) => Buffer.from(`${payload}`)) },
    red: ["2.2.2"],
    green: ["2.2.1"],
  },
  "answers only pings with a payload": {
    rules: { ping: (payload, connection) => void (payload.length > 0 && strict.ping(payload, connection)) },
    red: ["2.1.1"],
    green: ["2.1.2"],
  },
  "answers a ping with a ping": {
    rules: { ping: (payload, connection) => connection.send({ opcode: ping, payload }) },
    red: ["2.1"],
  },
  "answers each ping twice": {
    rules: {
      ping(payload, connection) {
        strict.ping(payload, connection);
        strict.ping(payload, connection);
      },
    },
    red: ["2.1"],
  },
  "answers a pong with a pong": {
    rules: { pong: (payload, connection) => connection.send({ opcode: pong, payload }) },
    red: ["2.5"],
    green: ["2.1"],
  },
  "answers each pong with two pings": {
    rules: {
      pong(payload, connection) {
        connection.send({ opcode: ping, payload });
        connection.send({ opcode: ping, payload });
      },
    },
    red: ["2.5.5"],
    green: ["2.1"],
  },
  "fails the connection because of an unsolicited pong": {
    rules: { pong: (_payload, connection) => strict.fail(1002, connection) },
    red: ["2.5"],
    green: ["2.1"],
  },
  "answers a ping after the message in progress": {
    rules: {
      ping: (payload, connection) => {
        if (connection.message) connection.late.push({ opcode: pong, payload });
        else strict.ping(payload, connection);
      },
      complete(header, connection) {
        strict.complete(header, connection);
        if (!header.fin) return;
        for (const frame of connection.late.splice(0)) connection.send(frame);
      },
    },
    red: ["2.7.4", "2.7.5"],
    green: ["2.1"],
  },
  "answers the first of several pings": {
    rules: {
      ping: (payload, connection) => {
        if (connection.frames === 1) strict.ping(payload, connection);
      },
    },
    red: ["2.6"],
    green: ["2.1"],
  },
  "accepts control frames of any length": {
    rules: { maxControl: Number.POSITIVE_INFINITY },
    red: ["2.3.1", "2.3.2"],
    green: ["2.1"],
  },
  "accepts control frames in fragments": {
    rules: { allowsFragmentedControl: true },
    red: ["2.4.1"],
    green: ["2.1"],
  },
  "forgets the message in progress when a ping comes": {
    rules: {
      ping: (payload, connection) => {
        connection.message = undefined;
        strict.ping(payload, connection);
      },
    },
    red: ["2.7.1", "6.5.15"],
    green: ["2.1", "6.5.14"],
  },
  "puts the payload of a ping into the message in progress": {
    rules: {
      ping: (payload, connection) => {
        connection.message?.parts.push(payload);
        strict.ping(payload, connection);
      },
    },
    red: ["2.7.1", "6.5.15"],
    green: ["2.1", "6.5.14"],
  },
};

function continued(
  change: (message: UnfinishedMessage, connection: FaultyConnection) => void,
): Rules["begin"] {
  return (header, connection) => {
    strict.begin(header, connection);
    if (header.opcode === continuation && connection.message) change(connection.message, connection);
  };
}

const fragmentation: Record<string, ServerFault> = {
  "treats a fragmented text as binary": {
    rules: {
      begin: continued((message) => {
        message.opcode = binary;
      }),
    },
    red: ["5.1.1", "6.5"],
    green: ["5.1.4", "5.2", "6.1"],
  },
  "keeps only the last fragment": {
    rules: { begin: continued((message) => void message.parts.splice(0)) },
    red: ["5.1.1", "5.1.3", "6.5"],
    green: ["6.1"],
  },
  "treats a continuation without a message as one": {
    rules: {
      begin: (header, connection) => {
        const lost = header.opcode === continuation && !connection.message;
        strict.begin(lost ? { ...header, opcode: text } : header, connection);
      },
    },
    red: ["5.4.1", "5.4.9"],
    green: ["5.5", "5.1"],
  },
  "skips a continuation without a message": {
    rules: {
      begin: (header, connection) => {
        if (header.opcode !== continuation || connection.message) strict.begin(header, connection);
      },
    },
    red: ["5.4.1", "5.4.3", "5.4.5", "5.4.7"],
    green: ["5.5", "5.1"],
  },
  "begins a new message inside another": {
    rules: {
      begin: (header, connection) => {
        if (header.opcode !== continuation) connection.message = undefined;
        strict.begin(header, connection);
      },
    },
    red: ["5.5.1", "5.5.7", "5.5.9"],
    green: ["5.4", "5.1"],
  },
  "treats a new message inside another as its continuation": {
    rules: {
      begin: (header, connection) =>
        strict.begin(connection.message ? { ...header, opcode: continuation } : header, connection),
    },
    red: ["5.5.1", "5.5.3", "5.5.10"],
    green: ["5.4", "5.1"],
  },
  "treats each fragment as a message": {
    rules: {
      begin: (header, connection) => connection.open(header.opcode || text, false),
      complete: (_header, connection) => connection.deliver(),
    },
    red: ["5.1.1", "5.4.1"],
    green: ["6.1"],
  },
  "overlooks FIN on an empty fragment": {
    rules: {
      complete: (header, connection) => {
        if (header.length > 0 || header.opcode !== continuation) strict.complete(header, connection);
      },
    },
    red: ["5.2.3", "5.2.4", "6.4.3"],
    green: ["5.2.1", "6.5.1"],
  },
  "treats an empty first fragment as no message": {
    rules: {
      begin: (header, connection) => {
        const nothing = connection.message?.parts.every((part) => part.length === 0);
        if (header.opcode === continuation && nothing) throw new Failure(1002);
        strict.begin(header, connection);
      },
    },
    red: ["5.2.1", "5.2.4", "6.4.2"],
    green: ["5.1.1", "5.2.3"],
  },
  "gives every fragment of an answer the opcode of the first": {
    rules: { carry: (opcode, data) => halves(data, opcode, opcode) },
    red: ["1.1.2"],
  },
  "never sets FIN on the last fragment of an answer": {
    rules: {
      carry: (opcode, data) => halves(data, opcode, continuation).map((each) => ({ ...each, fin: false })),
    },
    red: ["1.1.2"],
  },
};

function halves(data: Buffer, first: number, second: number): OutgoingFrame[] {
  const middle = data.length >> 1;
  return [
    { opcode: first, payload: data.subarray(0, middle), fin: false },
    { opcode: second, payload: data.subarray(middle) },
  ];
}

const tail = [0x80, 0xbf] as const;

const overlong: ByteRanges[] = [
  [[0xc0, 0xc1], tail],
  [[0xe0, 0xe0], [0x80, 0x9f], tail],
  [[0xf0, 0xf0], [0x80, 0x8f], tail, tail],
];
const surrogates: ByteRanges[] = [[[0xed, 0xed], [0xa0, 0xbf], tail]];
const pairs: ByteRanges[] = [[[0xed, 0xed], [0xa0, 0xaf], tail, [0xed, 0xed], [0xb0, 0xbf], tail]];
const tooHigh: ByteRanges[] = [
  [[0xf4, 0xf4], [0x90, 0xbf], tail, tail],
  [[0xf5, 0xf7], tail, tail, tail],
];
const longer: ByteRanges[] = [
  [[0xf8, 0xfb], tail, tail, tail, tail],
  [[0xfc, 0xfd], tail, tail, tail, tail, tail],
];

function takes(rows: ByteRanges[]): Partial<Rules> {
  return { text: () => validator([...wellFormed, ...rows]) };
}

// Correct except for some characters.
function refusing(pattern: RegExp): Partial<Rules> {
  return {
    text: () => {
      const check = validator();
      let whole = Buffer.alloc(0);
      return {
        push(bytes) {
          whole = Buffer.concat([whole, bytes]);
          return check.push(bytes);
        },
        complete: () => check.complete() && !pattern.test(`${whole}`),
      };
    },
  };
}

function unended(check: Validator): Validator {
  return { push: check.push, complete: () => true };
}

// Reports nothing before the end.
function late(): Validator {
  const check = validator();
  let right = true;
  return {
    push(bytes) {
      right &&= check.push(bytes);
      return true;
    },
    complete: () => right && check.complete(),
  };
}

const everyClass = ["6.7", "6.8", "6.9", "6.10", "6.11", "6.12", "6.13", "6.14", "6.15"];

const utf8: Record<string, ServerFault> = {
  "does not check whether text is UTF-8": {
    rules: { text: () => anything },
    red: [...everyClass, "6.16", "6.17"],
    green: ["6.1", "6.5", "6.18", "6.19"],
  },
  "replaces invalid UTF-8 with U+FFFD": {
    rules: { text: () => anything, echo: changedText((text) => text) },
    red: everyClass,
    green: ["6.1", "6.5", "6.18"],
  },
  "checks each fragment separately": {
    rules: {
      complete: (header, connection) => {
        const { message } = connection;
        if (message?.opcode === text && !message.text.complete()) throw new Failure(1007);
        strict.complete(header, connection);
      },
    },
    red: ["6.5"],
    green: ["6.5.12", "6.6", "6.12"],
  },
  "checks each segment separately": {
    rules: {
      piece: (piece, message, connection) => {
        strict.piece(piece, message, connection);
        if (message.opcode === text && !message.text.complete()) throw new Failure(1007);
      },
    },
    red: ["6.6"],
    green: ["6.5.12", "6.12"],
  },
  "accepts overlong sequences": {
    rules: takes(overlong),
    red: ["6.9.1", "6.9.2", "6.9.3", "6.9.4", "6.9.5", "6.9.6", "6.9.7", "6.9.8", "6.9.9"],
    green: ["6.9.10", "6.10", "6.11"],
  },
  "accepts overlong zeros, as Java writes them": {
    rules: takes([
      [
        [0xc0, 0xc0],
        [0x80, 0x80],
      ],
    ]),
    red: ["6.9.3"],
    green: ["6.9.1", "6.9.6", "6.8"],
  },
  "accepts surrogates": {
    rules: takes(surrogates),
    red: ["6.10.1", "6.10.4", "6.10.5", "6.10.7", "6.10.8", "6.10.10"],
    green: ["6.9", "6.11"],
  },
  "accepts surrogates in pairs": {
    rules: takes(pairs),
    red: ["6.10.8", "6.10.9"],
    green: ["6.10.1", "6.10.5", "6.10.10"],
  },
  "accepts code points above U+10FFFF": {
    rules: takes(tooHigh),
    red: ["6.11.1", "6.11.2", "6.11.3", "6.11.4"],
    green: ["6.8", "6.9", "6.10"],
  },
  "accepts sequences of five and six bytes": {
    rules: takes(longer),
    red: ["6.9.10", "6.9.13", "6.11.5", "6.11.8"],
    green: ["6.8", "6.11.1"],
  },
  "treats bytes above F4 as Latin letters": {
    rules: takes([[[0xf5, 0xff]]]),
    red: ["6.8.3", "6.8.13"],
    green: ["6.8.1", "6.9.1"],
  },
  "accepts any byte after the first of a character": {
    rules: takes([
      [
        [0xc2, 0xdf],
        [0, 0xff],
      ],
      [
        [0xe1, 0xef],
        [0, 0xff],
        [0, 0xff],
      ],
    ]),
    red: ["6.13.1", "6.13.3", "6.13.5"],
    green: ["6.7", "6.13.7", "6.12"],
  },
  "does not check whether the last character is complete": {
    rules: { text: () => unended(validator()) },
    red: ["6.12.1", "6.12.6", "6.14.23", "6.15.4", "6.15.5"],
    green: ["6.13", "6.14.1"],
  },
  "carries a character from one message to the next": {
    rules: { begin: carryingOver() },
    red: ["6.15.7"],
    green: ["6.13"],
  },
  "checks only the first fragment": {
    rules: {
      piece: (piece, message, connection) => {
        if (message.parts.length === 0) strict.piece(piece, message, connection);
        else message.parts.push(piece);
      },
    },
    red: ["6.15.2", "6.15.3"],
    green: ["6.15.1", "6.13"],
  },
  "checks only the last fragment": {
    rules: {
      text: late,
      begin: continued((message) => {
        message.text = late();
      }),
    },
    red: ["6.15.1", "6.15.2"],
    green: ["6.15.3", "6.13"],
  },
  "checks only whole words of eight bytes": {
    rules: {
      text: () => ({
        push: (bytes) => validator().push(bytes.subarray(0, bytes.length & ~7)),
        complete: () => true,
      }),
    },
    red: ["6.14.1", "6.14.2", "6.14.4", "6.14.16"],
    green: ["6.14.3", "6.14.6"],
  },
  "checks only the first 64 KiB": {
    rules: {
      piece: (piece, message, connection) => {
        const before = message.parts.reduce((sum, part) => sum + part.length, 0);
        if (before < 65_536) strict.piece(piece, message, connection);
        else message.parts.push(piece);
      },
    },
    red: ["6.14.22"],
    green: ["6.14.20"],
  },
  "also checks binary messages": {
    rules: {
      piece: (piece, message, connection) => {
        if (!message.text.push(piece)) throw new Failure(1007);
        strict.piece(piece, { ...message, text: anything }, connection);
      },
    },
    red: ["6.18.1", "6.18.2"],
    green: ["6.1"],
  },
  "refuses noncharacters": {
    rules: refusing(/\p{Noncharacter_Code_Point}/u),
    red: ["6.2.1", "6.2.2", "6.2.3", "6.1.12", "6.1.18"],
    green: ["6.1.11"],
  },
  "refuses code points above U+FFFF": {
    rules: refusing(/[\u{10000}-\u{10ffff}]/u),
    red: ["6.1.13", "6.1.18"],
    green: ["6.1.12"],
  },
  "treats U+FFFD as a fault": { rules: refusing(/\ufffd/u), red: ["6.3.4"], green: ["6.2", "6.12"] },
  "ends a text at a zero": {
    rules: { echo: changedText((text) => text.split("\0", 1)[0] ?? "") },
    red: ["6.1.1", "6.3.1"],
    green: ["6.3.2"],
  },
  "drops a byte order mark": {
    rules: { echo: changedText((text) => text.replace(/^\ufeff/, "")) },
    red: ["6.3.2", "6.3.3"],
    green: ["6.3.4"],
  },
  "trims texts": { rules: { echo: changedText((text) => text.trim()) }, red: ["6.3.7"], green: ["6.3.1"] },
  "normalizes texts": {
    rules: { echo: changedText((text) => text.normalize()) },
    red: ["6.3.8"],
    green: ["6.4.1"],
  },
  "changes line endings": {
    rules: { echo: changedText((text) => text.replace(/\r\n?/g, "\n")) },
    red: ["6.3.6"],
    green: ["6.3.7"],
  },
  "does not check the reasons of close frames": {
    rules: { allowsReason: () => true },
    red: ["6.19.5", "6.19.7", "6.19.9", "6.19.12", "6.19.13"],
    green: ["6.13", "6.19.1"],
    turns: "non-strict",
  },
  "notices invalid UTF-8 only when the message is complete": {
    rules: { text: late },
    red: ["6.16", "6.17"],
    green: [...everyClass, "6.5"],
    turns: "non-strict",
  },
  "closes with 1002 for invalid UTF-8": {
    rules: { fail: (code, connection) => strict.fail(code === 1007 ? 1002 : code, connection) },
    red: everyClass,
    turns: "non-strict",
  },
};

// A character that begins in one text is continued in the next.
function carryingOver(): Rules["begin"] {
  const validators = new WeakMap<FaultyConnection, Validator>();
  return (header, connection) => {
    strict.begin(header, connection);
    if (connection.message?.opcode !== text) return;
    const carried = validators.get(connection) ?? unended(validator());
    validators.set(connection, carried);
    connection.message.text = carried;
  };
}

// Ends TCP, but not at once.
function later(connection: FaultyConnection): void {
  setImmediate(() => connection.end());
}

const closing: Record<string, ServerFault> = {
  "answers close codes that nobody may send": {
    rules: { allowsCode: () => true },
    red: ["7.7", "7.8"],
    green: ["7.4"],
  },
  "accepts close codes that are for local use": {
    rules: { allowsCode: (code) => [1005, 1006, 1015].includes(code) || strict.allowsCode(code) },
    red: ["7.7.1", "7.7.2", "7.7.3"],
    green: ["7.8", "7.9"],
  },
  "accepts close codes that nobody has defined": {
    rules: { allowsCode: (code) => code >= 1000 && ![1005, 1006, 1015].includes(code) },
    red: ["7.9.1", "7.9.2", "7.9.3", "7.9.4", "7.9.5"],
    green: ["7.7", "7.8"],
    turns: "non-strict",
  },
  "refuses the close codes of applications": {
    rules: { allowsCode: (code) => code < 3000 && strict.allowsCode(code) },
    red: ["7.5.1", "7.5.4"],
    green: ["7.4"],
  },
  "never answers a close frame": { rules: { close: () => {} }, red: ["1.1.1", "7"] },
  "drops the connection when a close frame comes": {
    rules: { close: (_payload, connection) => connection.end() },
    red: ["1.1.1", "7.1.1", "7.4.1"],
  },
  "answers a close frame without its code": {
    rules: {
      close(_payload, connection) {
        connection.send({ opcode: close, payload: Buffer.alloc(0) });
        connection.end();
      },
    },
    red: ["1.1.1"],
    turns: "non-strict",
  },
  "answers every close frame with 1001": {
    rules: {
      close(_payload, connection) {
        connection.send({ opcode: close, payload: Buffer.of(3, 233) });
        connection.end();
      },
    },
    red: ["1.1.1"],
    turns: "non-strict",
  },
  "accepts a close payload of one byte": {
    rules: {
      close: (payload, connection) =>
        strict.close(payload.length === 1 ? Buffer.alloc(0) : payload, connection),
    },
    red: ["7.3.4"],
    green: ["7.3.1", "6.19"],
    turns: "non-strict",
  },
  "leaves TCP open after both close frames": {
    rules: {
      end: (connection) => {
        connection.over = true;
      },
    },
    red: ["1.1.1", "7.1.1"],
  },
  "answers messages that come after a close frame": {
    rules: { end: later },
    red: ["7.2.2", "7.2.3"],
    green: ["7.1.1", "7.2.4"],
  },
  "answers a ping that comes after a close frame": {
    rules: { end: later, echo: (opcode, data) => (isQuestion(data) ? { opcode, data } : undefined) },
    red: ["7.1.5", "7.2.7"],
    green: ["7.1.1", "7.2.4"],
    turns: "non-strict",
  },
  "sends a frame after its close frame": {
    rules: {
      end(connection) {
        connection.send({ opcode: ping, payload: Buffer.from("bye") });
        connection.end();
      },
    },
    red: ["1.1.1", "7.1.1"],
  },
  "answers a close frame only after the message in progress": {
    rules: {
      close: (payload, connection) => {
        if (!connection.message) strict.close(payload, connection);
      },
    },
    red: ["7.1.6"],
    green: ["6.19.1", "7.1.5"],
  },
  "keeps its half of TCP open when the peer ends the other": {
    rules: { peerEnded: () => {} },
    red: ["7.10.2", "7.10.4"],
    green: ["7.10.1"],
    turns: "non-strict",
  },
  "delivers an incomplete message when the peer ends TCP": {
    rules: {
      peerEnded(connection) {
        connection.deliver();
        connection.end();
      },
    },
    red: ["7.10.5", "7.10.6"],
    green: ["7.10.3", "7.10.4"],
  },
  "fails without a close frame": { rules: { fail: drop }, red: ["6.7"], turns: "non-strict" },
  "fails with the code of a normal closure": {
    rules: { fail: (_code, connection) => strict.fail(1000, connection) },
    red: ["6.7"],
    turns: "non-strict",
  },
  "fails the connection with a close frame, and leaves TCP open": {
    rules: {
      fail(code, connection) {
        connection.send({ opcode: close, payload: Buffer.of(code >> 8, code & 0xff) });
        connection.over = true;
      },
    },
    red: ["6.7.1"],
  },
};

// Until then everything else goes on.
function muchLater(act: () => void): void {
  setTimeout(act, 700);
}

const forgiven: Record<string, ServerFault> = {
  "skips what it must fail the connection for, and goes on": {
    rules: {
      readLength: (extended) => Number(`0x${extended.toString("hex")}`),
      complete(header, connection) {
        const isShort = header.length < 126 && connection.extendedBy > 0;
        if (isShort) connection.message = undefined;
        else strict.complete(header, connection);
      },
    },
    red: ["1.3"],
    green: ["1.1.1", "1.1.5"],
  },
  "answers a second ping with a different pong": {
    rules: {
      ping: (payload, connection) =>
        connection.send({ opcode: pong, payload: connection.frames === 1 ? payload : Buffer.from("alive") }),
    },
    red: ["2.6.1", "2.6.4"],
    green: ["2.1"],
  },
  "fails the connection long after the fault, and answers until then": {
    rules: {
      allowsReserved(rsv, _opcode, connection) {
        if (rsv !== 0) muchLater(() => strict.fail(1002, connection));
        return true;
      },
    },
    red: ["3.6"],
    green: ["1.1"],
  },
  "echoes only after its close frame": {
    rules: {
      complete(header, connection) {
        if (!header.fin || !connection.message) return;
        const { opcode, parts } = connection.message;
        if (isQuestion(Buffer.concat(parts))) return strict.complete(header, connection);
        connection.message = undefined;
        connection.late.push({ opcode, payload: Buffer.concat(parts) });
      },
      end(connection) {
        for (const frame of connection.late.splice(0)) connection.send(frame);
        connection.end();
      },
    },
    red: ["1.1.2", "1.2.2"],
    green: ["2.1"],
  },
  "closes with 1015": {
    rules: { fail: (_code, connection) => strict.fail(1015, connection) },
    red: ["3.1.1", "5.4.1", "6.7.1"],
    green: ["1.1"],
  },
  "closes with a meaningless code and garbage": {
    rules: {
      close(_payload, connection) {
        connection.send({ opcode: close, payload: Buffer.from("by\x01\x02\x03") });
        connection.end();
      },
    },
    red: ["1.1.2", "7.3.2"],
  },
  "adds bytes that nobody sent to its answers": {
    rules: {
      echo: sameKind((data) => (isQuestion(data) ? data : Buffer.concat([data, Buffer.from("secret!")]))),
    },
    red: ["1.1.2", "1.2.4"],
    green: ["2.1"],
  },
  "answers a single message without end": {
    rules: {
      echo(opcode, data) {
        const length = isQuestion(data) ? data.length : 2 * 1024 * 1024;
        return { opcode, data: Buffer.alloc(length, data) };
      },
    },
    red: ["1.1.2"],
    green: ["2.1"],
  },
};

const delivery: Record<string, ServerFault> = {
  "reads one frame of each segment": {
    rules: { framesPerSegment: 1 },
    red: ["8.1.1", "8.8.1"],
    green: ["1.1"],
  },
  "reads a hundred frames of each segment": {
    rules: { framesPerSegment: 100 },
    red: ["8.8.2", "8.8.3"],
    green: ["8.1.1", "8.8.1"],
  },
  "forgets a header that is cut": {
    rules: { segment: (_left, segment) => segment },
    red: ["8.1.2", "8.2.1", "8.2.9", "8.2.22", "8.4.1", "8.5.1", "8.6.1"],
    green: ["8.1.1"],
  },
  "loses the first byte of a segment that continues a payload": {
    rules: {
      segment: (left, segment, connection) =>
        strict.segment(left, connection.amidPayload ? segment.subarray(1) : segment, connection),
    },
    red: ["8.3"],
    green: ["8.8.1"],
  },
  "fails the connection because of a header that is cut": {
    rules: {
      segment: (left, segment, connection) => {
        if (left.length > 0) throw new Failure(1002);
        return strict.segment(left, segment, connection);
      },
    },
    red: ["8.2.1", "8.4.1", "8.7.1"],
    green: ["8.3", "8.8"],
  },
  "drops every thousandth message": {
    rules: {
      complete(header, connection) {
        if (connection.frames % 1_000 === 0) connection.message = undefined;
        else strict.complete(header, connection);
      },
    },
    red: ["8.8.2", "8.8.3", "8.8.4", "9.5"],
    green: ["8.8.1"],
  },
  "silently keeps no more than 8 MiB of a message": {
    rules: { echo: sameKind((data) => data.subarray(0, 8 * 1024 * 1024)) },
    red: ["9.2.6"],
    green: ["9.2.5"],
  },
  "silently keeps no more than 10,000 fragments": {
    rules: {
      piece: (piece, message, connection) => {
        if (message.parts.length < 10_000) strict.piece(piece, message, connection);
      },
    },
    red: ["5.3.3", "5.3.4"],
    green: ["5.3.1", "5.3.2"],
  },
  "refuses more than a million bytes": {
    rules: { maxPayload: 1_000_000 },
    red: ["8.9.3"],
    green: ["8.9.1"],
    turns: "info",
  },
};

/** Every fault by its name, which says what the server does. */
export const faults: Readonly<Record<string, ServerFault>> = {
  ...framing,
  ...reserved,
  ...control,
  ...fragmentation,
  ...utf8,
  ...closing,
  ...delivery,
  ...forgiven,
};

/** Liberties that a server may take without being blamed. */
export const liberties: Readonly<Record<string, Partial<Rules>>> = {
  "sends its answers in fragments": { carry: (opcode, data) => halves(data, opcode, continuation) },
  "pings before it answers": {
    carry: (opcode, payload) => [
      { opcode: ping, payload: Buffer.from("and you?") },
      { opcode, payload },
    ],
  },
  "sends a pong that nobody asked for before it answers": {
    carry: (opcode, payload) => [
      { opcode: pong, payload: Buffer.from("alive") },
      { opcode, payload },
    ],
  },
  "gives a reason for closing": {
    end(connection) {
      connection.end();
    },
    fail(code, connection) {
      const reason = Buffer.from("  that is not allowed: é");
      reason.writeUInt16BE(code);
      connection.send({ opcode: close, payload: reason });
      connection.end();
    },
  },
};

/** Mistakes that make the server die, so that nothing listens any more. */
export const deaths: Readonly<Record<string, { rules: Partial<Rules>; kills: readonly string[] }>> = {
  "dies of a length with its highest bit set": {
    rules: {
      readLength(extended, connection) {
        if (extended.length === 8 && (extended[0] ?? 0) >= 0x80) connection.server.die();
        return strict.readLength(extended, connection);
      },
    },
    kills: ["1.4.1", "1.4.2"],
  },
  "dies of a text that ends inside a character": {
    rules: {
      complete(header, connection) {
        const { message } = connection;
        if (header.fin && message?.opcode === text && !message.text.complete()) connection.server.die();
        else strict.complete(header, connection);
      },
    },
    kills: ["6.12.1", "6.12.2", "6.12.3", "6.12.4", "6.12.5", "6.12.6"],
  },
};
