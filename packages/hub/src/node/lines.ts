import { constants, fstatSync, openSync, write } from "node:fs";
import { isatty } from "node:tty";

/** Bytes that may wait to be written. Lines beyond that are lost. */
const maxWaiting = 64 * 1024;
/** Milliseconds before a full terminal is tried again. */
const fullMs = 20;
/** Milliseconds before anything is tried again after a failed write, such as on a full disk. */
const retryMs = 1_000;

type Write = (text: string, done: (error?: Error | null) => void) => void;

/**
 * Writes lines to a file descriptor of any kind: a terminal, a file on a full disk, a pipe whose reader has stalled or
 * gone. Lines that cannot be written are lost and counted. Nothing ever waits for them, not even the process's end.
 */
export class Lines {
  readonly #write: Write;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #isWriting = false;
  #lost = 0;
  #silentUntil = 0;
  #idle: (() => void)[] = [];

  constructor(descriptor: number) {
    this.#write = writerOf(descriptor);
  }

  /** The number of lines lost. */
  get lost(): number {
    return this.#lost;
  }

  /** Writes a line as soon as possible. Never throws, never blocks. */
  write(line: string): void {
    if (this.#waitingBytes + line.length > maxWaiting || performance.now() < this.#silentUntil) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#pump();
  }

  /** Resolves when every line is written, or after `ms` milliseconds. */
  async flushed(ms: number): Promise<void> {
    if (!this.#isWriting) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.push(resolve);
    const timer = setTimeout(resolve, ms);
    await promise.finally(() => clearTimeout(timer));
  }

  // One write at a time, of everything that waits.
  #pump(): void {
    if (this.#isWriting) return;
    const lines = this.#waiting;
    if (lines.length === 0) return this.#rest();
    this.#waiting = [];
    this.#isWriting = true;
    this.#write(lines.join(""), (error) => {
      this.#isWriting = false;
      this.#waitingBytes = this.#waiting.reduce((bytes, line) => bytes + line.length, 0);
      if (error) this.#failed(lines.length);
      this.#pump();
    });
  }

  #failed(lines: number): void {
    this.#lost += lines + this.#waiting.length;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#silentUntil = performance.now() + retryMs;
  }

  #rest(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/**
 * Returns a way to write without waiting. On Node, a thread that writes to a full pipe blocks until somebody reads, and
 * the process cannot end before its threads (libuv joins them). So on Node a pipe is left to `process.stderr`, which
 * does not block. Bun's threads do not keep the process alive. A disk is slow, but it does not stall.
 */
function writerOf(descriptor: number): Write {
  const { stderr } = process;
  if (process.versions.bun || descriptor !== stderr.fd || !isPipe(descriptor)) {
    const open = process.versions.bun ? descriptor : unblocked(descriptor);
    return (text, done) => writeAll(open, text, done);
  }
  // Emitted when the reader has gone. Each write reports this to its caller as well.
  stderr.on("error", () => {});
  return (text, done) => void stderr.write(text, done);
}

function isPipe(descriptor: number): boolean {
  try {
    const status = fstatSync(descriptor);
    return status.isFIFO() || status.isSocket();
  } catch {
    // The descriptor is closed. Every write will report that.
    return false;
  }
}

// A file can take only a part, and a terminal can take nothing for a while.
function writeAll(descriptor: number, text: string | Buffer, done: (error?: Error | null) => void): void {
  const bytes = Buffer.from(text as string);
  write(descriptor, bytes, (error, written) => {
    if (error?.code === "EAGAIN") setTimeout(() => writeAll(descriptor, bytes, done), fullMs).unref();
    else if (error || written === bytes.length) done(error);
    else writeAll(descriptor, bytes.subarray(written), done);
  });
}

// A stopped terminal (Ctrl-S) would block a thread and with it the process's end. So it is opened again, in
// non-blocking mode. The descriptor itself is shared with the shell, which does not expect that mode.
function unblocked(descriptor: number): number {
  if (!isatty(descriptor)) return descriptor;
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/dev/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return descriptor;
  }
}
