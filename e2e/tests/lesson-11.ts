import type { Locator, Page } from "@playwright/test";
import { agreementOf, columnsOf, expect, expectAccessible, test } from "../visit.ts";

/** Finds the panels of the lesson, in the page or in the column of one server. */
function pulseIn(place: Page | Locator) {
  const region = place.getByRole("region", { name: /^Heartbeat\b/ });
  const connection = place.getByRole("region", { name: /^Connection\b/ });
  return {
    state: connection.getByRole("status", { name: "Connection state" }),
    connectionButton: (name: string) => connection.getByRole("button", { name, exact: true }),
    button: (name: string) => region.getByRole("button", { name, exact: true }),
    chart: region.getByRole("img", { name: /^Round trips/ }),
    beats: region.getByRole("log", { name: "Beats, newest first" }).getByRole("listitem"),
    // A name and its value stand beside each other in a list of facts.
    fact: (name: string) =>
      region.getByRole("term").filter({ hasText: name }).locator("xpath=following-sibling::dd[1]"),
  };
}

test("COURSE-21 MUST show beats and missed beats, and what the server says of its own", {
  tag: ["@metrics", "@health", "@any-server"],
}, async ({ lesson }) => {
  const visit = await lesson("#/lesson/11");
  const pulse = pulseIn(visit.page);
  await expect(pulse.state).toHaveText(/open$/);
  await pulse.button("Ping every second").click();
  await expect(pulse.beats.nth(1)).toContainText("ms");
  await expect(pulse.fact("Missed beats")).toHaveText(/^0 of \d+$/);
  await expect(pulse.fact("Server's clock")).toHaveText(/ (ahead|behind)$/);
  await pulse.connectionButton("Close").click();
  await expect(pulse.beats.first()).toContainText("missed");
  await expect(pulse.chart).toHaveAccessibleName(/, [1-9]\d* missed$/);
  await pulse.connectionButton("Open").click();
  await expect(pulse.beats.first()).toContainText("ms");
  await pulse.button("Stop pinging").click();
  await pulse.button("Ask by HTTP").click();
  await expect(pulse.fact("/healthz")).toHaveText("ok");
  await expect(pulse.fact("Open at /ws")).toHaveText(/^[1-9]\d*$/);
  await expect(pulse.fact("Declared dead")).toHaveText(/^\d+$/);
  await expect(pulse.fact("Its pings")).toHaveText("every 25 s");
  await visit.page.getByLabel("Seconds").fill("1");
  await pulse.button("Freeze a script").click();
  await expect(visit.page.getByRole("status", { name: "The script that hangs" })).toHaveText(
    /^It hung for 1 s and its connection is still open/,
  );
  await expectAccessible(visit);
});

test("COURSE-22 MUST take the pulse of every server at once, and find none that is silent", {
  tag: ["@metrics", "@health", "@any-server"],
}, async ({ lesson, siblings }) => {
  const visit = await lesson("#/lesson/11?server=every", siblings[0]);
  const { page } = visit;
  const pulses = columnsOf(visit, siblings).map(pulseIn);
  for (const pulse of pulses) await expect(pulse.state).toHaveText(/open$/);
  await pulses[0]?.button("Ping once").click();
  for (const pulse of pulses) await expect(pulse.beats).toContainText("ms");
  await pulses[0]?.button("Ask by HTTP").click();
  for (const pulse of pulses) await expect(pulse.fact("/healthz")).toHaveText("ok");
  const table = page.getByRole("group", { name: "Comparison of the servers" });
  await expect(table.getByRole("row", { name: "Missed beats 0 0 0" })).toBeVisible();
  await expect(
    table.getByRole("row", { name: "Pings of the server every 25 s every 25 s every 25 s" }),
  ).toBeVisible();
  await expect(agreementOf(visit)).toHaveText(/^The servers agree/);
});
