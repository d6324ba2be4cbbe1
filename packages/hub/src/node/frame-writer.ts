import type { Socket } from "node:net";
import type { ServerFrame } from "./server-frame.ts";

/** Bytes of memory that a write costs beyond its own until the kernel has taken it (measured: 340 and more). */
export const writeCost = 384;

/** Bytes that a socket keeps for the end of a turn: 64 KiB. In a long turn, it hands them to the kernel in between. */
const turnBytes = 64 * 1024;

/**
 * The frames of one turn for one socket. Sockets that get the same frames share one chain, and so its buffer: the first
 * adds a link to what they have in common, and the others find it there.
 */
class FrameChain {
  /** Bytes of all frames. */
  readonly length: number;
  readonly #before: FrameChain | undefined;
  readonly #frame: ServerFrame | undefined;
  /** The chain with the frame that was added last. */
  #longer: FrameChain | undefined;
  #buffers: readonly Buffer[] | undefined;

  constructor(before?: FrameChain, frame?: ServerFrame) {
    this.#before = before;
    this.#frame = frame;
    this.length = before && frame ? before.length + frame.length : 0;
  }

  /** Returns this chain with one more frame. */
  with(frame: ServerFrame): FrameChain {
    const longer = this.#longer;
    if (longer && longer.#frame === frame) return longer;
    const made = new FrameChain(this, frame);
    this.#longer = made;
    return made;
  }

  /** What to write: one buffer, unless there is a long payload among the frames. */
  get buffers(): readonly Buffer[] {
    this.#buffers ??= this.#join();
    return this.#buffers;
  }

  #join(): readonly Buffer[] {
    const frames = this.#frames();
    if (!frames.some(({ longPayload }) => longPayload)) return [joined(frames, this.length)];
    return frames.flatMap((frame) => {
      const { longPayload } = frame;
      return longPayload ? [frame.head(), longPayload] : joined([frame], frame.length);
    });
  }

  #frames(): ServerFrame[] {
    const frames: ServerFrame[] = [];
    for (let chain: FrameChain | undefined = this; chain; chain = chain.#before) {
      if (chain.#frame) frames.push(chain.#frame);
    }
    return frames.reverse();
  }
}

function joined(frames: readonly ServerFrame[], length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let offset = 0;
  for (const frame of frames) {
    frame.write(bytes, offset);
    offset += frame.length;
  }
  return bytes;
}

/** The chain to which the first frame of a turn is added. */
let empty = new FrameChain();
/** The writers that have frames for the end of this turn. */
let pending: FrameWriter[] = [];

function endTurn(): void {
  const writers = pending;
  pending = [];
  empty = new FrameChain();
  for (const writer of writers) writer.flush();
}

/**
 * Writes the frames of one socket, past ws, all those of a turn of the event loop together. ws would hand each to the
 * kernel on its own.
 */
export class FrameWriter {
  readonly #tcp: Socket;
  #chain: FrameChain | undefined;
  /** Writes so far, those that were called back, and those that the kernel is known to have taken. */
  #written = 0;
  #calledBack = 0;
  #taken = 0;
  /** Called when the kernel has taken a write, or it is lost with its connection. Made for the first one. */
  #sent: (() => void) | undefined;

  /** @param tcp the TCP socket below a WebSocket that has just opened. */
  constructor(tcp: Socket) {
    this.#tcp = tcp;
  }

  /** True if frames are kept for the end of this turn. */
  get hasFrames(): boolean {
    return this.#chain !== undefined;
  }

  /** Adds a frame to those of this turn. */
  add(frame: ServerFrame): void {
    if (!this.#chain) this.#begin();
    this.#chain = (this.#chain ?? empty).with(frame);
    if (this.#chain.length > turnBytes) this.flush();
  }

  /** Hands the kept frames to the TCP socket. Call it before ws writes what must come after them. */
  flush(): void {
    const chain = this.#chain;
    if (!chain) return;
    this.#chain = undefined;
    if (!this.#tcp.writable) return;
    const { buffers } = chain;
    if (buffers.length > 1) this.#tcp.cork();
    for (const bytes of buffers) this.#tcp.write(bytes, this.sending());
    if (buffers.length > 1) this.#tcp.uncork();
  }

  /** Notes a write. Returns the callback for it, the same for all. */
  sending(): () => void {
    this.#written += 1;
    this.#sent ??= () => {
      this.#calledBack += 1;
    };
    return this.#sent;
  }

  /**
   * Returns the bytes of memory that wait for the kernel.
   * @param bufferedAmount as ws reports it.
   */
  queued(bufferedAmount: number): number {
    // A write is called back at the end of a turn. Until then, all that was written in it would seem to wait.
    if (bufferedAmount === 0) this.#taken = this.#written;
    const writes = this.#written - Math.max(this.#taken, this.#calledBack);
    return (this.#chain?.length ?? 0) + bufferedAmount + writes * writeCost;
  }

  #begin(): void {
    if (pending.push(this) === 1) process.nextTick(endTurn);
  }
}
