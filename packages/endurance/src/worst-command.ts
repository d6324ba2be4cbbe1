// The command behind `pnpm worst`.
import { table } from "@rosetta/compare";
import { readOptions } from "./arguments.ts";
import { worst } from "./worst.ts";

/** The most MiB that a process may hold, whatever its peers do. */
const mostMemory = 1_024;

const { servers, numbers } = readOptions(
  `pnpm worst [server …] [--peers 10000] [--seconds 40]    Measures how much memory hostile peers can make a server hold.

  --peers <n>     how many peers of each kind; default 10000. The machine must allow twice as many open descriptors
  --seconds <n>   how long each kind attacks; default 40

The exit code is 1 if a server held more than ${mostMemory} MiB.`,
  { numbers: { peers: 10_000, seconds: 40 } },
);
const head = ["server", "kind", "peers", "MiB before", "MiB peak", "KiB a peer", "slowest /healthz"];
const rows: string[][] = [head];
let most = 0;
for (const manifest of servers) {
  const { peers = 10_000, seconds = 40 } = numbers;
  for (const report of await worst(manifest, peers, seconds, (line) => console.error(line))) {
    most = Math.max(most, report.peak);
    rows.push([
      ...[manifest.id, report.kind, String(report.peers), report.before.toFixed(0), report.peak.toFixed(0)],
      (((report.peak - report.before) * 1_024) / report.peers).toFixed(1),
      `${report.worstTripMs.toFixed(0)} ms`,
    ]);
  }
}
console.log(table(rows, 2));
process.exit(most > mostMemory ? 1 : 0);
