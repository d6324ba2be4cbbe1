// The command behind `pnpm soak`.
import { table } from "@rosetta/compare";
import { readOptions } from "./arguments.ts";
import { brokenIn } from "./history.ts";
import { isSound, type SoakReport, soak, tripOf } from "./soak.ts";

const { servers, numbers } = readOptions(
  `pnpm soak [server …] [--minutes 10]    Runs each server under load from hostile peers, next to honest clients.

  --minutes <n>   how long the hostile load lasts, for each server; default 10

The exit code is 1 if a promise to an honest client was broken, or if the server did not give back what it took.`,
  { numbers: { minutes: 10 } },
);
const reports: [string, SoakReport][] = [];
for (const manifest of servers) {
  reports.push([manifest.id, await soak(manifest, numbers.minutes ?? 10, (line) => console.error(line))]);
}
const rows = reports.map(([id, { verdict, before, peak, after, slope, quiet, loaded, leftOver }]) => [
  id,
  ...[verdict.acked, verdict.delivered, verdict.told, brokenIn(verdict)].map(String),
  `${before.memory.toFixed(0)} → ${peak.memory.toFixed(0)} → ${after.memory.toFixed(0)}`,
  slope.toFixed(1),
  `${before.descriptors} → ${peak.descriptors} → ${after.descriptors}`,
  String(leftOver),
  `${tripOf(quiet, 0.5)} / ${tripOf(quiet, 0.99)}`,
  `${tripOf(loaded, 0.5)} / ${tripOf(loaded, 0.99)}`,
]);
const head = [
  ...["server", "acked", "delivered", "told", "broken", "MiB before → peak → after", "MiB/min"],
  ...["descriptors", "left over", "quiet p50 / p99", "loaded p50 / p99"],
];
console.log(table([head, ...rows]));
process.exit(reports.every(([, report]) => isSound(report)) ? 0 : 1);
