import { expect, expectAccessible, test } from "../visit.ts";

// WCAG 2.2, 2.1.1 and 1.4.10.
test("COURSE-90 MUST show what libraries put on the wire, by keyboard, and load that only when it is asked for", {
  tag: ["@page", "@any-server"],
}, async ({ app, visits }) => {
  const visit = await visits.begin();
  const { page } = visit;
  const loaded = () =>
    page.evaluate<number>(
      `performance.getEntriesByType("resource").filter(({ name }) => name.includes("/libraries-")).length`,
    );
  await page.goto(`${app.url}/#/next`);
  await expect(page.getByRole("heading", { level: 2, name: "Where to go from here" })).toBeVisible();
  expect(await loaded()).toBe(0);
  await page.getByRole("link", { name: "Compare them" }).press("Enter");
  await expect(page).toHaveURL(/#\/libraries$/);
  await expect(page.getByRole("heading", { level: 2, name: "Libraries that do it for you" })).toBeFocused();
  expect(await loaded()).toBe(1);

  const step = page.getByRole("row", { name: /^Join a room/ });
  await expect(step.getByRole("cell")).toHaveText([/^2 frames, \d+ B$/, /^2 frames, \d+ B$/]);
  const said = page.getByRole("group", { name: "Say “hello” there: Socket.IO" }).getByRole("listitem");
  await expect(said.filter({ hasText: '42["said","hello"]' })).toHaveText(/received|\d+ B/);
  const own = page.getByRole("group", { name: "Say “hello” there: This course" }).getByRole("listitem");
  await expect(own.filter({ hasText: '"type":"ack"' })).toHaveCount(1);
  for (const name of ["Socket.IO", "htmx"]) {
    await expect(page.getByRole("heading", { level: 4, name, exact: true })).toBeVisible();
  }
  await expectAccessible(visit);

  await page.getByRole("main").getByRole("link", { name: "Where to go from here" }).press("Enter");
  await expect(page.getByRole("heading", { level: 2, name: "Where to go from here" })).toBeFocused();
  await page.setViewportSize({ width: 320, height: 800 });
  await page.goto(`${app.url}/#/libraries`);
  await expect(page.getByRole("heading", { level: 3, name: "Which one to use" })).toBeVisible();
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
});
