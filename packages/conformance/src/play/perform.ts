// Performs a case and reports what happened.

import { setTimeout as sleep } from "node:timers/promises";
import {
  type Allowed,
  isFailing,
  isLastAnswered,
  type Observation,
  type Play,
  type Step,
} from "../model/frame-case.ts";
import { equal } from "../wire/bytes.ts";
import { encodeClose, Opcode } from "../wire/frames.ts";
import type { OurEndpoint } from "./endpoint.ts";
import { finishes } from "./within.ts";

/** How long things may take. */
export interface Timing {
  /** The deadline for each thing that is awaited, in ms. `Infinity` for a peer in a debugger. */
  deadlineMs: number;
  /**
   * How long a peer gets to react at once, in ms. More is fairer to slow peers, but makes cases with lenient peers
   * take longer.
   */
  settleMs: number;
}

// A peer that answers this ping after it should have failed the connection has gone on.
const fence = new TextEncoder().encode("still there?");

/** Plays a case to its end. Afterwards the connection is closed. */
export async function perform(play: Play, endpoint: OurEndpoint, timing: Timing): Promise<Observation> {
  let stuck: string | undefined;
  let atOnce = false;
  for (const step of play.steps) {
    stuck = await act(step, endpoint, timing);
    if (step.kind === "settle") atOnce ||= endpoint.over || endpoint.close !== undefined;
    if (stuck || endpoint.over) break;
  }
  const last = stuck ? "nothing" : await finish(play.allowed, endpoint, timing);
  endpoint.destroy();
  return {
    messages: endpoint.messages,
    pongs: endpoint.pongs.filter((payload) => !equal(payload, fence)),
    peerClosedFirst: endpoint.peerClosedFirst,
    wentOn: last === "went on",
    ...(last === "closed" && { closedByUs: true }),
    ...(atOnce && { atOnce }),
    ...(endpoint.echoedCode && { echoedCode: true }),
    ...(endpoint.unsolicited.length > 0 && { unsolicited: endpoint.unsolicited }),
    ...(endpoint.latePong && { latePong: true }),
    ...(endpoint.keys.length > 0 && { keys: endpoint.keys }),
    ...(endpoint.close && { close: endpoint.close }),
    ...(endpoint.ended && { ended: endpoint.ended }),
    ...(endpoint.violation && { violation: endpoint.violation }),
    ...(endpoint.excess && { excess: endpoint.excess }),
    ...(endpoint.rubbish && { rubbish: true }),
    ...(stuck && { stuck }),
  };
}

// Returns the step that was awaited in vain.
async function act(step: Step, endpoint: OurEndpoint, timing: Timing): Promise<string | undefined> {
  if (step.kind === "send" && step.unread) return sendUnread(step, endpoint, timing);
  if (step.kind === "send" || step.kind === "bytes") {
    const sent =
      step.kind === "send"
        ? endpoint.send(step.frames, step.cuts, step.upTo)
        : endpoint.sendBytes(step.bytes, step.what);
    return (await finishes(sent, timing.deadlineMs)) ? undefined : "it to read what was sent";
  }
  if (step.kind === "settle") await endpoint.until(() => endpoint.close !== undefined, timing.settleMs);
  if (step.kind === "end") endpoint.end();
  if (step.kind !== "await") return undefined;
  const came = step.what === "pong" ? endpoint.pongs : endpoint.messages;
  const enough = () => came.length >= step.count || endpoint.close !== undefined;
  if (await patiently(enough, endpoint, timing.deadlineMs)) return undefined;
  return `${step.what} ${step.count}`;
}

// Our end does not read for as long as the peer accepts what is sent, and a little longer.
async function sendUnread(
  { frames, cuts }: Extract<Step, { kind: "send" }>,
  endpoint: OurEndpoint,
  { deadlineMs, settleMs }: Timing,
): Promise<string | undefined> {
  endpoint.pause();
  const sent = endpoint.send(frames, cuts);
  for (let before = -1; before < endpoint.written; ) {
    before = endpoint.written;
    if (await finishes(sent, settleMs)) break;
  }
  await sleep(settleMs);
  endpoint.resume();
  return (await finishes(sent, deadlineMs)) ? undefined : "it to read what was sent";
}

// `went on`: the peer continued where it should have failed the connection. `closed`: we had to close it.
async function finish(
  allowed: readonly Allowed[],
  endpoint: OurEndpoint,
  timing: Timing,
): Promise<"went on" | "closed" | "nothing"> {
  const [best] = allowed;
  const clean = allowed.find(({ end }) => end.kind === "clean");
  if (best && isFailing(best.end)) {
    if (!(await goesOn(endpoint, timing))) return "nothing";
    if (clean) await close(endpoint, timing, clean);
    return "went on";
  }
  if (best?.end.kind !== "closed") return (await close(endpoint, timing, clean)) ? "closed" : "nothing";
  await ended(endpoint, timing);
  return "nothing";
}

async function goesOn(endpoint: OurEndpoint, timing: Timing): Promise<boolean> {
  await endpoint.until(() => endpoint.close !== undefined, timing.settleMs);
  if (!endpoint.over && !endpoint.close) {
    // Sent only now, because anything right after the fault could be taken for a part of it.
    await endpoint.send([{ opcode: Opcode.Ping, payload: fence }]);
    const answered = () => endpoint.pongs.some((payload) => equal(payload, fence));
    await endpoint.until(() => answered() || endpoint.close !== undefined, timing.deadlineMs);
    // A pong may overtake a message that is still being decompressed.
    if (answered()) await endpoint.until(() => endpoint.close !== undefined, timing.settleMs);
    if (answered() && !endpoint.over && !endpoint.close) return true;
  }
  await ended(endpoint, timing);
  return false;
}

// Wait for the answers first. A peer may read the close frame before its application has seen the messages, as a
// browser does, and it may owe a pong until it can write. Afterwards it cannot, or need not, answer any more (RFC
// 6455 §5.5.1, §5.5.2). Returns whether we had to close.
async function close(endpoint: OurEndpoint, { deadlineMs }: Timing, expected?: Allowed): Promise<boolean> {
  const { messages = [], pongs = [] } = expected ?? {};
  const answered = () => endpoint.messages.length >= messages.length && isLastAnswered(pongs, endpoint.pongs);
  await patiently(() => answered() || endpoint.close !== undefined, endpoint, deadlineMs);
  const isOurs = !endpoint.over && !endpoint.close;
  if (isOurs) await endpoint.send([{ opcode: Opcode.Close, payload: encodeClose(1000) }]);
  await ended(endpoint, { deadlineMs });
  return isOurs;
}

// Extends the deadline up to this many times while more and more comes, because large answers take their time.
const mostRounds = 6;

async function patiently(condition: () => boolean, endpoint: OurEndpoint, ms: number): Promise<boolean> {
  const came = () => endpoint.messages.length + endpoint.pongs.length;
  for (let round = 0, before = -1; round < mostRounds && before < came(); round++) {
    before = came();
    if (await endpoint.until(condition, ms)) return true;
  }
  return condition() || endpoint.over;
}

async function ended(endpoint: OurEndpoint, { deadlineMs }: Pick<Timing, "deadlineMs">): Promise<void> {
  await endpoint.until(() => endpoint.ended !== undefined, deadlineMs);
}
