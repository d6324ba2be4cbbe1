// Helpers to write cases.

import { bytesOf } from "../wire/bytes.ts";
import { encodeClose, Opcode } from "../wire/frames.ts";
import type { CaseHead } from "./case-head.ts";
import type {
  Allowed,
  CaseFrame,
  Cuts,
  ExpectedEnd,
  ExpectedMessage,
  FrameCase,
  Play,
  Step,
} from "./frame-case.ts";
import type { Random } from "./random.ts";

/** Numbers cases from 1: `2.1` makes `2.1.1`, `2.1.2` … */
export function numbered<T>(id: string, cases: readonly T[]): (T & Pick<CaseHead, "id">)[] {
  return cases.map((each, index) => ({ ...each, id: `${id}.${index + 1}` }));
}

/** The fields that the cases of a family have in common. */
export type Common = Pick<CaseHead, "clause" | "gist" | "level">;

/** The fields that each case of a family adds. */
export type Member = Omit<FrameCase, keyof Common | "kind" | "id"> & Partial<Common>;

/** Returns the cases of a family, numbered from 1. */
export function family(id: string, common: Common, members: readonly Member[]): FrameCase[] {
  return numbered(
    id,
    members.map((member) => ({ ...common, ...member, kind: "frames" as const })),
  );
}

/** Returns a play that needs neither random numbers nor an agreement. */
export function play(steps: readonly Step[], allowed: readonly Allowed[]): () => Play {
  return () => ({ steps, allowed });
}

type Rest = Omit<CaseFrame, "opcode" | "payload">;

/** Frames to send, by what they carry. Text is sent as UTF-8. `rest`: whatever else is special about a frame. */
export const frame = {
  text: (data: string | Uint8Array = "", rest: Rest = {}): CaseFrame => make(Opcode.Text, data, rest),
  binary: (data: string | Uint8Array = "", rest: Rest = {}): CaseFrame => make(Opcode.Binary, data, rest),
  continuation: (data: string | Uint8Array = "", rest: Rest = {}): CaseFrame =>
    make(Opcode.Continuation, data, rest),
  ping: (data: string | Uint8Array = "", rest: Rest = {}): CaseFrame => make(Opcode.Ping, data, rest),
  pong: (data: string | Uint8Array = "", rest: Rest = {}): CaseFrame => make(Opcode.Pong, data, rest),
  /** The payload of a close frame, empty if there is no code. */
  close: (code?: number, reason?: string | Uint8Array, rest: Rest = {}): CaseFrame =>
    make(Opcode.Close, encodeClose(code, reason), rest),
  of: (opcode: number, data: string | Uint8Array = "", rest: Rest = {}): CaseFrame =>
    make(opcode, data, rest),
};

function make(opcode: number, data: string | Uint8Array, rest: Rest): CaseFrame {
  return { opcode, payload: bytesOf(data), ...rest };
}

/** Returns a message in fragments of the given parts. */
export function fragments(opcode: number, parts: readonly (string | Uint8Array)[]): CaseFrame[] {
  return parts.map((part, index) =>
    make(index === 0 ? opcode : Opcode.Continuation, part, { fin: index === parts.length - 1 }),
  );
}

/** Sends frames in one write. */
export function send(...frames: CaseFrame[]): Step {
  return { kind: "send", frames };
}

/** Sends each frame in its own write. */
export function sendEach(...frames: CaseFrame[]): Step[] {
  return frames.map((each) => send(each));
}

/** Sends frames in pieces: of at most this many bytes, or cut at these places. */
export function sendCut(cuts: Cuts, ...frames: CaseFrame[]): Step {
  return { kind: "send", frames, cuts };
}

/**
 * Sends frames, but only this many bytes of the last one (if negative, all but that many). `sendRest` sends the
 * rest.
 */
export function sendUpTo(upTo: number, ...frames: CaseFrame[]): Step {
  return { kind: "send", frames, upTo };
}

/** Sends what `sendUpTo` held back. */
export const sendRest: Step = { kind: "send", frames: [] };

/** Gives the peer time to react. */
export const settle: Step = { kind: "settle" };

/** Waits until this many pongs have come in all. */
export function awaitPongs(count: number): Step {
  return { kind: "await", what: "pong", count };
}

/** Waits until this many messages have come in all. */
export function awaitMessages(count: number): Step {
  return { kind: "await", what: "message", count };
}

/** Returns a text message that should come back. */
export function text(data: string | Uint8Array): ExpectedMessage {
  return { kind: "text", data: bytesOf(data) };
}

/** Returns a binary message that should come back. */
export function binary(data: string | Uint8Array): ExpectedMessage {
  return { kind: "binary", data: bytesOf(data) };
}

/** The replies that may come back before the end. */
interface Replies {
  messages?: readonly ExpectedMessage[];
  pongs?: readonly (string | Uint8Array)[];
}

/** Demands that the messages come back and the connection works as before. */
export function echoes(...messages: ExpectedMessage[]): Allowed[] {
  return ends({ kind: "clean" }, { messages });
}

/** Demands that the pings are answered, the messages come back, and the connection works as before. */
export function replies(expected: Replies): Allowed[] {
  return ends({ kind: "clean" }, expected);
}

/**
 * Demands that the peer fails the connection with one of the codes. It may first answer what came before the fault.
 */
export function fails(code: number | readonly number[], replies: Replies = {}): Allowed[] {
  return ends({ kind: "failed", codes: [code].flat() }, replies);
}

/**
 * Demands that the peer fails the connection as soon as the fault is visible, for which a `settle` gives it time.
 * Later is non-strict.
 */
export function failsAtOnce(code: number | readonly number[], late: string): Allowed[] {
  const failing = fails(code);
  return [...failing.map((each) => ({ ...each, atOnce: true as const })), ...lenient(late, failing)];
}

/** Demands that the peer answers the close frame with one of the codes. */
export function closes(code: number | readonly number[], replies: Replies = {}): Allowed[] {
  return ends({ kind: "closed", codes: [code].flat() }, replies);
}

/**
 * Allows the peer to refuse a message this large, and to say so with one of the codes. The RFC leaves such limits to
 * the peer.
 */
export function refusesSize(
  codes: number | readonly number[],
  because: string,
  replies: Replies = {},
): Allowed[] {
  const refused = ends({ kind: "refused", codes: [codes].flat() }, replies);
  return refused.map((each) => ({ ...each, verdict: "info", because }));
}

/** Allows the peer to end the connection, as a policy that the RFC leaves to it. */
export function quits(because: string, replies: Replies = {}): Allowed[] {
  return ends({ kind: "ended" }, replies).map((each) => ({ ...each, verdict: "info", because }));
}

/** Allows anything, and reports what the peer did. */
export function whatever(because: string): Allowed[] {
  return [{ verdict: "info", messages: [], end: { kind: "any" }, because }];
}

/** Allows a behaviour that is not the best. */
export function lenient(because: string, allowed: readonly Allowed[]): Allowed[] {
  return allowed.map((each) => ({ ...each, verdict: "non-strict", because }));
}

/** Allows a behaviour that the RFC allows and Autobahn does not. */
export function lenientOnly(because: string, allowed: readonly Allowed[]): Allowed[] {
  return lenient(because, allowed).map((each) => ({ ...each, strictly: "fail" }));
}

/** Sends frames without reading what comes back, until all are sent or the peer accepts no more. */
export function sendUnread(cuts: Cuts, ...frames: CaseFrame[]): Step {
  return { kind: "send", frames, cuts, unread: true };
}

function ends(end: ExpectedEnd, { messages = [], pongs = [] }: Replies): Allowed[] {
  return [{ verdict: "pass", messages, pongs: pongs.map(bytesOf), end }];
}

/** Returns an array with this many of something. */
export function repeat<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Returns ASCII text of this many bytes, different from place to place, so that a lost or moved piece shows. */
export function prose(length: number, random: Random): string {
  const letters = "abcdefghijklmnopqrstuvwxyz ";
  let words = "";
  while (words.length < length) words += letters[random.below(letters.length)];
  return words;
}
