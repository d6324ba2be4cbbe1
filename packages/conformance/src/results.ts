// What a run writes down: the shape of `--json`, and what every other report is made from.

import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import type { CaseHead, Gravity, Level, Verdict } from "./case.ts";
import { type Case, groupOf } from "./cases/index.ts";
import { applyMask, Opcode } from "./frames.ts";
import type { Judgement } from "./judge.ts";
import type { Result } from "./run.ts";
import type { WireEntry } from "./wire.ts";

/** A run, as `--json` writes it. New fields may come; those that are here stay as they are while `format` is 1. */
export interface Report {
  format: 1;
  tool: { name: string; version: string };
  /** When the run began, ISO 8601. */
  date: string;
  machine: Machine;
  /** What was judged. */
  peer: "server" | "client";
  /** What random cuts, keys and payloads were made from. */
  seed: number;
  /** How many cases ran at the same time. */
  jobs: number;
  /** For each thing that was awaited, in ms; `null` without a deadline. */
  deadlineMs: number | null;
  /** False if the run was stopped, or a server could not be judged to the end. */
  complete: boolean;
  groups: GroupReport[];
  /** The cases that were to run, in their order; what a result belongs to. */
  cases: CaseReport[];
  targets: TargetReport[];
}

/** The machine that the tool ran on. */
export interface Machine {
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

/** What a case is about. */
export interface CaseReport {
  id: string;
  /** `frames`: about what follows the opening handshake. `opening`: about a request. `answer`: about its answer. */
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
  /** Where it was; empty for a client. */
  url: string;
  /** What it is made of, as far as it is known. */
  versions: Record<string, string>;
  /** Limits that were raised for the run: a matter of policy, not of the protocol. By environment variable. */
  policy: Record<string, string>;
  /** The time of the whole run, in ms. */
  ms: number;
  complete: boolean;
  /** Why it could not be judged, or not to the end. */
  error?: string;
  counts: Counts;
  results: ResultReport[];
}

/** How many cases there are of each verdict; `known` are those that fail and stand in the baseline. */
export type Counts = Record<Verdict | "known", number>;

/** What came of one case. */
export interface ResultReport {
  id: string;
  /** The worse one of the two halves. */
  verdict: Verdict;
  /** What the server did with what it got. */
  behaviour: Judgement;
  /** How the connection ended. */
  close: Judgement;
  expected: string;
  received: string;
  /** The code of the server's close frame; 1005 without one in it, `null` without a frame. */
  closeCode: number | null;
  ms: number;
  /** What went over the wire, in order. Long logs lack their middle. */
  wire: WireReport[];
  /** Present if this failure is worse than any other; no baseline excuses it. */
  grave?: Gravity;
  /** Present if the baseline has this failure. */
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

/** So many lines are not there. */
export interface WireGap {
  kind: "omitted";
  lines: number;
}

/** How much of a wire log is kept: of a case that passed, and of any other. */
export interface Kept {
  entries: number;
  bytes: number;
}

/** What a report keeps of each wire log. */
export const kept: Record<"passed" | "other", Kept> = {
  passed: { entries: 24, bytes: 64 },
  other: { entries: 100, bytes: 256 },
};

/** The verdicts from best to worst, as reports name them. */
export const verdicts: readonly Verdict[] = ["pass", "non-strict", "info", "unsupported", "fail"];

/** A sign for each verdict, so that none is told by its colour alone. */
export const signs: Record<Verdict | "known", string> = {
  pass: "✓",
  "non-strict": "≈",
  info: "i",
  unsupported: "–",
  fail: "✗",
  known: "!",
};

/** What a case is about, without what it does. */
export function caseReport(each: Case): CaseReport {
  const { id, title, clause, gist, level, autobahn = [] }: CaseHead = each;
  return { id, kind: each.kind, group: groupOf(each).number, title, clause, gist, level, autobahn };
}

/** A result in the shape of the report, its wire log shortened. */
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

function wireReport({ wire, omitted }: Result, limits: Kept): WireReport[] {
  const lines: WireReport[] = wire.map(({ at, direction, kind, text, bytes, size }) => {
    return { at, direction, kind, text, hex: Buffer.from(bytes).toString("hex"), size };
  });
  return shorten(omitted > 0 ? [...lines, { kind: "omitted", lines: omitted }] : lines, limits);
}

/** Less of a wire log: its first and its last lines, for how a case ends is worth as much as how it begins. */
export function shorten(wire: readonly WireReport[], { entries, bytes }: Kept): WireReport[] {
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
  // A header of two bytes: a control frame has at most 125 (RFC 6455 §5.5). A client's has a masking key, too.
  const mask = ((frame.bytes[1] ?? 0) & 0x80) === 0 ? undefined : frame.bytes.subarray(2, 6);
  const payload = frame.bytes.slice(mask ? 6 : 2);
  if (mask) applyMask(payload, mask);
  const [high, low] = payload;
  return high === undefined || low === undefined ? 1005 : high * 256 + low;
}

/** What a result counts as. */
export function countedAs({ verdict, known }: Pick<ResultReport, "verdict" | "known">): keyof Counts {
  return verdict === "fail" && known ? "known" : verdict;
}

/** How many results there are of each verdict. */
export function count(results: readonly Pick<ResultReport, "verdict" | "known">[]): Counts {
  const counts: Counts = { pass: 0, "non-strict": 0, info: 0, unsupported: 0, fail: 0, known: 0 };
  for (const result of results) counts[countedAs(result)]++;
  return counts;
}

/** The cases that not all targets take in the same way, among those that several were asked. */
export function differing({ cases, targets }: Pick<Report, "cases" | "targets">): string[] {
  const found = targets.map(({ results }) => new Map(results.map(({ id, verdict }) => [id, verdict])));
  return cases
    .map(({ id }) => id)
    .filter((id) => new Set(found.map((each) => each.get(id)).filter(Boolean)).size > 1);
}

/** The results of a server by group; groups without any are left out. */
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

/** The tool's own name and version. */
export function thisTool(): Report["tool"] {
  const file = new URL("../package.json", import.meta.url);
  const { name, version = "0.0.0" } = JSON.parse(readFileSync(file, "utf8"));
  return { name, version };
}

/** The machine that this runs on. */
export function thisMachine(): Machine {
  const { bun, node } = process.versions;
  return {
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    runtime: bun ? `bun ${bun}` : `node ${node}`,
  };
}
