import { readCandidates } from "./candidates.ts";
import { startGenerator } from "./generator.ts";
import type { Slice } from "./job.ts";
import { readMachine } from "./machine.ts";
import { type Method, measure } from "./measure.ts";
import { MeasuredServer } from "./server.ts";

const machine = readMachine();
const servers = new Map<string, MeasuredServer>();
for (const candidate of readCandidates()) {
  servers.set(candidate.id, await MeasuredServer.start(candidate, machine.pinned?.server));
}
const generator = startGenerator(machine.pinned?.generator);
const ws = readCandidates().find(({ id }) => id === "ws");
if (!ws) throw new Error("no ws");
const twin = await MeasuredServer.start(ws, machine.pinned?.server);
const perMessage = (slice: Slice) => (slice.serverBusy * slice.ms * 1_000) / slice.count;
const method: Method = {
  scenario: "cpu",
  title: "64 bytes, 20,000 messages per second",
  unit: "µs of processor time per message",
  better: "less",
  job: (peer) => ({
    kind: "echo",
    dialect: "bytes",
    peer,
    connections: 100,
    depth: 1,
    size: 64,
    rate: 20_000,
    warmupMs: 200,
    measureMs: 500,
  }),
  figure: perMessage,
  needsBusyServer: false,
  pairs: 6,
};
const first = servers.get("ws");
if (!first) throw new Error("no ws");
console.log(JSON.stringify(machine));
const result = await measure(method, generator, servers, [first, twin], (what) => console.log(what));
for (const row of result.rows) console.log(JSON.stringify(row));
console.log(JSON.stringify(result.noise));
generator.end();
await Promise.all([...servers.values(), twin].map((server) => server.stop()));
