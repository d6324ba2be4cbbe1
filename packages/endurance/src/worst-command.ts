// The command behind `pnpm worst`.
import { table } from "@rosetta/compare";
import { readRequest } from "./arguments.ts";
import { worst } from "./worst.ts";

/** What a process may hold, whatever its peers do, in MiB: PROTOCOL.md states it. */
const mostMemory = 1_024;

const { servers, numbers } = readRequest(
  `pnpm worst [server …] [--peers 10000] [--seconds 40]    Measures what hostile peers can make a server hold.

  --peers <n>     of each kind; default 10000. The machine must allow twice as many descriptors
  --seconds <n>   for each kind; default 40

Exit code 1 if a server held more than ${mostMemory} MiB.`,
  { peers: 10_000, seconds: 40 },
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
