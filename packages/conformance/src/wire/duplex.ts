// What a WebSocket runs on.

/** The listener of a duplex. */
export interface DuplexListener {
  data(bytes: Uint8Array): void;
  /** Ends the peer's half, by FIN or because the connection was reset. */
  end(how: "fin" | "reset"): void;
}

/** Bytes in both directions, in order: a TCP connection, TLS, or a stream of HTTP/2 (RFC 8441). */
export interface Duplex {
  /** Sets the listener. It gets the bytes that came before at once. */
  listen(listener: DuplexListener): void;
  /** Resolves when the transport has accepted the bytes, even if the peer will never see them. */
  write(bytes: Uint8Array): Promise<void>;
  /** Stops reading until `resume`. What arrives waits in the kernel, and then at the peer. */
  pause(): void;
  resume(): void;
  /** Closes our half. Reading goes on. */
  end(): void;
  /** Drops the connection at once. */
  destroy(): void;
}

/** A connection after its opening handshake. */
export interface Opened {
  duplex: Duplex;
  /** The `Sec-WebSocket-Extensions` that were agreed on, or an empty string. */
  extensions: string;
}
