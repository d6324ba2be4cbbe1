import type { Route } from "@playwright/test";
import { startPathProxy } from "../path-proxy.ts";
import { expect, nobodyAt, test } from "../visit.ts";

const notFound = (route: Route) => route.fulfill({ status: 404, body: "not found\n" });

test("PAGE-33 MUST work below any path, behind a proxy that takes the path away", {
  tag: ["@page", "@servers", "@any-server"],
}, async ({ launch, lesson }) => {
  const proxy = await startPathProxy("/rosetta");
  try {
    const server = await launch({ ALLOWED_ORIGINS: proxy.origin });
    proxy.port = server.port;
    const visit = await lesson("#/lesson/10", { url: `${proxy.origin}/rosetta` });
    const { page, servers } = visit;
    await expect(servers.server(server.manifest.title)).toBeChecked();
    await page.getByRole("button", { name: "Start all three" }).click();
    await expect(page.getByRole("status", { name: "Agreement" })).toHaveText(/the same events by every way/);
    visit.expectTrouble(/\/(poll|events)\?.*ERR_ABORTED/);
    await page.getByRole("link", { name: "11 Silence" }).click();
    await page.getByRole("button", { name: "Ask by HTTP" }).click();
    await expect(page.getByRole("definition").filter({ hasText: /^ok$/ })).toBeVisible();
    await page.goto(`${proxy.origin}/rosetta/#/all`);
    await expect(visit.connection.fact(`${proxy.origin.replace("http", "ws")}/rosetta/ws`)).toBeVisible();
    await visit.echo.sendText("from below");
    await expect(visit.echo.line("from below")).toContainText("came back equal");
    expect(proxy.strays).toEqual([]);
    // Before the proxy goes, which it would miss.
    await visit.leave();
  } finally {
    proxy.stop();
  }
});

test("PAGE-34 MUST say that it is older than its server when a newer build took its parts away, and offer to load it again", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  const visit = await lesson("#/lesson/1");
  const { page } = visit;
  visit.expectTrouble(/assets\/07-goodbye-/);
  await page.route("**/assets/07-goodbye-*.js", notFound);
  await page.route(/:\d+\/$/, async (route) => {
    const body = (await (await route.fetch()).text()).replace(/index-[^."]+\.js/, "index-another.js");
    await route.fulfill({ contentType: "text/html", body });
  });
  await page
    .getByRole("link", { name: /Goodbye/ })
    .first()
    .click();
  const alert = page.getByRole("alert").filter({ hasText: "older" });
  await expect(alert).toContainText("This page is older than its server");
  await page.unrouteAll();
  await alert.getByRole("button", { name: "Load the page again" }).click();
  await expect(page.getByRole("heading", { level: 2, name: /^7\. / })).toBeVisible();
  await expect(alert).toBeHidden();
});

test("PAGE-35 MUST show by itself what could not be loaded while its server was away", {
  tag: ["@page", "@any-server"],
}, async ({ lesson, launch }) => {
  const server = await launch();
  const visit = await lesson("#/lesson/1", server);
  const { page } = visit;
  visit.expectTrouble(nobodyAt(server));
  await server.kill();
  await page
    .getByRole("link", { name: /Goodbye/ })
    .first()
    .click();
  await expect(page.getByRole("alert").filter({ hasText: "does not answer" })).toBeVisible();
  await server.restart();
  await expect(page.getByRole("heading", { level: 2, name: /^7\. / })).toBeVisible();
  await expect(page.getByRole("alert").filter({ hasText: "does not answer" })).toBeHidden();
});

test("PAGE-36 MUST name its server and the others as soon as their list can be had", {
  tag: ["@page", "@servers", "@any-server"],
}, async ({ app, lesson }) => {
  let refused = 0;
  const visit = await lesson("#/lesson/1");
  const { page, servers } = visit;
  visit.expectTrouble(/servers\.json/);
  await page.route("**/servers.json", (route) => {
    if (++refused > 2) return route.continue();
    return route.fulfill({ status: 503, headers: { "Retry-After": "0" } });
  });
  await page.reload();
  await expect(servers.server(app.manifest.title)).toBeChecked();
  expect(refused).toBe(3);
  await expect(visit.page).toHaveTitle(new RegExp(app.manifest.title.replace("+", "\\+")));
});
