// Finds bytes that the peer sent and nobody had sent it. They may come from its memory, and so from other
// connections.

import type { CaseFrame, Observation, Play } from "../model/frame-case.ts";
import { describeBytes, equal } from "../wire/bytes.ts";
import { Opcode } from "../wire/frames.ts";
import { inflatePrefix } from "../wire/inflate.ts";

// Fewer bytes may be chance. This many in a row that appear nowhere else are not.
const leastBytes = 4;
// In a long message, checking some places is enough.
const mostProbes = 64;

/** Describes the bytes that nobody sent. Returns nothing if there are none that can be told for sure. */
export function invention(play: Play, observation: Observation): string | undefined {
  const { messages, unsolicited = [] } = observation;
  const [best] = play.allowed;
  const expected = best?.messages ?? [];
  const known = bytesKnown(play);
  const foreign = messages
    .map(({ data }, index) => beyond(data, expected[index]?.data))
    .find((data) => isForeign(data, known));
  if (foreign) return `the peer sent bytes that it had never received: ${describeBytes(foreign)}`;
  // Elsewhere a pong may be the peer's own heartbeat.
  const isFailing = best?.end.kind === "failed";
  const pong = isFailing ? unsolicited.find((data) => isForeign(data, known)) : undefined;
  return pong && `the peer sent a pong with bytes that it had never received: ${describeBytes(pong)}`;
}

// Returns the bytes that were added to the expected message: all of them, or those behind its end. A message of the
// same length was changed on its way.
function beyond(data: Uint8Array, expected: Uint8Array | undefined): Uint8Array {
  if (!expected) return data;
  return equal(data.subarray(0, expected.length), expected)
    ? data.subarray(expected.length)
    : new Uint8Array();
}

function isForeign(data: Uint8Array, known: Buffer): boolean {
  const bytes = withoutReplacements(data);
  const places = bytes.length - leastBytes + 1;
  if (places <= 0) return false;
  const stride = Math.max(1, Math.floor(places / mostProbes));
  for (let at = 0; at < places; at += stride) {
    if (known.includes(bytes.subarray(at, at + leastBytes))) return false;
  }
  return true;
}

// U+FFFD stands in for something that was sent.
function withoutReplacements(data: Uint8Array): Buffer {
  return Buffer.from(Buffer.from(data).toString("latin1").replaceAll("\xef\xbf\xbd", ""), "latin1");
}

// Everything that was sent, as it was and decompressed, and everything that may come back.
function bytesKnown({ steps, allowed }: Play): Buffer {
  const frames = steps.flatMap((step) => (step.kind === "send" ? step.frames : []));
  const raw = steps.flatMap((step) => (step.kind === "bytes" ? [step.bytes] : []));
  const payloads = frames.map(({ payload = new Uint8Array() }) => payload);
  const expected = allowed.flatMap(({ messages }) => messages.map(({ data }) => data));
  return Buffer.concat([...payloads, ...raw, ...inflated(frames), ...expected]);
}

const windowSize = 32 * 1024;
const maxOutput = 16 * 1024 * 1024;

function inflated(frames: readonly CaseFrame[]): Uint8Array[] {
  const found: Uint8Array[] = [];
  let compressed: Uint8Array[] | undefined;
  for (const { opcode, rsv1, payload = new Uint8Array() } of frames) {
    if (opcode !== Opcode.Continuation && opcode <= Opcode.Binary) compressed = rsv1 ? [] : undefined;
    if (opcode > Opcode.Binary || !compressed) continue;
    compressed.push(payload);
    const history = Buffer.concat(found).subarray(-windowSize);
    found.push(inflatePrefix(Buffer.concat(compressed), { history, windowSize, maxOutput }));
  }
  return found;
}
