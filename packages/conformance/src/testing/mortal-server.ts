// A server in its own process that one case kills: `node mortal-server.ts <port> <manner>`. The case is 7.5.2,
// close code 3999. The server answers it correctly and only then dies.

import { startServer, strict } from "./faulty-server.ts";

const deadly = 3999;
const hangMs = 60_000;
const lifeMs = 300_000;

/** The ways to die, each after the deadly close frame was answered. */
export const manners = {
  "throws in the same turn": () => {
    throw new Error("too much for me");
  },
  "throws a tick later": () =>
    setImmediate(() => {
      throw new Error("too much for me");
    }),
  "throws after 100 ms": () =>
    setTimeout(() => {
      throw new Error("too much for me");
    }, 100),
  "rejects a promise that nobody handles": () => void Promise.reject(new Error("too much for me")),
  "ends with exit code 0": () => setImmediate(() => process.exit(0)),
  aborts: () => setImmediate(() => process.abort()),
  "ends with SIGSEGV": () => process.kill(process.pid, "SIGSEGV"),
  "is killed": () => process.kill(process.pid, "SIGKILL"),
  // Its peers see a server that hangs. Unlike a loop, this uses no processor time, and it ends after a while.
  "blocks its thread": () =>
    setImmediate(() => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, hangMs)),
} as const;

export type Manner = keyof typeof manners;

if (import.meta.main) {
  const [port, manner] = process.argv.slice(2);
  // If a test timed out, nobody is left to end this process.
  setTimeout(() => process.exit(), lifeMs);
  await startServer({
    port: Number(port),
    rules: {
      close(payload, connection) {
        strict.close(payload, connection);
        if (payload.length >= 2 && payload.readUInt16BE() === deadly) manners[manner as Manner]();
      },
    },
  });
}
