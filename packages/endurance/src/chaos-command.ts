// The command behind `pnpm chaos`.
import { table } from "@rosetta/compare";
import { readOptions, refuseArguments } from "./arguments.ts";
import { chaos, isWithoutFault } from "./chaos.ts";
import { runDrill } from "./cluster-command.ts";
import { clusterFaults } from "./cluster-faults.ts";
import { storm } from "./storm.ts";

const { servers, numbers, flags, texts } = readOptions(
  `pnpm chaos [server …] [--rounds 2] [--storm n | --cluster [--tls]]    Kills, stops, freezes and cuts off servers while clients use them.

  --rounds <n>    how often each fault strikes each server; default 2
  --storm <n>     instead of the faults, restarts each server under n clients and counts how they reconnect
  --cluster       makes the servers one application with a Redis of its own, and strikes each of them and the Redis.
                  Its clients go to any of the servers. Writes results/drill.json after every row
  --tls           with --cluster, the servers speak TLS with the Redis; needs openssl
  --fault <text>  with --cluster, only the faults with this text in their name

The exit code is 1 if an event was lost without notice, came twice or out of order, or differed between readers.
Ctrl-C ends a drill and keeps the rows that are complete; the exit code is then 130.

Faults of --cluster: ${clusterFaults.map(({ name }) => name).join("; ")}.`,
  { numbers: { rounds: 2, storm: Number.NaN }, flags: ["cluster", "tls"], texts: ["fault"] },
);
const tell = (line: string): void => console.error(line);
process.exit(await run());

async function run(): Promise<number> {
  if (flags.has("cluster")) return strikeCluster();
  return Number.isNaN(numbers.storm) ? strikeAll() : stormAll(numbers.storm ?? 0);
}

function strikeCluster(): Promise<number> {
  const [rounds, isEncrypted] = [numbers.rounds ?? 2, flags.has("tls")];
  return runDrill({ manifests: servers, faults: chosenFaults(), rounds, isEncrypted }, tell);
}

function chosenFaults() {
  const { fault = "" } = texts;
  const chosen = clusterFaults.filter(({ name }) => name.includes(fault));
  return chosen.length > 0 ? chosen : refuseArguments(`--fault ${fault}: no fault has this in its name`);
}

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
