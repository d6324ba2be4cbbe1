// A server that dies fails the case that killed it, whatever it answered before.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { main } from "../cli/main.ts";
import type { Result } from "../model/result.ts";
import { startServer, strict } from "../testing/faulty-server.ts";
import { casesIn } from "../testing/judging.ts";
import { type Manner, manners } from "../testing/mortal-server.ts";
import { ServerProcess } from "./server-process.ts";
import { runConformance } from "./server-run.ts";
import { ServerGone } from "./server-watch.ts";

const program = join(import.meta.dirname, "../testing/mortal-server.ts");
const deadly = "7.5.2";
// Cases that run at the same time, and right after it.
const cases = casesIn(["7.5"]);

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function judgedMortal(manner: Manner, jobs: number): Promise<Result[]> {
  const port = await freePort();
  const url = `ws://127.0.0.1:${port}/`;
  const server = await ServerProcess.start({ run: [process.execPath, program, `${port}`, manner] }, url);
  const results: Result[] = [];
  const watching = { revive: () => server.revive(), exited: () => server.exit };
  try {
    for await (const result of runConformance(url, { cases, jobs, deadlineMs: 5_000, ...watching })) {
      results.push(result);
    }
  } finally {
    await server.stop();
  }
  return results;
}

const words: Record<Manner, RegExp> = {
  "throws in the same turn": /exit code 1.*too much for me/s,
  "throws a tick later": /exit code 1.*too much for me/s,
  "throws after 100 ms": /exit code 1.*too much for me/s,
  "rejects a promise that nobody handles": /exit code 1.*too much for me/s,
  "ends with exit code 0": /exit code 0/,
  aborts: /SIGABRT/,
  "ends with SIGSEGV": /SIGSEGV/,
  "is killed": /SIGKILL/,
  "blocks its thread": /no longer answers anybody/,
};

describe("a server that answers a close frame and then", { timeout: 180_000 }, () => {
  test.each(Object.keys(manners) as Manner[])(
    "%s is named with that case, and nobody else is",
    async (manner) => {
      for (const jobs of [8, 1]) {
        const results = await judgedMortal(manner, jobs);
        const failed = results.filter(({ verdict }) => verdict === "fail");
        expect(failed.map(({ id }) => id)).toEqual([deadly]);
        expect(failed[0]?.grave).toBe(manner === "blocks its thread" ? "stall" : "death");
        expect(failed[0]?.behaviour.why).toMatch(words[manner]);
        expect(results.map(({ id }) => id).sort()).toEqual(cases.map(({ id }) => id).sort());
      }
    },
  );
});

/** A server in this process that dies of the deadly code. `back`: somebody restarts it. */
async function judgedHere(jobs: number, back: boolean) {
  const server = await startServer({
    rules: {
      close(payload, connection) {
        strict.close(payload, connection);
        if (payload.readUInt16BE() !== 3999) return;
        connection.server.die();
        if (back) setTimeout(() => void connection.server.revive(), 20);
      },
    },
  });
  const found: Result[] = [];
  let error: unknown;
  try {
    const options = { cases, jobs, reviveMs: back ? 5_000 : 300, deadlineMs: 1_000 };
    for await (const result of runConformance(server.url, options)) found.push(result);
  } catch (thrown) {
    error = thrown;
  } finally {
    await server.stop();
  }
  return { failed: found.filter(({ verdict }) => verdict === "fail").map(({ id }) => id), error };
}

test("a server that others restart is found to have died, although it listens again at once", async () => {
  expect(await judgedHere(8, true)).toEqual({ failed: [deadly], error: undefined });
});

test("a server that stays away ends the run with the names of the cases that may have killed it", async () => {
  const { error } = await judgedHere(8, false);
  expect(error).toBeInstanceOf(ServerGone);
  expect((error as Error).message).toMatch(
    /one of the cases that ran at that moment caused it: .*7\.5\.2.*--start/,
  );
});

test("the command exits with 1 for a death, and no baseline excuses it", async () => {
  const port = await freePort();
  const start = `${process.execPath} ${program} ${port} aborts`;
  let stdout = "";
  const screen = { write: (text: string) => (stdout += text) };
  const argv = [`ws://127.0.0.1:${port}/`, "--start", start, "--only", "7.5"];
  expect(await main(argv, { stdout: screen, stderr: { write: () => true } })).toBe(1);
  expect(stdout).toContain(`✗ ${deadly}`);
  expect(stdout).toContain("the server died");
});
