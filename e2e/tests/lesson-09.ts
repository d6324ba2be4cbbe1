import type { Locator, Page } from "@playwright/test";
import { agreementOf, columnsOf, expect, expectAccessible, expectNoViolations, test } from "../visit.ts";

/** Finds the panel of the lesson, in the page or in the column of one server. */
function gapIn(place: Page | Locator) {
  const region = place.getByRole("region", { name: /^Missed messages\b/ });
  const log = region.getByRole("log", { name: "What arrived, newest first" });
  return {
    told: region.getByRole("status", { name: "What happens" }),
    row: region.getByRole("img", { name: /offsets/ }),
    events: log.getByRole("listitem"),
    button: (name: string) => region.getByRole("button", { name, exact: true }),
    topic: region.getByLabel("Topic to follow"),
    // A name and its value stand beside each other in a list of facts.
    fact: (name: string) =>
      region.getByRole("term").filter({ hasText: name }).locator("xpath=following-sibling::dd[1]"),
  };
}

const nothingLost = /^Back: [1-9]\d* events replayed, #\d+ to #\d+\. Nothing is lost\.$/;

test("COURSE-17 MUST show what a cut missed, replayed or told as lost", {
  tag: ["@broadcast", "@send", "@any-server"],
}, async ({ lesson }) => {
  const visit = await lesson("#/lesson/9");
  const gap = gapIn(visit.page);
  await gap.button("Follow").click();
  await expect(gap.events.first()).toContainText("live");
  await gap.button("Cut for 3 s").click();
  await expect(gap.told).toHaveText(/^Cut after #\d+\. /);
  await expect(gap.fact("Connection")).toHaveText(/waiting|connecting/);
  await expect(gap.told).toHaveText(nothingLost);
  await expect(gap.events.filter({ hasText: "replayed" }).first()).toBeVisible();
  await expect(gap.row).toHaveAccessibleName(/\d+ live, \d+ replayed/);
  await expect(gap.fact("Recovered")).toHaveText("yes");
  await expect(gap.fact("Missed unnoticed")).toHaveText("0");
  await expectNoViolations(visit);

  await gap.button("Cut for 300 events").click();
  await expect(gap.told).toHaveText(/^Back, but too late: #\d+ to #\d+ are lost, \d+ events\./);
  await expect(gap.row).toHaveAccessibleName(/\d+ replayed, 2\d\d lost/);
  await expect(gap.fact("Recovered")).toHaveText("no");
  await expect(gap.fact("Missed unnoticed")).toHaveText("0");
  await expectAccessible(visit, ["dark"]);

  await visit.page.getByLabel("Topic to follow").selectOption("scores");
  await expect(visit.page).toHaveURL(/#\/lesson\/9\?topic=scores$/);
  await expect(gap.events.first()).toContainText(/\d : \d/);
});

test("COURSE-18 MUST fill the same gap at every server, and find them alike", {
  tag: ["@broadcast", "@send", "@any-server"],
}, async ({ lesson, siblings }) => {
  const visit = await lesson("#/lesson/9?server=every", siblings[0]);
  const { page } = visit;
  const gaps = columnsOf(visit, siblings).map(gapIn);
  await gaps[0]?.button("Follow").click();
  for (const gap of gaps) await expect(gap.events.first()).toContainText("live");
  await gaps[0]?.button("Cut for 3 s").click();
  for (const gap of gaps) await expect(gap.told).toHaveText(nothingLost);
  const table = page.getByRole("group", { name: "Comparison of the servers" });
  await expect(table.getByRole("row", { name: /Recovered yes yes yes/ })).toBeVisible();
  await expect(table.getByRole("row", { name: /Missed unnoticed 0 0 0/ })).toBeVisible();
  await expect(agreementOf(visit)).toHaveText(/^The servers agree/);
});
