import type { Locator } from "@playwright/test";
import { columnsOf, comparisonOf, expect, expectAccessible, test } from "../visit.ts";

/** Finds the panel of the lesson, on the page or in a server's column. */
function panelIn(place: Pick<Locator, "getByRole">) {
  const region = place.getByRole("region", { name: "A reader that stops reading" });
  return {
    goal: region.getByLabel("Flood until"),
    seconds: region.getByLabel("Seconds"),
    run: region.getByRole("button", { name: "Stall the reader and flood" }),
    reader: region.getByRole("status", { name: "State of the reader" }),
    marks: region.getByRole("log", { name: "What the server’s metrics tell" }),
    says: region.getByRole("status", { name: "What the reader says" }),
  };
}

const prefix = /^It read \d+ events, #\d+ to #\d+, without a gap\./;
// 4002 where the server itself can still say so: SLOW-02.
const closed =
  /Then its connection was closed with (4002|1006)\. It came back: recovered false, and began again at #\d+/;

test("COURSE-23 MUST show what a reader that stops reading is spared, when it drains, and how it is closed", {
  tag: ["@waiting", "@drained", "@send", "@limits", "@metrics", "@any-server"],
}, async ({ lesson, launch }) => {
  // A long queue: the page looks at it twice a second only.
  const patient = await launch({ DRAIN_MS: "20000", MAX_QUEUE_BYTES: "8388608" });
  const visit = await lesson("#/lesson/12", patient);
  const { seconds, run, reader, marks, says } = panelIn(visit.page);
  await seconds.fill("6");
  await run.click();
  await expect(reader).toHaveText("does not read");
  await expect(marks).toContainText("bytes wait");
  await expect(marks).toContainText("skipped in the topic of mode latest");
  await expect(marks).toContainText("drain: nothing waits any more");
  await expect(says).toHaveText(prefix);
  await expect(says).not.toContainText("closed");
  await expect(says).toContainText(/never sent \d/);
  await expectAccessible(visit, ["light"]);

  const usual = await lesson("#/lesson/12", await launch({ DRAIN_MS: "20000" }));
  const again = panelIn(usual.page);
  await again.goal.selectOption("the reader is closed");
  await again.run.click();
  await expect(again.says).toHaveText(closed);
  await expect(again.says).toHaveText(prefix);
  await expect(again.reader).toHaveText("open");
  await expectAccessible(usual, ["dark"]);
});

test("COURSE-24 MUST show on all servers at once what each does with a reader that stops reading", {
  tag: ["@waiting", "@send", "@limits", "@metrics", "@any-server"],
}, async ({ lesson, siblings }) => {
  const visit = await lesson("#/lesson/12?server=every", siblings[0]);
  const columns = columnsOf(visit, siblings).map(panelIn);
  // With keys, as only what a person does is done in the other columns, too.
  await columns[0]?.goal.press("End");
  await columns[0]?.run.click();
  for (const { says } of columns) {
    await expect(says).toHaveText(closed);
    await expect(says).toHaveText(prefix);
  }
  const comparison = comparisonOf(visit);
  const cells = (name: string) => comparison.getByRole("row", { name }).getByRole("cell");
  await expect(cells("Gap in what was read")).toHaveText(siblings.map(() => "none"));
  await expect(cells("recovered")).toHaveText(siblings.map(() => "false"));
  await expect(cells("Close code")).toHaveText(siblings.map(() => /^(4002|1006)$/));
});
