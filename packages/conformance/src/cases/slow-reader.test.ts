// What a server may do for a peer that does not read: wait, or end the connection, but never lose a message.

import { expect, test } from "vitest";
import type { Verdict } from "../model/verdict.ts";
import { type FaultyConnection, type Rules, strict } from "../testing/faulty-server.ts";
import { casesIn, judged } from "../testing/judging.ts";

const limit = 1024 * 1024;

function overLimit(act: (connection: FaultyConnection) => void): Partial<Rules> {
  return {
    complete(header, connection) {
      const isFull = connection.socket.writableLength > limit;
      strict.complete(header, connection);
      if (isFull) act(connection);
    },
  };
}

// Servers that have already lost a message.
const gaps = new WeakSet<FaultyConnection>();

test.each<[string, Partial<Rules>, Verdict]>([
  ["keeps everything in memory", {}, "pass"],
  [
    "stops reading until its peer reads",
    overLimit(({ socket }) => {
      if (socket.isPaused()) return;
      socket.pause().once("drain", () => socket.resume());
    }),
    "pass",
  ],
  ["closes with 1013", overLimit((connection) => strict.fail(1013, connection)), "info"],
  ["hangs up", overLimit((connection) => connection.end()), "info"],
  [
    "silently drops what does not fit",
    {
      complete(header, connection) {
        if (header.fin && connection.socket.writableLength > limit) connection.message = undefined;
        else strict.complete(header, connection);
      },
    },
    "fail",
  ],
  [
    "silently drops one message in the middle",
    {
      complete(header, connection) {
        const isFull = header.fin && connection.socket.writableLength > limit;
        if (isFull && !gaps.has(connection)) {
          gaps.add(connection);
          connection.message = undefined;
        } else strict.complete(header, connection);
      },
    },
    "fail",
  ],
  [
    "drops one message in the middle and finally hangs up",
    {
      complete(header, connection) {
        const isFull = header.fin && connection.socket.writableLength > limit;
        const isFirst = isFull && !gaps.has(connection);
        if (isFirst) gaps.add(connection);
        if (isFirst) connection.message = undefined;
        else strict.complete(header, connection);
      },
      close: (_payload, connection) => connection.end(),
    },
    "fail",
  ],
  ["resets the connection", overLimit(({ socket }) => socket.resetAndDestroy()), "info"],
])("a server that %s", { timeout: 180_000 }, async (_what, rules, verdict) => {
  const deadlineMs = verdict === "fail" ? 2_000 : 20_000;
  const results = await judged(rules, { settleMs: 100, deadlineMs, cases: casesIn(["9.6.1", "9.6.3"]) });
  for (const { id, verdict: found, behaviour } of results.values()) {
    expect([id, found, found === verdict ? "" : behaviour.why]).toEqual([id, verdict, ""]);
  }
});
