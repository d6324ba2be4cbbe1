import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findRedis, redisRemedy } from "@rosetta/cluster/testing";
import { table } from "@rosetta/compare";
import { root } from "@rosetta/manifest";
import { refuseArguments } from "./arguments.ts";
import { type DrillPlan, type DrillRow, drill, isDrillPassed, sumByFault } from "./cluster-drill.ts";
import { type History, isKept } from "./history.ts";
import { percentile } from "./samples.ts";

/** Runs the drill, prints its tables and writes `results/drill.json`. Resolves with the exit code. */
export async function runDrill(plan: DrillPlan, tell: (line: string) => void): Promise<number> {
  if (!findRedis()) return refuseArguments(redisRemedy);
  const rows: DrillRow[] = [];
  const servers = plan.manifests.map(({ id }) => id);
  const save = (isComplete: boolean): void =>
    write("drill.json", {
      date: new Date().toISOString(),
      isComplete,
      isEncrypted: plan.isEncrypted === true,
      servers,
      rows,
    });
  // Ctrl-C reaches the servers, too, so the row under way is worth nothing.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      tell("stopped; the row under way is left out");
      print(rows);
      process.exit(130);
    });
  }
  await drill(plan, {
    tell,
    done(row, history) {
      rows.push(row);
      save(false);
      if (!isKept(row.verdict)) keep(history, rows.length, tell);
    },
  });
  save(true);
  print(rows);
  return isDrillPassed(rows) ? 0 : 1;
}

function keep(history: History, row: number, tell: (line: string) => void): void {
  tell(`a promise was broken: results/drill-row-${row}.json has what the clients saw`);
  write(`drill-row-${row}.json`, history);
}

function write(name: string, value: unknown): void {
  mkdirSync(join(root, "results"), { recursive: true });
  writeFileSync(join(root, "results", name), `${JSON.stringify(value)}\n`);
}

function print(rows: readonly DrillRow[]): void {
  const head = [
    ...["fault", "struck", "rounds", "published", "acked", "delivered", "missing", "twice", "out of order"],
    ...["differing", "told", "lost", "silence median / worst"],
  ];
  console.log(table([head, ...rows.map(cellsOf)], 2));
  console.log("");
  console.log(table([head, ...sumByFault(rows).map(cellsOf)], 2));
}

function cellsOf({ fault, struck, rounds, published, verdict, lost, silences }: DrillRow): string[] {
  const { acked, delivered, missing, twice, outOfOrder, differing, told } = verdict;
  const numbers = [rounds, published, acked, delivered, missing, twice, outOfOrder, differing, told, lost];
  const [median, worst] = [percentile(silences, 0.5), Math.max(...silences)];
  return [fault, struck, ...numbers.map(String), `${seconds(median)} / ${seconds(worst)} s`];
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
