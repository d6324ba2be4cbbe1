import { defaultHost, ReconnectingSocket } from "@rosetta/client";

/** The connection to `/echo`, with one thing the client has no use for, and a lesson has: an end without a code. */
export class EchoSocket extends ReconnectingSocket {
  readonly #newest: { socket?: WebSocket };

  constructor(url: string) {
    const newest: { socket?: WebSocket } = {};
    class KeptSocket extends WebSocket {
      constructor(...parameters: ConstructorParameters<typeof WebSocket>) {
        super(...parameters);
        newest.socket = this;
      }
    }
    super(url, { host: { ...defaultHost, WebSocket: KeptSocket } });
    this.#newest = newest;
  }

  /** Ends it with an empty close frame: both sides report 1005, which is never sent (RFC 6455 §7.4.1). */
  closeWithoutCode(): void {
    if (this.state.name !== "open") return this.close();
    this.advise({ final: true });
    this.#newest.socket?.close();
  }
}
