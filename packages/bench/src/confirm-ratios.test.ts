import { expect, test, vi } from "vitest";
import { compile, readCandidates } from "./candidates.ts";
import { confirmRatios } from "./confirm-ratios.ts";
import { readMachine } from "./machine.ts";

// Without a C compiler there is no such generator.
test.skipIf(compile("generator") === undefined)(
  "the generator in C compares a server with its control",
  async () => {
    const said = vi.spyOn(console, "log").mockImplementation(() => {});
    const everybody = readCandidates();
    await confirmRatios({
      everybody,
      // Candidates without a control are left out.
      servers: everybody.filter(({ id }) => id === "ws" || id === "limit"),
      load: { size: 64, depth: 16, connections: 4 },
      ...{ pairs: 2, firstWarmupMs: 50, measureMs: 100 },
      machine: { ...readMachine(), pinned: undefined },
      signal: new AbortController().signal,
    });
    const lines = said.mock.calls.map(([line]) => String(line));
    said.mockRestore();
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain("64 bytes, 16 under way on each of 4 connections, by references/generator.c");
    // ws costs more than bytes over TCP, on any machine.
    const [, cost] =
      /bare ws on Node +([\d.]+) × .* the processor time of the limit/.exec(lines[1] ?? "") ?? [];
    expect(Number(cost)).toBeGreaterThan(1);
  },
);
