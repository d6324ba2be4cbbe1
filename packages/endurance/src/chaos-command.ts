// The command behind `pnpm chaos`.
import { table } from "@rosetta/compare";
import { readOptions } from "./arguments.ts";
import { chaos, isWithoutFault } from "./chaos.ts";
import { storm } from "./storm.ts";

const { servers, numbers } = readOptions(
  `pnpm chaos [server …] [--rounds 2] [--storm n]    Kills, stops, freezes and cuts off each server while clients use it.

  --rounds <n>   how often each fault strikes; default 2
  --storm <n>    instead of the faults, restarts each server under n clients and counts how they reconnect

The exit code is 1 if an event was lost without notice, came twice or out of order, or differed between readers.`,
  { rounds: 2, storm: Number.NaN },
);
const tell = (line: string): void => console.error(line);
process.exit(Number.isNaN(numbers.storm) ? await strikeAll() : await stormAll(numbers.storm ?? 0));

async function strikeAll(): Promise<number> {
  const rows: string[][] = [];
  let isSound = true;
  for (const manifest of servers) {
    const reports = await chaos(manifest, numbers.rounds ?? 2, tell);
    isSound &&= isWithoutFault(reports);
    for (const { fault, rounds, verdict, silence } of reports) {
      const { acked, delivered, told, missing, twice, outOfOrder, differing } = verdict;
      rows.push([
        ...[manifest.id, fault],
        ...[rounds, acked, delivered, told, missing, twice, outOfOrder, differing].map(String),
        `${(silence.median / 1_000).toFixed(1)} / ${(silence.worst / 1_000).toFixed(1)} s`,
      ]);
    }
  }
  const head = [
    ...["server", "fault", "rounds", "acked", "delivered", "told", "missing", "twice", "out of order"],
    ...["differing", "silence median / worst"],
  ];
  console.log(table([head, ...rows], 2));
  return isSound ? 0 : 1;
}

async function stormAll(clients: number): Promise<number> {
  const rows: string[][] = [];
  for (const manifest of servers) {
    tell(`${manifest.id}: ${clients} clients`);
    const { peak, attempts, backMs } = await storm(manifest, clients);
    rows.push([manifest.id, ...[clients, attempts, peak].map(String), `${(backMs / 1_000).toFixed(1)} s`]);
  }
  console.log(table([["server", "clients", "attempts", "busiest 100 ms", "all back after"], ...rows]));
  return 0;
}
