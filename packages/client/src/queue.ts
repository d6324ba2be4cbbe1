/** Shared memory cannot be sent, hence the `ArrayBuffer`. */
export type SocketData = string | Uint8Array<ArrayBuffer> | ArrayBuffer;

const encoder = new TextEncoder();

/** Returns the bytes of a message on the wire, without its frame. */
export function byteLength(data: SocketData): number {
  return typeof data === "string" ? encoder.encode(data).length : data.byteLength;
}

/** Messages that wait for a connection, bounded by their bytes: what does not fit is refused, never dropped. */
export class SendQueue {
  readonly #maxBytes: number;
  #bytes = 0;
  #waiting: SocketData[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What has waited longest; `undefined` if nothing waits. */
  get first(): SocketData | undefined {
    return this.#waiting[0];
  }

  /** Adds a message. Returns false if there is no room for it. */
  push(data: SocketData): boolean {
    const bytes = byteLength(data);
    if (this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    // A copy: like after WebSocket.send, the caller may use its buffer again.
    this.#waiting.push(data.slice());
    return true;
  }

  /** Takes out the message that has waited longest. The queue must not be empty. */
  shift(): SocketData {
    const data = this.#waiting.shift() as SocketData;
    this.#bytes -= byteLength(data);
    return data;
  }

  clear(): void {
    this.#waiting = [];
    this.#bytes = 0;
  }
}
