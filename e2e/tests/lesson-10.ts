import type { Locator } from "@playwright/test";
import { agreementOf, columnsOf, comparisonOf, expect, expectAccessible, nobodyAt, test } from "../visit.ts";

const ways = ["WebSocket", "Server-Sent Events", "Long polling"];

/** Finds the panel of the lesson, on the page or in a server's column. */
function panelIn(place: Pick<Locator, "getByRole">) {
  const region = place.getByRole("region", { name: "Three ways to the same events" });
  const table = region.getByRole("table", { name: "What each way brought" });
  return {
    button: (name: string) => region.getByRole("button", { name, exact: true }),
    topic: region.getByLabel("Topic of all three"),
    agreement: region.getByRole("status", { name: "Agreement" }),
    /** What a row says of each way. */
    cells: (name: string) =>
      table
        .getByRole("row")
        .filter({ has: region.page().getByRole("rowheader", { name, exact: true }) })
        .getByRole("cell"),
  };
}

/** Reads the numbers of a row, such as `#14` or `11`, one for each way. */
async function numbersOf(cells: Locator): Promise<number[]> {
  return (await cells.allTextContents()).map((text) => Number.parseInt(text.replace("#", ""), 10));
}

test("COURSE-19 MUST bring the same events with the same offsets by WebSocket, event stream and long polling", {
  tag: ["@events", "@poll", "@any-server"],
}, async ({ lesson }) => {
  const visit = await lesson("#/lesson/10");
  const { page } = visit;
  const { button, topic, agreement, cells } = panelIn(page);
  await button("Start all three").click();
  for (const name of ways) await expect(button(`Stop ${name}`)).toBeVisible();
  // Four live ones by every way, the newest of them shared.
  await expect.poll(async () => Math.min(...(await numbersOf(cells("Events"))))).toBeGreaterThan(3);
  await expect(agreement).toHaveText(/^#\d+ to #\d+: the same events by every way/);
  const [socket = 0, stream = 0, poll = 0] = await numbersOf(cells("Requests"));
  expect([socket, stream]).toEqual([1, 1]);
  expect(poll, "one for each event, and one to begin with").toBeGreaterThan(4);
  await expect(cells("Newest offset")).toHaveText([/^#\d+$/, /^#\d+$/, /^#\d+$/]);

  // From here on the page ends requests in the midst of their answers.
  visit.expectTrouble(/\/(poll|events)\?.*ERR_ABORTED/);
  await topic.selectOption("scores");
  await expect(agreement).toHaveText(/^#\d+ to #\d+: the same events by every way/);
  await expectAccessible(visit);

  await button("Stop all").click();
  await expect(cells("State")).toHaveText(["stopped", "stopped", "stopped"]);

  // A console error for each of the two HTTP requests.
  visit.expectTrouble(/weather%2Fatlantis/);
  await topic.selectOption("weather/atlantis (does not exist)");
  await button("Start all three").click();
  await expect(cells("Page learns")).toHaveText([
    "not_found: no such topic",
    "an error event, without a reason",
    "404 not_found: no such topic",
  ]);
});

test("COURSE-20 MUST let a person compare the three ways on all servers at once", {
  tag: ["@events", "@poll", "@any-server"],
}, async ({ lesson, siblings }) => {
  const visit = await lesson("#/lesson/10?server=every", siblings[0]);
  const columns = columnsOf(visit, siblings).map(panelIn);
  await columns[0]?.button("Start all three").click();
  for (const { agreement } of columns) {
    await expect(agreement).toHaveText(/^#\d+ to #\d+: the same events by every way/);
  }
  const comparison = comparisonOf(visit);
  await expect(comparison.getByRole("row", { name: "Events of all ways" }).getByRole("cell")).toHaveText(
    siblings.map(() => "the same"),
  );
  visit.expectTrouble(/weather%2Fatlantis|\/(poll|events)\?.*ERR_ABORTED/);
  // With keys, as only what a person does is done in the other columns, too. The last one is not there.
  await columns[0]?.topic.press("End");
  for (const { cells } of columns) {
    await expect(cells("Page learns")).toHaveText([/^not_found/, /without a reason$/, /^404 not_found/]);
  }
  await expect(agreementOf(visit)).toHaveText(/^The servers agree/);
});

// Any status but 200 ends an EventSource for good (WHATWG HTML §9.2.3), although a 503 will pass (RFC 9110 §15.6.4).
test("COURSE-33 MUST come back on every transport when its server restarts, however slowly it stops", {
  tag: ["@events", "@poll", "@shutdown"],
}, async ({ launch, lesson, converse }) => {
  const server = await launch({ DRAIN_MS: "5000", MAX_QUEUE_BYTES: "67108864" });
  const visit = await lesson("#/lesson/10", server);
  visit.expectTrouble(nobodyAt(server));
  const { button, topic, agreement, cells } = panelIn(visit.page);
  await topic.selectOption("scores");
  await button("Start all three").click();
  await expect(agreement).toHaveText(/^#\d+ to #\d+: the same events by every way/);
  // The stalled client reads nothing, so the server waits for it as long as it may, and answers 503 meanwhile.
  const [stalled, other] = [await converse({ server }), await converse({ server })];
  for (const each of [stalled, other]) await each.request({ type: "subscribe", topic: "room/flood" });
  stalled.socket.pause();
  await other.request({ type: "chaos", do: "flood", mebibytes: 16 });
  await other.events("room/flood", 4096, { deadline: 20_000 });
  await server.restart();
  const before = await numbersOf(cells("Events"));
  await expect
    .poll(async () => (await numbersOf(cells("Events"))).map((count, way) => count > (before[way] ?? 0)))
    .toEqual([true, true, true]);
  await expect(cells("State")).toHaveText(["open", "open", "waiting"]);
  await expect(cells("Page learns")).toHaveText(["–", "–", "–"]);
  await expect(agreement).toHaveText(/^#\d+ to #\d+: the same events by every way/);
});
