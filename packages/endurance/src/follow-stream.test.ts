import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { followStream } from "./follow-stream.ts";
import type { Seen } from "./history.ts";

const event = (epoch: string, offset: number) =>
  `id: ${epoch}:${offset}\ndata: ${JSON.stringify({ epoch, offset, data: { text: `${epoch}${offset}` } })}\n\n`;
const subscribed = (id: string, recovered: boolean) =>
  `retry: 1000\n\nid: ${id}\nevent: subscribed\ndata: ${JSON.stringify({ recovered })}\n\n`;

test("an event stream is resumed from its last place, and a loss is noted", async () => {
  const answers = [
    `${subscribed("a:0", false)}${event("a", 1)}`,
    `${subscribed("a:1", true)}: \n\n${event("a", 2)}`,
    undefined,
    `${subscribed("b:6", false)}${event("b", 7)}`,
  ];
  const asked: (string | string[] | undefined)[] = [];
  const done = Promise.withResolvers<void>();
  const server = createServer((req, res) => {
    asked.push(req.headers["last-event-id"]);
    const answer = answers.shift();
    res.writeHead(answer === undefined ? 503 : 200).end(answer);
    if (answers.length === 0) done.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const seen: Seen[] = [];
  const stop = new AbortController();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const followed = followStream(url, "room/a", (each) => seen.push(each), stop.signal);
  await done.promise;
  await expect.poll(() => seen.length).toBe(4);
  stop.abort();
  await followed;
  server.close();
  expect(asked.slice(0, 4)).toEqual([undefined, "a:1", "a:2", "a:2"]);
  expect(seen.map((each) => (each === "told" ? each : each.text))).toEqual(["a1", "a2", "told", "b7"]);
});
