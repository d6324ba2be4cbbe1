// The written results of a run: the shape of `--json`, from which every other report is made.

import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { groupOf } from "../cases/index.ts";
import type { Case } from "../model/case.ts";
import type { CaseHead, Level } from "../model/case-head.ts";
import type { Result } from "../model/result.ts";
import type { Gravity, Judgement, Verdict } from "../model/verdict.ts";
import { applyMask, Opcode } from "../wire/frames.ts";
import type { WireEntry } from "../wire/wire-log.ts";

/** A run as `--json` writes it. New fields may be added; existing ones stay as they are while `format` is 1. */
export interface Report {
  format: 1;
  tool: { name: string; version: string };
  /** When the run began, ISO 8601. */
  date: string;
  machine: ReportMachine;
  /** The tool that judged. */
  peer: "server" | "client";
  /** The seed of the random cuts, keys and payloads. */
  seed: number;
  /** How many cases ran at the same time. */
  jobs: number;
  /** The deadline for each thing that was awaited, in ms. `null` for none. */
  deadlineMs: number | null;
  /** False if the run was stopped, or a server could not be judged to the end. */
  complete: boolean;
  groups: GroupReport[];
  /** The cases that were to run, in their order. Results refer to them. */
  cases: CaseReport[];
  targets: TargetReport[];
}

/** The machine that the tool ran on. */
export interface ReportMachine {
  platform: string;
  cpu: string;
  cores: number;
  runtime: string;
}

/** Cases about one part of the protocol. */
export interface GroupReport {
  number: number;
  name: string;
  title: string;
}

/** The description of a case. */
export interface CaseReport {
  id: string;
  /** `frames`: what follows the opening handshake. `opening`: a request. `answer`: the answer to a request. */
  kind: Case["kind"];
  /** The number of its group. */
  group: number;
  title: string;
  clause: string;
  gist: string;
  level: Level;
  /** The cases of Autobahn that find the same faults. */
  autobahn: readonly string[];
}

/** One server, or one client. */
export interface TargetReport {
  /** One word that no other target of the run has. */
  id: string;
  title: string;
  /** The URL. Empty for a client. */
  url: string;
  /** The versions it consists of, as far as they are known. */
  versions: Record<string, string>;
  /**
   * Limits that were raised for the run, by environment variable. They are a matter of policy, not of the protocol.
   */
  policy: Record<string, string>;
  /** The time of the whole run, in ms. */
  ms: number;
  complete: boolean;
  /** Why the target could not be judged, or not to the end. */
  error?: string;
  counts: Counts;
  results: ResultReport[];
}

/** How many cases have each verdict. `known` counts failures that are in the baseline. */
export type Counts = Record<Verdict | "known", number>;

/** The result of one case. */
export interface ResultReport {
  id: string;
  /** The worse of the two halves. */
  verdict: Verdict;
  /** What the server did with what it got. */
  behaviour: Judgement;
  /** How the connection ended. */
  close: Judgement;
  expected: string;
  received: string;
  /** The code of the server's close frame: 1005 if the frame had no code, `null` if there was no frame. */
  closeCode: number | null;
  ms: number;
  /** The bytes that went over the wire, in order. Long logs lack their middle. */
  wire: WireReport[];
  /** Set if this failure is worse than any other. No baseline excuses it. */
  grave?: Gravity;
  /** Set if the baseline lists this failure. */
  known?: { reason: string; link: string };
}

/** One line of the wire log, or a place where lines were left out. */
export type WireReport = WireLine | WireGap;

/** One line of the wire log. */
export interface WireLine {
  /** Milliseconds since the case began. */
  at: number;
  direction: WireEntry["direction"];
  kind: WireEntry["kind"];
  /** In words. */
  text: string;
  /** The first bytes, in hex digits. */
  hex: string;
  /** How many bytes there were. */
  size: number;
}

/** How many lines were left out. */
export interface WireGap {
  kind: "omitted";
  lines: number;
}

/** How much of a wire log is kept, for a case that passed and for any other. */
export interface KeptLog {
  entries: number;
  bytes: number;
}

/** How much of each wire log a report keeps. */
export const kept: Record<"passed" | "other", KeptLog> = {
  passed: { entries: 24, bytes: 64 },
  other: { entries: 100, bytes: 256 },
};

/** The verdicts from best to worst, as reports name them. */
export const verdicts: readonly Verdict[] = ["pass", "non-strict", "info", "unsupported", "fail"];

/** A sign for each verdict, so that colour is never the only one. */
export const signs: Record<Verdict | "known", string> = {
  pass: "✓",
  "non-strict": "≈",
  info: "i",
  unsupported: "–",
  fail: "✗",
  known: "!",
};

/** Returns what a case is about, without what it does. */
export function caseReport(each: Case): CaseReport {
  const { id, title, clause, gist, level, autobahn = [] }: CaseHead = each;
  return { id, kind: each.kind, group: groupOf(each).number, title, clause, gist, level, autobahn };
}

/** Returns a result in the shape of the report, with its wire log shortened. */
export function resultReport(result: Result): ResultReport {
  const { id, verdict, behaviour, close, expected, received, ms, grave } = result;
  return {
    id,
    verdict,
    ...(grave && { grave }),
    behaviour,
    close,
    expected,
    received,
    closeCode: closeCodeOf(result.wire),
    ms: Math.round(ms * 10) / 10,
    wire: wireReport(result, verdict === "pass" ? kept.passed : kept.other),
  };
}

function wireReport({ wire, omitted }: Result, limits: KeptLog): WireReport[] {
  const lines: WireReport[] = wire.map(({ at, direction, kind, text, bytes, size }) => {
    return { at, direction, kind, text, hex: Buffer.from(bytes).toString("hex"), size };
  });
  return shorten(omitted > 0 ? [...lines, { kind: "omitted", lines: omitted }] : lines, limits);
}

/** Shortens a wire log to its first and last lines, because how a case ends is worth as much as how it begins. */
export function shorten(wire: readonly WireReport[], { entries, bytes }: KeptLog): WireReport[] {
  const lines = wire.map((each) =>
    each.kind === "omitted" ? each : { ...each, hex: each.hex.slice(0, 2 * bytes) },
  );
  if (lines.length <= entries) return lines;
  const last = Math.floor(entries / 2);
  const gone = lines.splice(entries - last, lines.length - entries);
  const count = gone.reduce((sum, each) => sum + (each.kind === "omitted" ? each.lines : 1), 0);
  lines.splice(entries - last, 0, { kind: "omitted", lines: count });
  return lines;
}

function closeCodeOf(wire: readonly WireEntry[]): number | null {
  const frame = wire.find(
    ({ direction, kind, bytes }) =>
      direction === "received" && kind === "frame" && ((bytes[0] ?? 0) & 0x0f) === Opcode.Close,
  );
  if (!frame) return null;
  // A header of two bytes, because a control frame has at most 125 bytes (RFC 6455 §5.5). A client's also has a
  // masking key.
  const mask = ((frame.bytes[1] ?? 0) & 0x80) === 0 ? undefined : frame.bytes.subarray(2, 6);
  const payload = frame.bytes.slice(mask ? 6 : 2);
  if (mask) applyMask(payload, mask);
  const [high, low] = payload;
  return high === undefined || low === undefined ? 1005 : high * 256 + low;
}

/** Returns what a result counts as. */
export function countedAs({ verdict, known }: Pick<ResultReport, "verdict" | "known">): keyof Counts {
  return verdict === "fail" && known ? "known" : verdict;
}

/** Counts the results of each verdict. */
export function count(results: readonly Pick<ResultReport, "verdict" | "known">[]): Counts {
  const counts: Counts = { pass: 0, "non-strict": 0, info: 0, unsupported: 0, fail: 0, known: 0 };
  for (const result of results) counts[countedAs(result)]++;
  return counts;
}

/** Returns the cases with different results for different targets, among those that several targets ran. */
export function differing({ cases, targets }: Pick<Report, "cases" | "targets">): string[] {
  const found = targets.map(({ results }) => new Map(results.map(({ id, verdict }) => [id, verdict])));
  return cases
    .map(({ id }) => id)
    .filter((id) => new Set(found.map((each) => each.get(id)).filter(Boolean)).size > 1);
}

/** Returns the results of a server by group, without groups that have none. */
export function resultsByGroup(
  { groups, cases }: Pick<Report, "groups" | "cases">,
  { results }: TargetReport,
): (GroupReport & { results: ResultReport[] })[] {
  const groupOf = new Map(cases.map(({ id, group }) => [id, group]));
  const found = Map.groupBy(results, ({ id }) => groupOf.get(id));
  return groups
    .map((group) => ({ ...group, results: found.get(group.number) ?? [] }))
    .filter((group) => group.results.length > 0);
}

/** Returns the tool's own name and version. */
export function thisTool(): Report["tool"] {
  const file = new URL("../../package.json", import.meta.url);
  const { name, version = "0.0.0" } = JSON.parse(readFileSync(file, "utf8"));
  return { name, version };
}

/** Returns the machine that this runs on. */
export function thisMachine(): ReportMachine {
  const { bun, node } = process.versions;
  return {
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    runtime: bun ? `bun ${bun}` : `node ${node}`,
  };
}
