// A TCP connection that writes what the kernel accepts and reports how much that was.

import { createConnection } from "node:net";

/** One TCP connection. */
export interface Link {
  /** Returns how many of the bytes were accepted. Write the rest again after `drain`. */
  write(bytes: Uint8Array): number;
  /** Stops reading. What arrives waits in the kernel until its buffer is full. */
  pause(): void;
  resume(): void;
  /** Drops the connection. */
  end(): void;
}

export interface LinkHandlers {
  data(bytes: Uint8Array): void;
  drain(): void;
  /** Is called when the link has ended. Not after `end()`. */
  closed(why: string): void;
}

/** Opens a connection. On Bun this uses Bun's own sockets, which cost less. */
export function connect(host: string, port: number, handlers: LinkHandlers): Promise<Link> {
  return typeof Bun === "undefined" ? connectNode(host, port, handlers) : connectBun(host, port, handlers);
}

async function connectBun(hostname: string, port: number, handlers: LinkHandlers): Promise<Link> {
  let ended = false;
  const socket = await Bun.connect({
    hostname,
    port,
    socket: {
      data: (_socket, bytes) => handlers.data(bytes),
      drain: () => handlers.drain(),
      close: () => void (ended || handlers.closed("the server closed the connection")),
      error: (_socket, error) => void (ended || handlers.closed(error.message)),
    },
  });
  socket.setNoDelay(true);
  return {
    write: (bytes) => Math.max(0, socket.write(bytes)),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => {
      ended = true;
      socket.terminate();
    },
  };
}

function connectNode(host: string, port: number, handlers: LinkHandlers): Promise<Link> {
  const { promise, resolve, reject } = Promise.withResolvers<Link>();
  const socket = createConnection({ host, port, noDelay: true });
  socket.once("error", reject);
  socket.once("connect", () => {
    let ended = false;
    socket.off("error", reject);
    socket.on("data", (bytes: Buffer) => handlers.data(bytes));
    socket.on("drain", () => handlers.drain());
    socket.on("error", () => {});
    socket.on("close", () => void (ended || handlers.closed("the server closed the connection")));
    resolve({
      write: (bytes) => {
        // Node accepts everything and emits `drain` once it has passed the rest to the kernel.
        socket.write(bytes);
        return bytes.length;
      },
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
      end: () => {
        ended = true;
        socket.resetAndDestroy();
      },
    });
  });
  return promise;
}
