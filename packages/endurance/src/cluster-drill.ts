import type { Manifest } from "@rosetta/manifest";
import type { ClusterFault } from "./cluster-faults.ts";
import { ClusterStage } from "./cluster-stage.ts";
import { Crowd, pause } from "./crowd.ts";
import { type History, type HistoryVerdict, isKept, lostOf, sumOf } from "./history.ts";

const authors = 4;
const readers = 6;
const streams = 2;
const perSecond = 20;
/** Milliseconds without a fault, before and after each. */
const calmMs = 1_500;

/** The effects of one fault on the clients of a cluster. */
export interface DrillRow {
  fault: string;
  /** The server that was struck, by its id, or `engine`. */
  struck: string;
  rounds: number;
  /** How many texts the authors wanted to publish. Those without an ack were refused, and their authors know it. */
  published: number;
  verdict: HistoryVerdict;
  /** Acknowledged events that no reader has seen. They may be lost with an engine; then every reader was told. */
  lost: number;
  /** The longest time for which a client saw no event, in ms: for each client and round. */
  silences: number[];
}

/** A drill: which servers are one application, what happens to them, and how often. */
export interface DrillPlan {
  manifests: readonly Manifest[];
  faults: readonly ClusterFault[];
  /** How often each fault strikes each server, or the engine. */
  rounds: number;
  /** True if servers speak TLS with the engine. Default: false. */
  isEncrypted?: boolean;
}

/** Receives the progress of a drill. */
export interface DrillListener {
  tell(line: string): void;
  /** Receives each complete row, with the history behind `row.verdict`. */
  done(row: DrillRow, history: History): void;
}

/** Strikes a cluster with each fault while authors publish and readers follow, each at any of the servers. */
export async function drill(
  { manifests, faults, rounds, isEncrypted }: DrillPlan,
  listener: DrillListener,
): Promise<void> {
  const stage = await ClusterStage.start(manifests, isEncrypted);
  let rooms = 0;
  try {
    for (const fault of faults) {
      for (const { struck, strike } of targetsOf(fault, stage)) {
        listener.tell(`${fault.name}: ${struck}`);
        const room = `room/drill-${++rooms}`;
        const { crowd, ...found } = await strikeWith(stage, room, rounds, strike);
        listener.done({ fault: fault.name, struck, rounds, ...found }, crowd.history);
      }
    }
  } finally {
    await stage.stop();
  }
}

/** Returns whether no fault broke a promise. Events that a server has acknowledged must outlive every server. */
export function isDrillPassed(rows: readonly DrillRow[]): boolean {
  return rows.every(({ struck, verdict, lost }) => isKept(verdict) && (struck === "engine" || lost === 0));
}

/** Adds the rows of each fault up, in their order. */
export function sumByFault(rows: readonly DrillRow[]): DrillRow[] {
  const faults = [...new Set(rows.map(({ fault }) => fault))];
  return faults.map((fault) => {
    const those = rows.filter((row) => row.fault === fault);
    const sum = (count: (row: DrillRow) => number): number =>
      those.reduce((total, row) => total + count(row), 0);
    return {
      fault,
      struck: those.length === 1 ? (those[0]?.struck ?? "") : "each server",
      rounds: sum((row) => row.rounds),
      published: sum((row) => row.published),
      verdict: sumOf(those.map(({ verdict }) => verdict)),
      lost: sum((row) => row.lost),
      silences: those.flatMap(({ silences }) => silences),
    };
  });
}

interface Target {
  struck: string;
  strike(): Promise<void>;
}

function targetsOf(fault: ClusterFault, stage: ClusterStage): Target[] {
  if (fault.strikes === "engine") return [{ struck: "engine", strike: () => fault.strike(stage) }];
  return stage.servers.map((server) => ({
    struck: server.manifest.id,
    strike: () => fault.strike(stage, server),
  }));
}

async function strikeWith(stage: ClusterStage, room: string, rounds: number, strike: Target["strike"]) {
  const crowd = new Crowd(stage.url, room);
  for (let count = 0; count < readers; count++) crowd.read();
  for (let count = 0; count < streams; count++) crowd.readStream();
  for (let count = 0; count < authors; count++) crowd.write(`author ${count}`, perSecond);
  const silences: number[] = [];
  await crowd.ready();
  for (let round = 0; round < rounds; round++) {
    await pause(calmMs);
    crowd.takeSilences();
    await strike();
    await stage.healthy();
    await crowd.ready(120_000);
    await pause(calmMs);
    silences.push(...crowd.takeSilences());
  }
  const verdict = await crowd.end(60_000);
  return {
    crowd,
    published: crowd.published,
    verdict,
    lost: lostOf(crowd.history),
    silences,
  };
}
