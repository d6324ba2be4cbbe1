/** Who listens to a duplex. */
export interface DuplexListener {
  data(bytes: Uint8Array): void;
  /** The peer's half is over: by FIN, or because the connection was reset. */
  end(how: "fin" | "reset"): void;
}

/** Bytes both ways, in order: a TCP connection, TLS, a stream of HTTP/2 (RFC 8441). */
export interface Duplex {
  /** Bytes that came before are handed over at once. */
  listen(listener: DuplexListener): void;
  /** Resolves when the transport took the bytes, also if the peer will never see them. */
  write(bytes: Uint8Array): Promise<void>;
  /** Reads no more until `resume`: what comes waits in the kernel, and then at the peer. */
  pause(): void;
  resume(): void;
  /** Closes our half; reading goes on. */
  end(): void;
  /** Drops the connection at once. */
  destroy(): void;
}

/** A connection after its opening handshake. */
export interface Opened {
  duplex: Duplex;
  /** The `Sec-WebSocket-Extensions` that were agreed on; empty without. */
  extensions: string;
}
