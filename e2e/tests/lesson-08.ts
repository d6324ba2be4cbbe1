import type { Locator, Page } from "@playwright/test";
import { agreementOf, columnsOf, expect, expectAccessible, test } from "../visit.ts";

/** Finds the panels of the lesson, in the page or in the column of one server. */
function returnIn(place: Page | Locator) {
  const region = place.getByRole("region", { name: /^Reconnecting\b/ });
  const connection = place.getByRole("region", { name: /^Connection\b/ });
  return {
    state: connection.getByRole("status", { name: "Connection state" }),
    connectionButton: (name: string) => connection.getByRole("button", { name, exact: true }),
    graph: region.getByRole("img", { name: /^State machine/ }),
    edge: (cause: string) => region.getByRole("listitem").filter({ hasText: cause }),
    waits: region.getByRole("log", { name: "Waits, newest first" }).getByRole("listitem"),
    chart: (name: RegExp) => region.getByRole("img", { name }),
    button: (name: string) => region.getByRole("button", { name, exact: true }),
    loss: region.getByLabel("Lost with"),
  };
}

test("COURSE-15 MUST show how a lost connection comes back, and from where its wait is drawn", {
  tag: ["@closed", "@any-server"],
}, async ({ lesson }) => {
  const visit = await lesson("#/lesson/8");
  const way = returnIn(visit.page);
  await expect(way.graph).toHaveAccessibleName(/now open$/);
  await way.button("Close with 1012").click();
  await expect(way.state).toHaveText(/waiting$/);
  await expect(way.graph).toHaveAccessibleName(/now waiting$/);
  await expect(way.edge("lost, or closed")).toHaveAttribute("aria-current", "step");
  await expect(way.waits.first()).toContainText("Attempt 1 after 1012 Restart");
  await expect(way.waits.first()).toContainText("1.00 to 6.00 s");
  await way.connectionButton("Retry now").click();
  await expect(way.state).toHaveText(/open$/);
  await way.button("Cut without a close frame").click();
  await expect(way.waits).toHaveCount(2);
  await expect(way.waits.first()).toContainText("after 1006 Abnormal");
  await expect(way.waits.first()).toContainText("of 0.25 to ");
  await expect(way.state).toHaveText(/open$/);
  await way.connectionButton("Close").click();
  await expect(way.graph).toHaveAccessibleName(/now stopped$/);
  await expect(way.button("Close with 1012")).toHaveAttribute("aria-disabled", "true");
  await way.loss.selectOption("1012");
  await way.button("Simulate").click();
  await expect(way.chart(/^All wait equally long: at most 1000 in/)).toBeVisible();
  await expect(way.chart(/^Each draws its wait: at most \d{2,3} in/)).toBeVisible();
  await expectAccessible(visit);
});

test("COURSE-16 MUST draw the wait from the same window, whichever server closes with 1012", {
  tag: ["@close", "@closed", "@any-server"],
}, async ({ lesson, siblings }) => {
  const visit = await lesson("#/lesson/8?server=every", siblings[0]);
  const { page } = visit;
  const ways = columnsOf(visit, siblings).map(returnIn);
  for (const way of ways) await expect(way.state).toHaveText(/open$/);
  await ways[0]?.button("Close with 1012").click();
  for (const way of ways) {
    await expect(way.waits).toContainText("Attempt 1 after 1012 Restart");
    await expect(way.waits).toContainText("of 1.00 to 6.00 s");
  }
  for (const way of ways) await expect(way.state).toHaveText(/open$/);
  const table = page.getByRole("group", { name: "Comparison of the servers" });
  const same = new RegExp(`^Wait drawn between( 1\\.00 to 6\\.00 s){${siblings.length}}$`);
  await expect(table.getByRole("row", { name: same })).toBeVisible();
  await expect(agreementOf(visit)).toHaveText(/^The servers agree/);
});
