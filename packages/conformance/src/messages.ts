import { decodeUtf8, type Frame, Opcode, ProtocolError } from "./frames.ts";

/** A message: one data frame, or several put together (RFC 6455 §5.4). */
export type Message =
  | { kind: "text"; text: string; data: Uint8Array; fragments: number }
  | { kind: "binary"; data: Uint8Array; fragments: number };

/** Puts the frames of one direction together, in the order they came; control frames may lie between. */
export class MessageAssembler {
  #opcode: number | undefined;
  #parts: Uint8Array[] = [];

  /** The message that this frame completes, if it does. Compressed messages are not inflated here. */
  push(frame: Frame): Message | undefined {
    if (frame.opcode > Opcode.Binary) return undefined;
    if (frame.opcode === Opcode.Continuation && this.#opcode === undefined) {
      throw new ProtocolError("a continuation of nothing (RFC 6455 §5.4)");
    }
    if (frame.opcode !== Opcode.Continuation && this.#opcode !== undefined) {
      throw new ProtocolError("a new message inside a fragmented one (RFC 6455 §5.4)");
    }
    this.#opcode ??= frame.opcode;
    this.#parts.push(frame.payload);
    return frame.fin ? this.#finish(this.#opcode) : undefined;
  }

  #finish(opcode: number): Message {
    const data = join(this.#parts);
    const fragments = this.#parts.length;
    this.#opcode = undefined;
    this.#parts = [];
    if (opcode === Opcode.Binary) return { kind: "binary", data, fragments };
    return { kind: "text", text: decodeUtf8(data), data, fragments };
  }
}

function join(parts: Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
