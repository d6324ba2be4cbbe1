import { afterEach, expect, test } from "vitest";
import type { WebSocket } from "ws";
import type { FanoutJob } from "../generator-job.ts";
import { fanout } from "./fanout.ts";
import { closeWith, type TestServer, webSocketServer } from "./servers.testing.ts";

let server: TestServer | undefined;
afterEach(() => server?.stop());

type Deliver = (to: WebSocket, text: string, number: number, index: number) => void;

/**
 * A server that forwards each message to all others by `deliver`, which gets the number of the message and the
 * recipient.
 */
async function fanoutBy(deliver: Deliver) {
  server = await webSocketServer((author, text, number, all) => {
    for (const [index, ws] of [...all].entries()) if (ws !== author) deliver(ws, text, number, index);
  });
  const time = { warmupMs: 10, measureMs: 200 };
  const job: FanoutJob = {
    kind: "fanout",
    peer: server.peer,
    dialect: "bytes",
    subscribers: 5,
    depth: 4,
    ...time,
  };
  return await fanout(job);
}

const send: Deliver = (to, text) => to.send(text);

test("if every message reaches everybody in order, every delivery counts", async () => {
  expect((await fanoutBy(send)).count).toBeGreaterThan(0);
});

test("a missing delivery is reported, whoever misses it and whenever", async () => {
  const loses: Deliver = (to, text, number, index) => void (number === 40 && index === 2 ? 0 : to.send(text));
  await expect(fanoutBy(loses)).rejects.toThrow(/came instead of \d+|1 of \d+ deliveries did not come/);
});

test("a duplicate delivery is reported", async () => {
  const doubles: Deliver = (to, text, number, index) => {
    to.send(text);
    if (number === 40 && index === 2) to.send(text);
  };
  await expect(fanoutBy(doubles)).rejects.toThrow(/came instead of \d+|1 deliveries came in addition/);
});

test("two swapped messages are reported", async () => {
  let kept: string | undefined;
  const swaps: Deliver = (to, text, number, index) => {
    if (index !== 2) return to.send(text);
    if (number % 10 !== 5) to.send(text);
    if (kept !== undefined) to.send(kept);
    kept = number % 10 === 5 ? text : undefined;
  };
  await expect(fanoutBy(swaps)).rejects.toThrow(/message \d+ came instead of \d+/);
});

test("a closed subscriber is reported with its close code", async () => {
  const closes: Deliver = (to, text, number, index) => {
    if (number === 20 && index === 1) closeWith(to, 4002);
    else to.send(text);
  };
  await expect(fanoutBy(closes)).rejects.toThrow("a subscriber was closed with 4002");
});
