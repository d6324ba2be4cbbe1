// Our end of a WebSocket. It can break every rule, and notices every rule that the peer breaks.

import { setImmediate as turn } from "node:timers/promises";
import type { CaseFrame, Cuts, Observation } from "../model/frame-case.ts";
import type { Random } from "../model/random.ts";
import { describeBytes, hex, join } from "../wire/bytes.ts";
import type { Duplex } from "../wire/duplex.ts";
import {
  decodeClose,
  encodeClose,
  encodeFrame,
  type Frame,
  FrameDecoder,
  isConceivableCloseCode,
  Opcode,
  ProtocolError,
} from "../wire/frames.ts";
import { type Inflate, MessageAssembler } from "../wire/messages.ts";
import { describeFrame, type WireLog } from "../wire/wire-log.ts";

// More than any case needs.
const maxPings = 1_000;

/** The parts of an endpoint. */
export interface EndpointOptions {
  duplex: Duplex;
  /** Our role: a client masks, a server does not (RFC 6455 §5.1). */
  role: "client" | "server";
  random: Random;
  log: WireLog;
  /** Present if permessage-deflate was agreed on. */
  inflate?: Inflate | undefined;
  /** How many bytes the peer may send in all. A peer that sends more is cut off. */
  maxReceived: number;
}

// Enough keys to see whether a client's keys can be guessed.
const keptKeys = 64;

// Pieces written in one turn of the event loop are mostly read as one. Of a great many pieces, some are enough.
const mostTurns = 512;

/** Our end of one connection. It collects what arrives, and answers pings and the close frame. */
export class OurEndpoint {
  readonly messages: Observation["messages"][number][] = [];
  readonly pongs: Uint8Array[] = [];
  /** The pongs whose payload was in no ping or pong of ours. */
  readonly unsolicited: Uint8Array[] = [];
  readonly keys: Uint8Array[] = [];
  close: Observation["close"];
  ended: Observation["ended"];
  violation: string | undefined;
  excess: string | undefined;
  /** The peer sent a close code that nobody sent it, and that it cannot have meant. */
  rubbish = false;
  /** How many pieces the transport has accepted. */
  written = 0;
  peerClosedFirst = false;
  echoedCode = false;
  /** A pong came after the close frame. */
  latePong = false;
  readonly #options: EndpointOptions;
  readonly #decoder: FrameDecoder;
  readonly #assembler: MessageAssembler;
  #received = 0;
  // The payloads of our pings and pongs.
  readonly #beats = new Set<string>();
  // The parts of the message that is being received.
  #payloadBytes = 0;
  #pings = 0;
  #heldBack: Uint8Array = new Uint8Array();
  #amidFrame = false;
  // Answers that wait while a frame is half sent, because between its parts they would be read as its payload.
  readonly #waiting: CaseFrame[] = [];
  #closeSent = false;
  #codeSent: number | undefined;
  #wake = () => {};

  constructor(options: EndpointOptions) {
    const { duplex, role, inflate, maxReceived } = options;
    this.#options = options;
    this.#decoder = new FrameDecoder({
      masked: role === "server",
      allowRsv1: inflate !== undefined,
      maxPayload: maxReceived,
    });
    this.#assembler = new MessageAssembler(inflate);
    duplex.listen({ data: (bytes) => this.#read(bytes), end: (how) => this.#end(how) });
  }

  /** Whether a message has begun and not ended. */
  get amidMessage(): boolean {
    return this.#payloadBytes > 0 || this.#decoder.pending > 0;
  }

  /** Whether nothing that counts can arrive any more. */
  get over(): boolean {
    return this.ended !== undefined || this.violation !== undefined || this.excess !== undefined;
  }

  /**
   * Sends frames in one write, or cut. Resolves when they were handed over or the connection is over. `upTo` is how
   * much of the last frame is sent, as in `slice`. The rest is held back until something is sent again.
   */
  async send(frames: readonly CaseFrame[], cuts?: Cuts, upTo?: number): Promise<void> {
    const encoded = frames.map((frame) => this.#encode(frame));
    frames.forEach((frame, index) => {
      // Of a hundred thousand frames, only those that the log keeps are described in words.
      const words = this.#options.log.full ? "" : describeFrameSent(frame);
      this.#options.log.add("sent", "frame", words, encoded[index]);
      if (frame.opcode === Opcode.Close) this.#noteClose(frame);
      if (isBeat(frame)) this.#beats.add(hex(frame.payload ?? new Uint8Array()));
    });
    const last = encoded.pop() ?? new Uint8Array();
    const bytes = join([this.#heldBack, ...encoded, last.subarray(0, upTo)]);
    this.#heldBack = upTo === undefined ? new Uint8Array() : last.subarray(upTo);
    this.#amidFrame = true;
    await this.#write(bytes, cuts);
    this.#amidFrame = this.#heldBack.length > 0;
    if (!this.#amidFrame) this.#answerLate();
  }

  /** Sends bytes that are no frame. */
  async sendBytes(bytes: Uint8Array, what: string): Promise<void> {
    this.#options.log.add("sent", "bytes", what, bytes);
    await this.#write(bytes);
  }

  /** Stops reading until `resume`. */
  pause(): void {
    this.#options.duplex.pause();
  }

  resume(): void {
    this.#options.duplex.resume();
  }

  /** Closes our half. */
  end(): void {
    this.#options.log.add("sent", "end", "FIN: this side sends no more");
    this.#options.duplex.end();
  }

  /** Waits until the condition holds or the connection is over. Returns false if time was up first. */
  async until(condition: () => boolean, ms: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const deadline = ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(resolve, ms);
    const look = () => {
      if (condition() || this.over) resolve();
    };
    this.#wake = look;
    look();
    await promise;
    clearTimeout(deadline);
    this.#wake = () => {};
    return condition() || this.over;
  }

  /** Drops the connection, if it is still there. */
  destroy(): void {
    this.#options.duplex.destroy();
  }

  #encode({ masking = "right", mask, ...frame }: CaseFrame): Uint8Array {
    const masked = (this.#options.role === "client") === (masking === "right");
    return encodeFrame(masked ? { ...frame, mask: mask ?? this.#options.random.bytes(4) } : frame);
  }

  async #write(bytes: Uint8Array, cuts?: Cuts): Promise<void> {
    let pieces = 0;
    for (const piece of cutAt(bytes, cuts)) {
      if (this.ended) return;
      await this.#options.duplex.write(piece);
      this.written++;
      if (cuts !== undefined && pieces++ < mostTurns) await turn();
    }
  }

  #read(bytes: Uint8Array): void {
    if (this.over) return;
    this.#received += bytes.length;
    try {
      for (const frame of this.#decoder.push(bytes)) this.#take(frame);
      if (this.#received > this.#options.maxReceived) {
        throw new ProtocolError(`more than ${this.#options.maxReceived} bytes, the limit of this case`, 1009);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // A size that breaks no rule of the RFC, but exceeds our own limit.
      if (error.code === 1009) this.excess = error.message;
      else this.violation = error.message;
      this.#options.log.add("received", "bytes", `not allowed: ${error.message}`, bytes);
      this.destroy();
    }
    this.#wake();
  }

  #take(frame: Frame): void {
    this.#options.log.received(frame);
    if (frame.mask && this.keys.length < keptKeys) this.keys.push(frame.mask);
    // RFC 6455 §5.5.1: no data frames after the close frame. Of the other frames, a pong may have been on its way.
    if (this.close && frame.opcode !== Opcode.Pong) {
      throw new ProtocolError("a frame after the close frame (RFC 6455 §5.5.1)");
    }
    if (this.close) this.latePong = true;
    if (frame.opcode === Opcode.Ping) return this.#pinged(frame);
    if (frame.opcode === Opcode.Pong) return this.#ponged(frame);
    if (frame.opcode === Opcode.Close) return this.#closed(frame);
    this.#payloadBytes += frame.payload.length;
    const message = this.#assembler.push(frame);
    if (!message) return;
    const { kind, data, compressed } = message;
    this.messages.push({ kind, data, compressed, payloadBytes: this.#payloadBytes });
    this.#payloadBytes = 0;
  }

  // Each answer waits in memory until the peer reads it.
  #pinged({ payload }: Frame): void {
    if (++this.#pings > maxPings) throw new ProtocolError(`more than ${maxPings} pings`);
    this.#answer({ opcode: Opcode.Pong, payload });
  }

  #ponged({ payload }: Frame): void {
    this.pongs.push(payload);
    if (!this.#beats.has(hex(payload))) this.unsolicited.push(payload);
  }

  #closed(frame: Frame): void {
    const sent = codeOf(frame.payload);
    // Our own code may come back as it was, if it is at worst undefined.
    const isEcho = sent !== undefined && sent > 4999 && sent === this.#codeSent;
    this.rubbish = sent !== undefined && sent > 4999 && !isEcho;
    // The judge decides whether an undefined code is right here.
    this.close = decodeClose(frame.payload, (code) => isEcho || isConceivableCloseCode(code));
    this.peerClosedFirst = !this.#closeSent;
    this.echoedCode = this.close.code === this.#codeSent;
    if (!this.#closeSent) {
      // The code is returned unchanged, or not at all (RFC 6455 §5.5.1).
      const code = this.close.code === 1005 ? undefined : this.close.code;
      this.#answer({ opcode: Opcode.Close, payload: encodeClose(code) });
    }
    if (!this.#amidFrame) this.#endAfterClose();
  }

  // Only the first close frame counts. What comes after it is ignored.
  #noteClose({ payload }: CaseFrame): void {
    if (!this.#closeSent) this.#codeSent = payload && codeOf(payload);
    this.#closeSent = true;
  }

  // After both close frames the server closes TCP first: RFC 6455 §7.1.1.
  #endAfterClose(): void {
    if (this.#options.role === "server") this.#options.duplex.end();
  }

  #answerLate(): void {
    for (const frame of this.#waiting.splice(0)) this.#answer(frame);
    if (this.close) this.#endAfterClose();
  }

  #answer(frame: CaseFrame): void {
    if (frame.opcode === Opcode.Close) this.#noteClose(frame);
    if (this.#amidFrame) return void this.#waiting.push(frame);
    this.#options.log.add("sent", "frame", describeFrameSent(frame));
    void this.#options.duplex.write(this.#encode(frame));
  }

  #end(how: "fin" | "reset"): void {
    if (this.ended) return;
    this.#options.log.add(
      "received",
      "end",
      how === "fin" ? "FIN: the peer sends no more" : "the connection was reset",
    );
    this.ended = how;
    this.#wake();
  }
}

function isBeat({ opcode }: CaseFrame): boolean {
  return opcode === Opcode.Ping || opcode === Opcode.Pong;
}

// Returns the code of a close frame, whether it is legal or not.
function codeOf([high, low]: Uint8Array): number | undefined {
  return high === undefined || low === undefined ? undefined : high * 256 + low;
}

/** Cuts bytes into pieces. */
export function* cutAt(bytes: Uint8Array, cuts?: Cuts): Generator<Uint8Array> {
  let from = 0;
  const places = typeof cuts === "number" ? everyNth(bytes.length, cuts) : (cuts ?? []);
  for (const to of [...places, bytes.length]) {
    if (to > from && to <= bytes.length) {
      yield bytes.subarray(from, to);
      from = to;
    }
  }
}

function* everyNth(length: number, size: number): Generator<number> {
  for (let place = size; place < length; place += size) yield place;
}

/** Describes a frame that is sent, with what is wrong about it. */
export function describeFrameSent(frame: CaseFrame): string {
  const { masking, mask, lengthBytes, claimedLength, payload = new Uint8Array() } = frame;
  const odd = [
    masking === "wrong" && "masked the wrong way",
    mask && `masked with ${describeBytes(mask)}`,
    lengthBytes !== undefined && `its length in ${lengthBytes} more bytes`,
    claimedLength !== undefined && `which claims ${claimedLength} bytes`,
  ].filter(Boolean);
  const words = describeFrame({ ...frame, payload });
  return odd.length > 0 ? `${words} (${odd.join(", ")})` : words;
}
