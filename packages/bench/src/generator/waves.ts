// The messages of an echo: bytes, or requests of rosetta.v1.json.

import type { EchoJob } from "../generator-job.ts";
import type { Wave } from "./flow.ts";
import { letters, maskedText, plainText } from "./write-frames.ts";

/** The largest single write, in bytes. */
const writeBytes = 64 * 1024;
// More requests than a server remembers having answered, so that it answers none from memory.
const requests = 1_024;

/** Returns what a job sends and expects. */
export function waveOf({ dialect, size, peer }: Pick<EchoJob, "dialect" | "size" | "peer">): Wave {
  return dialect === "typed" ? typed(size) : bytes(size, peer.path !== undefined);
}

function bytes(size: number, isWebSocket: boolean): Wave {
  const payload = letters(size);
  const frame = maskedText(payload);
  // A TCP echo returns exactly what it received.
  const echo = isWebSocket ? plainText(payload) : frame;
  const count = Math.max(1, Math.floor(writeBytes / frame.length));
  return {
    cycle: repeat(frame, count),
    frameBytes: frame.length,
    echo: repeat(echo, count),
    echoBytes: echo.length,
  };
}

function typed(size: number): Wave {
  const text = Buffer.from(letters(size)).toString();
  const ids = Array.from({ length: requests }, (_, index) => String(index).padStart(6, "0"));
  const frames = ids.map((id) => maskedText(json({ type: "echo", id, text })));
  const echoes = ids.map((id) => plainText(json({ type: "echo", re: id, text })));
  return {
    cycle: Buffer.concat(frames),
    frameBytes: frames[0]?.length ?? 0,
    echo: Buffer.concat(echoes),
    echoBytes: echoes[0]?.length ?? 0,
    greeting: { frame: hello, answers: 1 },
  };
}

/** Returns the first message at `/ws`, from a different client each time. */
export function hello(): Uint8Array {
  return maskedText(json({ type: "hello", id: "hello", client: crypto.randomUUID().replaceAll("-", "") }));
}

/** Encodes a value as JSON in UTF-8. */
export function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function repeat(bytes: Uint8Array, count: number): Uint8Array {
  return Buffer.concat(Array.from({ length: count }, () => bytes));
}
