// One connection of an echo: sends messages over and over and checks what comes back.

import type { PeerAddress } from "../generator-job.ts";
import { FrameCounter } from "./counter.ts";
import { inTime } from "./in-time.ts";
import type { Link } from "./link.ts";
import { openSocket } from "./open-socket.ts";

/** The messages that every connection of a slice sends and expects, over and over. */
export interface Wave {
  /** The frames to send, one after another and all equally long. */
  cycle: Uint8Array;
  frameBytes: number;
  /** The expected answers, all equally long. */
  echo: Uint8Array;
  echoBytes: number;
  /** What each connection sends once at the start, and how many frames the server answers with. */
  greeting?: { frame: () => Uint8Array; answers: number };
}

export interface FlowHandlers {
  came(messages: number, flow: Flow): void;
  failed(why: string): void;
}

/** An open connection with its messages under way. */
export class Flow {
  readonly #wave: Wave;
  readonly #handlers: FlowHandlers;
  #link: Link | undefined;
  // The bytes to send, and how many of them have been sent.
  #owed = 0;
  #sent = 0;
  #received = 0;

  private constructor(wave: Wave, handlers: FlowHandlers) {
    this.#wave = wave;
    this.#handlers = handlers;
  }

  /** Opens a connection. Resolves when messages can be sent. */
  static async open(peer: PeerAddress, wave: Wave, handlers: FlowHandlers): Promise<Flow> {
    const flow = new Flow(wave, handlers);
    let read = (bytes: Uint8Array) => flow.#read(bytes);
    const normal = read;
    let greeted = Promise.resolve();
    if (wave.greeting) {
      const answered = Promise.withResolvers<void>();
      greeted = answered.promise;
      let missing = wave.greeting.answers;
      const counter = new FrameCounter(() => {
        if (--missing > 0) return;
        read = normal;
        answered.resolve();
      });
      read = (bytes) => counter.push(bytes);
    }
    flow.#link = await openSocket(peer, {
      data: (bytes) => read(bytes),
      drain: () => flow.#flush(),
      closed: (why) => handlers.failed(why),
    });
    if (wave.greeting) flow.#link.write(wave.greeting.frame());
    await inTime(greeted, "the answer to the greeting");
    return flow;
  }

  /** Sends this many more messages. */
  send(messages: number): void {
    this.#owed += messages * this.#wave.frameBytes;
    this.#flush();
  }

  /** Messages sent that have not come back. Negative if more came back than were sent. */
  get underWay(): number {
    const { frameBytes, echoBytes } = this.#wave;
    return (this.#sent + this.#owed) / frameBytes - this.#received / echoBytes;
  }

  end(): void {
    this.#link?.end();
  }

  #flush(): void {
    const { cycle } = this.#wave;
    while (this.#owed > 0) {
      const from = this.#sent % cycle.length;
      const piece = cycle.subarray(from, Math.min(from + this.#owed, cycle.length));
      const taken = this.#link?.write(piece) ?? 0;
      this.#owed -= taken;
      this.#sent += taken;
      if (taken < piece.length) return;
    }
  }

  #read(bytes: Uint8Array): void {
    const { echoBytes } = this.#wave;
    if (!this.#looksRight(bytes)) return this.#handlers.failed("what came back is not what was sent");
    const before = Math.floor(this.#received / echoBytes);
    this.#received += bytes.length;
    const messages = Math.floor(this.#received / echoBytes) - before;
    if (messages > 0) this.#handlers.came(messages, this);
  }

  // A small piece is compared whole. In a large one, three bytes are enough to see that something was lost or
  // moved.
  #looksRight(bytes: Uint8Array): boolean {
    const { echo } = this.#wave;
    const at = (index: number) => echo[(this.#received + index) % echo.length];
    if (bytes.length <= 256) return bytes.every((byte, index) => byte === at(index));
    const last = bytes.length - 1;
    return bytes[0] === at(0) && bytes[last] === at(last) && bytes[last >> 1] === at(last >> 1);
  }
}
