import { afterEach, expect, test } from "vitest";
import type { WebSocket } from "ws";
import type { SlowJob } from "../generator-job.ts";
import { closeWith, type TestServer, webSocketServer } from "./servers.testing.ts";
import { slow } from "./slow.ts";

let server: TestServer | undefined;
afterEach(() => server?.stop());

/** A server that forwards each message to all others. The third client to connect is the one that stops reading. */
async function slowBy(deliver: (to: WebSocket, text: string, number: number, isSleeper: boolean) => void) {
  server = await webSocketServer((author, text, number, all) => {
    for (const [index, ws] of [...all].entries()) if (ws !== author) deliver(ws, text, number, index === 2);
  });
  const job: SlowJob = {
    kind: "slow",
    peer: server.peer,
    dialect: "bytes",
    healthy: 2,
    messages: 60,
    size: 100,
  };
  return await slow(job);
}

test("a slow reader that gets everything in the end has no gap", async () => {
  const slice = await slowBy((to, text) => to.send(text));
  expect(slice).toMatchObject({ count: 120, stalled: { published: 60, prefix: 60, gap: false } });
  expect(slice.stalled).not.toHaveProperty("closed");
});

test("a slow reader that is closed is reported with its code and how far it came", async () => {
  const { stalled } = await slowBy((to, text, number, isSleeper) => {
    if (isSleeper && number === 41) closeWith(to, 4002);
    else to.send(text);
  });
  expect(stalled).toEqual({ published: 60, prefix: 40, gap: false, closed: 4002 });
});

test("a gap is noticed, and messages after it do not count as received in order", async () => {
  const { stalled } = await slowBy((to, text, number, isSleeper) => {
    if (isSleeper && number > 50) closeWith(to, 4002);
    else if (!isSleeper || number !== 31) to.send(text);
  });
  expect(stalled).toEqual({ published: 60, prefix: 30, gap: true, closed: 4002 });
});

test("the clients that read must get everything, in order", async () => {
  await expect(
    slowBy((to, text, number, isSleeper) => void (number === 30 && !isSleeper ? 0 : to.send(text))),
  ).rejects.toThrow(/message 30 came to a reading subscriber instead of 29/);
  await server?.stop();
  await expect(
    slowBy((to, text, number, isSleeper) => {
      if (number === 30 && !isSleeper) closeWith(to, 4002);
      else to.send(text);
    }),
  ).rejects.toThrow("a reading subscriber was closed with 4002");
});
