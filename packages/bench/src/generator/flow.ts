// One connection of an echo: sends the same frame again and again, and checks what comes back.

import { connect, type Link } from "./link.ts";

/** What every connection of a slice sends and expects. */
export interface Wave {
  /** The frame to send, over and over, so often that a write need not be small. */
  cycle: Uint8Array;
  frameBytes: number;
  /** What comes back for each frame. */
  echo: Uint8Array;
}

/** The largest write. */
const writeBytes = 64 * 1024;

/** What a slice sends; `masked` goes out, `echo` comes back. */
export function waveOf(masked: Uint8Array, echo: Uint8Array): Wave {
  const count = Math.max(1, Math.floor(writeBytes / masked.length));
  const cycle = new Uint8Array(count * masked.length);
  for (let index = 0; index < count; index++) cycle.set(masked, index * masked.length);
  return { cycle, frameBytes: masked.length, echo };
}

/** A connection that is open, with its messages under way. */
export class Flow {
  readonly #wave: Wave;
  readonly #came: (messages: number, flow: Flow) => void;
  readonly #failed: (why: string) => void;
  #link: Link | undefined;
  // Bytes that are to be sent, and how many have been.
  #owed = 0;
  #sent = 0;
  #received = 0;

  private constructor(wave: Wave, came: Flow["came"], failed: (why: string) => void) {
    this.#wave = wave;
    this.#came = came;
    this.#failed = failed;
  }

  /** Opens a connection; `handshake` is sent first and its answer read, unless it is empty. */
  static async open(
    { host, port }: { host: string; port: number },
    handshake: string,
    wave: Wave,
    came: Flow["came"],
    failed: (why: string) => void,
  ): Promise<Flow> {
    const flow = new Flow(wave, came, failed);
    const opened = Promise.withResolvers<void>();
    let head = handshake === "" ? undefined : "";
    const link = await connect(host, port, {
      data: (bytes) => {
        if (head === undefined) return flow.#read(bytes);
        head += Buffer.from(bytes).toString("latin1");
        if (!head.includes("\r\n\r\n")) return;
        if (head.startsWith("HTTP/1.1 101 ") && head.endsWith("\r\n\r\n")) opened.resolve();
        else opened.reject(new Error(`the handshake was answered with ${head.split("\r\n", 1)[0]}`));
        head = undefined;
      },
      drain: () => flow.#flush(),
      closed: (why) => {
        opened.reject(new Error(why));
        failed(why);
      },
    });
    flow.#link = link;
    if (handshake === "") return flow;
    link.write(Buffer.from(handshake));
    await opened.promise;
    return flow;
  }

  get came(): (messages: number, flow: Flow) => void {
    return this.#came;
  }

  /** Sends so many messages more. */
  send(messages: number): void {
    this.#owed += messages * this.#wave.frameBytes;
    this.#flush();
  }

  end(): void {
    this.#link?.end();
  }

  #flush(): void {
    const { cycle, frameBytes } = this.#wave;
    while (this.#owed > 0) {
      const from = this.#sent % frameBytes;
      const piece = cycle.subarray(from, Math.min(from + this.#owed, cycle.length));
      const taken = this.#link?.write(piece) ?? 0;
      this.#owed -= taken;
      this.#sent += taken;
      if (taken < piece.length) return;
    }
  }

  #read(bytes: Uint8Array): void {
    const { echo } = this.#wave;
    const before = Math.floor(this.#received / echo.length);
    if (!this.#looksRight(bytes)) return this.#failed("what came back is not what was sent");
    this.#received += bytes.length;
    const messages = Math.floor(this.#received / echo.length) - before;
    if (messages > 0) this.#came(messages, this);
  }

  // The first and the last byte of each piece, and all of a small one: enough to see a byte lost or moved.
  #looksRight(bytes: Uint8Array): boolean {
    const { echo } = this.#wave;
    const at = (index: number) => echo[(this.#received + index) % echo.length];
    if (bytes.length <= 256) return bytes.every((byte, index) => byte === at(index));
    const last = bytes.length - 1;
    return bytes[0] === at(0) && bytes[last] === at(last) && bytes[last >> 1] === at(last >> 1);
  }
}
