import type { Locator, Page } from "@playwright/test";
import { DevRun } from "@rosetta/dev/testing";
import { test as base, expect, expectAccessible } from "../visit.ts";

/** `test` with all servers as one application, as `pnpm dev --cluster` runs them. */
const test = base.extend<{ run: DevRun }>({
  run: async ({ ports, visits }, use) => {
    const run = await DevRun.start(["--cluster", "--port", String(await ports.next())]);
    await use(run);
    // A page that is still open would find no server.
    await visits.end();
    await run.stop();
  },
});

function panelIn(page: Page): Locator {
  return page.getByRole("region", { name: "Two servers, one room" });
}

function serversIn(panel: Locator): Locator {
  return panel.getByRole("list", { name: "The servers, and who is where" }).getByRole("listitem");
}

function summaryIn(panel: Locator): Locator {
  return panel.getByRole("group", { name: "What happened to the numbers" });
}

test("COURSE-84 MUST go on at another server when one's own is killed, with nothing missing and nothing twice", {
  tag: ["@page", "@broadcast", "@any-server"],
}, async ({ lesson, run }) => {
  test.slow();
  const visit = await lesson("#/lesson/15", { url: run.balancerUrl });
  const { page } = visit;
  visit.expectTrouble(/127\.0\.0\.1:\d+\//);
  const panel = panelIn(page);
  await panel.getByRole("button", { name: "Enter the room" }).press("Enter");
  const yours = serversIn(panel).filter({ hasText: "You" });
  await expect(yours).toHaveCount(1);
  await expect(serversIn(panel).filter({ hasText: /You|Ada|Ben|Cleo/ })).toHaveCount(4);
  await expect(summaryIn(panel)).toContainText(/received\s*([3-9]|\d\d)/);
  const before = await yours.locator(".title").textContent();

  await panel.getByRole("button", { name: "Kill my server" }).press("Enter");
  await expect(serversIn(panel).filter({ hasText: "not running" })).toContainText(before ?? "");
  await expect(panel.getByRole("list", { name: "How you moved" })).toContainText(/took you in .* later/);
  expect(await yours.locator(".title").textContent()).not.toBe(before);
  await expect(summaryIn(panel)).toContainText(/received\s*[1-9]\d/);
  await expect(summaryIn(panel)).toContainText(/missing\s*0\s*twice\s*0\s*numbering\s*one epoch/);
  await expect(page.getByRole("status", { name: "Steps done" })).toHaveText("4 of 4 done");
  await expect(serversIn(panel).filter({ hasText: "not running" })).toHaveCount(0);
  await expectAccessible(visit);
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
});

test("COURSE-85 MUST show a recorded visit where the servers are not one application, and how to start them", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  const visit = await lesson("#/lesson/15");
  const panel = panelIn(visit.page);
  await expect(panel).toContainText("pnpm dev --cluster");
  await expect(panel).toContainText("an example, recorded");
  await expect(panel.getByRole("img", { name: /^1 to 12 from .*, 13 to 27 from / })).toBeVisible();
  await expect(panel.getByRole("button", { name: "Enter the room" })).toBeHidden();
  await expectAccessible(visit);
});
