// The wire log: what a case sent and what came back, in readable form.

import { describeBytes, hex } from "./bytes.ts";
import { decodeClose, encodeFrame, type Frame, type FrameToSend, Opcode } from "./frames.ts";

/** One line of the wire log. */
export interface WireEntry {
  /** Milliseconds since the case began. */
  at: number;
  direction: "sent" | "received";
  /** `http`: a head. `frame`: one frame. `bytes`: what is no frame. `end`: FIN, reset, or a dropped connection. */
  kind: "http" | "frame" | "bytes" | "end";
  /** In words: `text, 5 bytes: "Hello"`. */
  text: string;
  /** The first bytes, at most `keptBytes`. */
  bytes: Uint8Array;
  /** How many bytes there were. */
  size: number;
}

/** How much of a frame is kept. */
export const keptBytes = 512;
/** How many lines of a case are kept. Further lines are only counted. */
export const keptEntries = 200;

/** Records what one case sends and receives. */
export class WireLog {
  readonly entries: WireEntry[] = [];
  /** How many lines were not kept. */
  omitted = 0;
  readonly #began = performance.now();

  /** Whether further lines are only counted. */
  get full(): boolean {
    return this.entries.length >= keptEntries;
  }

  add(
    direction: WireEntry["direction"],
    kind: WireEntry["kind"],
    text: string,
    bytes: Uint8Array = new Uint8Array(),
    size = bytes.length,
  ): void {
    if (this.full) {
      this.omitted++;
      return;
    }
    const at = Math.round((performance.now() - this.#began) * 100) / 100;
    // Copied, so that the rest of a large message is not kept alive by its log.
    this.entries.push({ at, direction, kind, text, bytes: bytes.slice(0, keptBytes), size });
  }

  /** Logs a received frame with its bytes, which have the only legal form (RFC 6455 §5.2). */
  received(frame: Frame): void {
    if (this.full) {
      this.omitted++;
      return;
    }
    const { length } = frame.payload;
    const start = { ...frame, payload: frame.payload.subarray(0, keptBytes), claimedLength: length };
    const bytes = encodeFrame(start);
    this.add("received", "frame", describeFrame(frame), bytes, bytes.length - start.payload.length + length);
  }
}

// By opcode: `continuation`, `text` …
const names = new Map(Object.entries(Opcode).map(([name, opcode]) => [Number(opcode), name.toLowerCase()]));

/** Describes a frame. */
export function describeFrame(frame: Omit<FrameToSend, "lengthBytes" | "claimedLength">): string {
  const { opcode, fin = true, payload = new Uint8Array() } = frame;
  const flags = [frame.rsv1 && "RSV1", frame.rsv2 && "RSV2", frame.rsv3 && "RSV3", !fin && "more to come"];
  const words = [names.get(opcode) ?? `opcode ${opcode}`, ...flags.filter(Boolean)].join(", ");
  return `${words}: ${opcode === Opcode.Close ? describeClosePayload(payload) : describeBytes(payload)}`;
}

function describeClosePayload(payload: Uint8Array): string {
  try {
    const { code, reason } = decodeClose(payload);
    if (payload.length === 0) return "without a code";
    return reason ? `${code} ${JSON.stringify(reason)}` : `${code}`;
  } catch {
    if (payload.length < 2) return `one byte, ${hex(payload)}`;
    const code = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
    return payload.length === 2 ? `${code}` : `${code} and ${describeBytes(payload.subarray(2))}`;
  }
}
