import type { Socket } from "node:net";
import type { ServerFrame } from "./server-frame.ts";

/** Bytes of memory that a write costs beyond its payload until the kernel has taken it (measured: 630). */
const writeCost = 640;

/** The most bytes that a writer keeps for the end of a turn, before one more frame: 64 KiB. */
const mostKeptBytes = 64 * 1024;

/**
 * The frames kept for a socket, as a list from the last to the first. Sockets with the same frames hold the same chain,
 * so the frames are encoded and copied once. A socket that gets another frame in between branches off.
 */
class FrameChain {
  /** Bytes of all frames. */
  readonly length: number;
  /** True if a payload is too long to be copied without need. */
  readonly hasLong: boolean;
  readonly #previous: FrameChain | undefined;
  readonly #frame: ServerFrame | undefined;
  /** The newest chain that goes on from here. Older ones are not found again, which only costs a copy. */
  #next: FrameChain | undefined;
  #bytes: Buffer | undefined;
  #ownBytes: Buffer | undefined;

  constructor(previous?: FrameChain, frame?: ServerFrame) {
    this.#previous = previous;
    this.#frame = frame;
    this.length = previous && frame ? previous.length + frame.length : 0;
    this.hasLong = previous?.hasLong === true || frame?.longPayload !== undefined;
  }

  /** Returns this chain with one more frame. */
  with(frame: ServerFrame): FrameChain {
    if (this.#next && this.#next.#frame === frame) return this.#next;
    const next = new FrameChain(this, frame);
    this.#next = next;
    return next;
  }

  /** All frames in one buffer. */
  get bytes(): Buffer {
    this.#bytes ??= joined(this.#frames(), Buffer.allocUnsafe(this.length));
    return this.#bytes;
  }

  /** The same, but not from Node's pool, whose 64 KiB would stay in memory as long as a few of its bytes wait. */
  get ownBytes(): Buffer {
    this.#ownBytes ??= joined(this.#frames(), Buffer.allocUnsafeSlow(this.length));
    return this.#ownBytes;
  }

  /** All frames, but with long payloads as they are: one buffer if there is none. */
  get pieces(): readonly Buffer[] {
    if (!this.hasLong) return [this.bytes];
    const pieces: Buffer[] = [];
    // What lies between two long payloads is one piece, because a piece costs as much as a write.
    let between: ServerFrame[] = [];
    const endPiece = (): void => {
      const length = between.reduce((sum, frame) => sum + frame.length, 0);
      if (length > 0) pieces.push(joined(between, Buffer.allocUnsafe(length)));
      between = [];
    };
    for (const frame of this.#frames()) {
      const { longPayload } = frame;
      if (!longPayload) {
        between.push(frame);
        continue;
      }
      endPiece();
      pieces.push(frame.head(), longPayload);
    }
    endPiece();
    return pieces;
  }

  #frames(): ServerFrame[] {
    const frames: ServerFrame[] = [];
    for (let chain: FrameChain | undefined = this; chain; chain = chain.#previous) {
      if (chain.#frame) frames.push(chain.#frame);
    }
    return frames.reverse();
  }
}

function joined(frames: readonly ServerFrame[], bytes: Buffer): Buffer {
  let offset = 0;
  for (const frame of frames) {
    frame.write(bytes, offset);
    offset += frame.length;
  }
  return bytes;
}

/** The chain to which a first frame is added. New in each turn, so that the frames of the last one can be freed. */
let empty = new FrameChain();
/** The writers that have frames for the end of this turn. One that was flushed meanwhile can be in it twice. */
let pending: FrameWriter[] = [];

// A turn is one callback of the event loop, such as the handling of what a socket has read at once. `process.nextTick`
// runs at its end.
function endTurn(): void {
  const writers = pending;
  pending = [];
  empty = new FrameChain();
  for (const writer of writers) writer.flush();
}

/**
 * Writes the frames of one socket, past ws, all those of a turn of the event loop together. ws would hand each to the
 * kernel on its own.
 *
 * Skip this on a first reading: `ws.send()` in a loop is right, too. With this, an echo of 64 bytes takes a quarter of the
 * processor time, and an event to a thousand a fifteenth. The price is that frames must be flushed before ws writes
 * something itself.
 */
export class FrameWriter {
  readonly #tcp: Socket;
  #chain: FrameChain | undefined;
  /** Writes whose callback has not run yet. */
  #writes = 0;
  /** Called when the kernel has taken a write, or it is lost with its connection. Not made for an idle socket. */
  #calledBack: (() => void) | undefined;

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
    if (!this.#chain && pending.push(this) === 1) process.nextTick(endTurn);
    this.#chain = (this.#chain ?? empty).with(frame);
    if (this.#chain.length > mostKeptBytes) this.flush();
  }

  /** Hands the kept frames to the TCP socket. Call it before ws writes what must come after them. */
  flush(): void {
    const chain = this.#chain;
    if (!chain) return;
    this.#chain = undefined;
    // The connection has ended, so they are lost, as they would be with ws.
    if (!this.#tcp.writable) return;
    // A long payload is a slice of the segment in which it came, and would keep all of it in memory while it waits.
    const pieces = this.#tcp.writableLength > 0 ? [chain.ownBytes] : chain.pieces;
    if (pieces.length > 1) this.#tcp.cork();
    for (const bytes of pieces) this.#tcp.write(bytes, this.countWrite());
    if (pieces.length > 1) this.#tcp.uncork();
  }

  /** Counts a write, also one that ws makes. Returns the callback for it, the same for all. */
  countWrite(): () => void {
    this.#writes += 1;
    this.#calledBack ??= () => {
      this.#writes -= 1;
    };
    return this.#calledBack;
  }

  /**
   * Returns the bytes of memory that wait for the kernel.
   * @param bufferedAmount as ws reports it.
   */
  queued(bufferedAmount: number): number {
    // A write is called back only at the end of a turn, but if nothing is buffered, the kernel has taken it.
    const writes = bufferedAmount === 0 ? 0 : this.#writes;
    return (this.#chain?.length ?? 0) + bufferedAmount + writes * writeCost;
  }
}
