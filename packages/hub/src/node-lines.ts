import { constants, fstatSync, openSync, write } from "node:fs";
import { isatty } from "node:tty";

/** Bytes that may wait to be written; what comes then is lost. */
const maxWaiting = 64 * 1024;
/** A full terminal is tried again after so long (ms). */
const fullMs = 20;
/** After a write failed, a full disk say, so long nothing is tried. */
const retryMs = 1_000;

type Write = (text: string, done: (error?: Error | null) => void) => void;

/**
 * Lines for a file descriptor that may be anything: a terminal, a file on a full disk, a pipe whose reader has stalled
 * or gone. What cannot be written is lost and counted; nobody ever waits for it, not even the process' end.
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

  /** Lines that were lost. */
  get lost(): number {
    return this.#lost;
  }

  /** Writes a line when it can be. Never throws, never blocks. */
  write(line: string): void {
    if (this.#waitingBytes + line.length > maxWaiting || performance.now() < this.#silentUntil) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#pump();
  }

  /** Resolves when all is written, or after `ms`. */
  async flushed(ms: number): Promise<void> {
    if (!this.#isWriting) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.push(resolve);
    const timer = setTimeout(resolve, ms);
    await promise.finally(() => clearTimeout(timer));
  }

  // One write at a time, of all that waits.
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
 * How to write without waiting. On Node a thread that writes to a full pipe stands until somebody reads, and the end of
 * the process waits for its threads (libuv joins them): there a pipe is left to `process.stderr`, which does not block.
 * Bun's threads do not keep it. A disk is slow, but it does not stall.
 */
function writerOf(descriptor: number): Write {
  const { stderr } = process;
  if (process.versions.bun || descriptor !== stderr.fd || !isPipe(descriptor)) {
    const open = process.versions.bun ? descriptor : unblocked(descriptor);
    return (text, done) => writeAll(open, text, done);
  }
  // A reader that has gone: every write tells its own caller, too.
  stderr.on("error", () => {});
  return (text, done) => void stderr.write(text, done);
}

function isPipe(descriptor: number): boolean {
  try {
    const status = fstatSync(descriptor);
    return status.isFIFO() || status.isSocket();
  } catch {
    // A descriptor that was closed: every write will say so.
    return false;
  }
}

// A file may take a part only, and a terminal nothing for a while.
function writeAll(descriptor: number, text: string | Buffer, done: (error?: Error | null) => void): void {
  const bytes = Buffer.from(text as string);
  write(descriptor, bytes, (error, written) => {
    if (error?.code === "EAGAIN") setTimeout(() => writeAll(descriptor, bytes, done), fullMs).unref();
    else if (error || written === bytes.length) done(error);
    else writeAll(descriptor, bytes.subarray(written), done);
  });
}

// A terminal that was stopped (Ctrl-S) would keep a thread, and so the process. Opened anew, it says that it is full; the
// descriptor itself is shared with the shell, which must not meet that.
function unblocked(descriptor: number): number {
  if (!isatty(descriptor)) return descriptor;
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/dev/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return descriptor;
  }
}
