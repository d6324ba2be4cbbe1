// Frames become messages.

import { join } from "./bytes.ts";
import { decodeUtf8, type Frame, Opcode, ProtocolError } from "./frames.ts";

/** A message: one data frame, or several put together (RFC 6455 §5.4). */
export type Message = { data: Uint8Array; fragments: number; compressed: boolean } & (
  | { kind: "text"; text: string }
  | { kind: "binary" }
);

/** Inflates a whole compressed message. Throws a ProtocolError if it cannot. */
export type Inflate = (data: Uint8Array) => Uint8Array;

/** Puts the frames of one direction together, in the order they came. Control frames may lie between them. */
export class MessageAssembler {
  readonly #inflate: Inflate | undefined;
  #opcode: number | undefined;
  #compressed = false;
  #parts: Uint8Array[] = [];

  /** Without `inflate`, compressed messages are left as they came. */
  constructor(inflate?: Inflate) {
    this.#inflate = inflate;
  }

  /** Returns the message that this frame completes, if it completes one. */
  push(frame: Frame): Message | undefined {
    if (frame.opcode > Opcode.Binary) return undefined;
    if (frame.opcode === Opcode.Continuation && this.#opcode === undefined) {
      throw new ProtocolError("a continuation without a message to continue (RFC 6455 §5.4)");
    }
    if (frame.opcode !== Opcode.Continuation && this.#opcode !== undefined) {
      throw new ProtocolError("a new message inside a fragmented one (RFC 6455 §5.4)");
    }
    if (frame.opcode === Opcode.Continuation && frame.rsv1) {
      throw new ProtocolError("RSV1 on a frame that is not the first of its message (RFC 7692 §6.1)");
    }
    if (this.#opcode === undefined) this.#compressed = frame.rsv1;
    this.#opcode ??= frame.opcode;
    this.#parts.push(frame.payload);
    return frame.fin ? this.#finish(this.#opcode) : undefined;
  }

  #finish(opcode: number): Message {
    const compressed = this.#compressed;
    const joined = join(this.#parts);
    const data = compressed && this.#inflate ? this.#inflate(joined) : joined;
    const fragments = this.#parts.length;
    this.#opcode = undefined;
    this.#parts = [];
    if (opcode === Opcode.Binary) return { kind: "binary", data, fragments, compressed };
    return { kind: "text", text: decodeUtf8(data), data, fragments, compressed };
  }
}
