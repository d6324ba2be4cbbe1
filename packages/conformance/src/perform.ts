// Does what a case says, and tells what happened.

import type { Allowed, End, ExpectedMessage, Observation, Play, Step } from "./case.ts";
import type { Endpoint } from "./endpoint.ts";
import { encodeClose, Opcode } from "./frames.ts";

/** How long things may take. */
export interface Timing {
  /** For each thing that is awaited, in ms; `Infinity` for a peer in a debugger. */
  deadlineMs: number;
  /** What a peer gets to react at once, in ms. Longer is fairer to slow ones, and makes lenient ones take longer. */
  settleMs: number;
}

// A peer that answers this after what it should have failed for has gone on.
const fence = new TextEncoder().encode("still there?");

/** Plays a case to its end; the connection is gone afterwards. */
export async function perform(play: Play, endpoint: Endpoint, timing: Timing): Promise<Observation> {
  let stuck: string | undefined;
  let atOnce = false;
  for (const step of play.steps) {
    stuck = await act(step, endpoint, timing);
    if (step.kind === "settle") atOnce ||= endpoint.over || endpoint.close !== undefined;
    if (stuck || endpoint.over) break;
  }
  const wentOn = !stuck && (await finish(play.allowed, endpoint, timing));
  endpoint.destroy();
  return {
    messages: endpoint.messages,
    pongs: endpoint.pongs.filter((payload) => !equal(payload, fence)),
    peerClosedFirst: endpoint.peerClosedFirst,
    wentOn,
    ...(atOnce && { atOnce }),
    ...(endpoint.echoedCode && { echoedCode: true }),
    ...(endpoint.unsolicited.length > 0 && { unsolicited: endpoint.unsolicited }),
    ...(endpoint.latePong && { latePong: true }),
    ...(endpoint.keys.length > 0 && { keys: endpoint.keys }),
    ...(endpoint.close && { close: endpoint.close }),
    ...(endpoint.ended && { ended: endpoint.ended }),
    ...(endpoint.violation && { violation: endpoint.violation }),
    ...(stuck && { stuck }),
  };
}

// Returns what was awaited in vain.
async function act(step: Step, endpoint: Endpoint, timing: Timing): Promise<string | undefined> {
  if (step.kind === "send" || step.kind === "bytes") {
    const sent =
      step.kind === "send"
        ? endpoint.send(step.frames, step.cuts, step.upTo)
        : endpoint.sendBytes(step.bytes, step.what);
    return (await within(sent, timing.deadlineMs)) ? undefined : "it to read what was sent";
  }
  if (step.kind === "settle") await endpoint.until(() => endpoint.close !== undefined, timing.settleMs);
  if (step.kind === "end") endpoint.end();
  if (step.kind !== "await") return undefined;
  const came = step.what === "pong" ? endpoint.pongs : endpoint.messages;
  const enough = () => came.length >= step.count || endpoint.close !== undefined;
  if (await endpoint.until(enough, timing.deadlineMs)) return undefined;
  return `${step.what} ${step.count}`;
}

/** Waits for something; false if time was up before. */
export async function within(promise: Promise<void>, ms: number): Promise<boolean> {
  if (ms === Number.POSITIVE_INFINITY) return promise.then(() => true);
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const deadline = setTimeout(resolve, ms, false);
  const result = await Promise.race([promise.then(() => true), late]);
  clearTimeout(deadline);
  return result;
}

// True if the peer went on where it should have failed the connection.
async function finish(allowed: readonly Allowed[], endpoint: Endpoint, timing: Timing): Promise<boolean> {
  const [best] = allowed;
  const clean = allowed.find(({ end }) => end.kind === "clean");
  if (best && isFailing(best.end)) {
    const wentOn = await goesOn(endpoint, timing);
    if (!wentOn) return false;
    if (clean) await close(endpoint, timing, clean.messages.length);
    return true;
  }
  if (best?.end.kind !== "closed") await close(endpoint, timing, clean?.messages.length);
  else await ended(endpoint, timing);
  return false;
}

/** Whether the peer is to end the connection, without a close frame from us. */
export function isFailing({ kind }: End): boolean {
  return ["failed", "ended", "refused", "unopened"].includes(kind);
}

async function goesOn(endpoint: Endpoint, timing: Timing): Promise<boolean> {
  await endpoint.until(() => endpoint.close !== undefined, timing.settleMs);
  if (!endpoint.over && !endpoint.close) {
    // Only now, since what comes after the fault could be taken for a part of it.
    await endpoint.send([{ opcode: Opcode.Ping, payload: fence }]);
    const answered = () => endpoint.pongs.some((payload) => equal(payload, fence));
    await endpoint.until(() => answered() || endpoint.close !== undefined, timing.deadlineMs);
    // A pong may overtake what is still being decompressed.
    if (answered()) await endpoint.until(() => endpoint.close !== undefined, timing.settleMs);
    if (answered() && !endpoint.over && !endpoint.close) return true;
  }
  await ended(endpoint, timing);
  return false;
}

// The messages first: a peer may read the close frame before its application has seen them, and a browser does.
// It cannot answer them any more then (RFC 6455 §5.5.1).
async function close(endpoint: Endpoint, timing: Timing, messages = 0): Promise<void> {
  const answered = () => endpoint.messages.length >= messages || endpoint.close !== undefined;
  await endpoint.until(answered, timing.deadlineMs);
  if (!endpoint.over && !endpoint.close) {
    await endpoint.send([{ opcode: Opcode.Close, payload: encodeClose(1000) }]);
  }
  await ended(endpoint, timing);
}

async function ended(endpoint: Endpoint, { deadlineMs }: Timing): Promise<void> {
  await endpoint.until(() => endpoint.ended !== undefined, deadlineMs);
}

/** Whether two payloads are the same. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Whether two messages are the same. */
export function sameMessage(expected: ExpectedMessage, observed: ExpectedMessage): boolean {
  return expected.kind === observed.kind && equal(expected.data, observed.data);
}
