import { randomUUID } from "node:crypto";
import type { Route, WebSocketRoute } from "@playwright/test";
import { metric } from "@rosetta/testkit";
import { Visit } from "../page-objects.ts";
import { startPathProxy } from "../path-proxy.ts";
import { expect, nobodyAt, test } from "../visit.ts";

const notFound = (route: Route) => route.fulfill({ status: 404, body: "not found\n" });

test("PAGE-33 MUST work below any path, behind a proxy that removes the path", {
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
    await visit.course.goTo(/^11 Heartbeats/);
    await page.getByRole("button", { name: "Ask by HTTP" }).click();
    await expect(page.getByRole("definition").filter({ hasText: /^ok$/ })).toBeVisible();
    await page.goto(`${proxy.origin}/rosetta/#/all`);
    await expect(visit.connection.fact(`${proxy.origin.replace("http", "ws")}/rosetta/ws`)).toBeVisible();
    await visit.echo.sendText("from below");
    await expect(visit.echo.line("from below")).toContainText("came back equal");
    expect(proxy.strays).toEqual([]);
    // The page must leave before the proxy stops, or it would report the lost connection.
    await visit.leave();
  } finally {
    proxy.stop();
  }
});

test("PAGE-34 MUST say that it is older than its server when a newer build removed its parts, and offer to reload", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  const visit = await lesson("#/lesson/1");
  const { page } = visit;
  visit.expectTrouble(/assets\/07-closing-/);
  await page.route("**/assets/07-closing-*.js", notFound);
  await page.route(/:\d+\/$/, async (route) => {
    const body = (await (await route.fetch()).text()).replace(/index-[^."]+\.js/, "index-another.js");
    await route.fulfill({ contentType: "text/html", body });
  });
  await visit.course.goTo(/^7 Closing/);
  const alert = page.getByRole("alert").filter({ hasText: "older" });
  await expect(alert).toContainText("This page is older than its server");
  await page.unrouteAll();
  await alert.getByRole("button", { name: "Load the page again" }).click();
  await expect(page.getByRole("heading", { level: 2, name: /^7\. / })).toBeVisible();
  await expect(alert).toBeHidden();
});

test("PAGE-35 MUST load by itself what it could not load while its server was away", {
  tag: ["@page", "@any-server"],
}, async ({ lesson, launch }) => {
  const server = await launch();
  const visit = await lesson("#/lesson/1", server);
  const { page } = visit;
  visit.expectTrouble(nobodyAt(server));
  await server.kill();
  await visit.course.goTo(/^7 Closing/);
  await expect(page.getByRole("alert").filter({ hasText: "does not answer" })).toBeVisible();
  await server.restart();
  await expect(page.getByRole("heading", { level: 2, name: /^7\. / })).toBeVisible();
  await expect(page.getByRole("alert").filter({ hasText: "does not answer" })).toBeHidden();
});

test("PAGE-36 MUST name its server and the others as soon as their list is available", {
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

// A browser may keep a page that was left, with its scripts paused, and show it again later (WHATWG HTML §7.4.6).
for (const [id, lesson] of [
  ["PAGE-37", 1],
  ["PAGE-38", 10],
] as const) {
  test(`${id} MUST continue in lesson ${lesson} when the browser restores it from its back/forward cache`, {
    tag: ["@page", "@any-server"],
  }, async ({ app, browser, launchOptions }) => {
    // Playwright disables the back/forward cache by default.
    const keeping = await browser.browserType().launch({
      ...launchOptions,
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
    });
    try {
      const script = "addEventListener('pageshow', ({ persisted }) => (globalThis.isKept = persisted))";
      const visit = await Visit.begin(keeping, { script });
      const { page } = visit;
      await page.goto(`${app.url}/#/lesson/${lesson}`);
      await goOn(visit, lesson);
      visit.expectTrouble(/favicon|\/(poll|events)\?/);
      await page.goto(`${app.url}/greet`);
      // A page from the cache fires no `load`, so there is nothing else to wait for.
      await page.goBack({ waitUntil: "commit" });
      await page.waitForFunction("globalThis.isKept === true");
      await goOn(visit, lesson);
      expect(await visit.troubles()).toEqual([]);
    } finally {
      await keeping.close();
    }
  });
}

// A browser can freeze a page in the background. As in a debugger, no script runs, but the browser keeps reading.
test("PAGE-39 MUST show everything that was said while its scripts were paused, over the same connection", {
  tag: ["@page", "@broadcast", "@any-server"],
}, async ({ visit, converse, room }) => {
  const { page, chat, wire } = await visit();
  const other = await converse();
  const say = (text: string) => other.request({ type: "publish", topic: room, to: "all", text });
  await chat.enter(room.slice("room/".length));
  await say("before");
  await expect(chat.line("before")).toBeVisible();
  const debug = await page.context().newCDPSession(page);
  const stands = new Promise((resolve) => debug.once("Debugger.paused", resolve));
  await debug.send("Debugger.enable");
  await debug.send("Debugger.pause");
  await stands;
  const texts = Array.from({ length: 20 }, (_, index) => `meanwhile ${index}`);
  for (const text of texts) await say(text);
  await debug.send("Debugger.resume");
  await debug.detach();
  await say("after");
  await expect(chat.lines).toContainText(["before", ...texts, "after"]);
  await wire.filter("/ws rosetta.v1.json");
  await expect(wire.rows).toHaveCount(1);
});

// WHATWG HTML §8.9.1: on a laptop in a plane `onLine` is false, but the servers on that laptop can still be reached.
test("PAGE-43 MUST come back to a reachable server although the browser says that there is no network", {
  tag: ["@page", "@any-server"],
}, async ({ launch, visit }) => {
  const server = await launch();
  const script = "Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false })";
  const here = await visit(server, { script });
  const { connection } = here;
  here.expectTrouble(nobodyAt(server));
  await server.kill();
  await expect(connection.state).toHaveText(/offline$/);
  await expect(connection.region).toContainText("only a hint");
  await expect(connection.countdown).toBeVisible();
  await server.restart();
  await expect(connection.state).toHaveText(/open$/, { timeout: 40_000 });
});

// Playwright users test their own pages like this, standing between the page and its server.
test("PAGE-40 MUST work with a WebSocket that a test puts in place of the browser's", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  const { page, connection, echo } = await lesson("#/lesson/1");
  const routes: WebSocketRoute[] = [];
  await page.routeWebSocket(/\/(ws|echo)$/, (route) => {
    routes.push(route);
    route.connectToServer();
  });
  await page.reload();
  await page.goto(page.url().replace(/#.*/, "#/all"));
  await expect(connection.state).toHaveText(/open$/);
  await echo.sendText("by way of a test");
  await expect(echo.line("by way of a test")).toContainText("came back equal");
  await echo.sendFile("bytes.bin", Uint8Array.of(0, 1, 2, 255));
  await expect(echo.line("bytes.bin")).toContainText("came back equal");
  expect(routes).toHaveLength(2);
  for (const route of routes) await route.close({ code: 1012, reason: "a test" });
  await expect.poll(() => routes.length).toBe(4);
  await expect(connection.state).toHaveText(/open$/);
  await echo.sendText("again");
  await expect(echo.line("again")).toContainText("came back equal");
});

// Some frameworks mount everything twice, to find code that does not clean up (React's StrictMode).
test("PAGE-41 MUST hold one connection of each kind, however often it is removed and put back in one turn", {
  tag: ["@page", "@closed", "@any-server"],
}, async ({ launch, visit, raw }) => {
  const server = await launch();
  const here = await visit(server);
  const { page, connection, echo } = here;
  here.expectTrouble(givenUp);
  await page.evaluate(`{
    const app = document.querySelector("rosetta-app");
    for (let count = 0; count < 50; count++) {
      app.remove();
      document.body.append(app);
    }
  }`);
  await expect(connection.state).toHaveText(/open$/);
  await expect(echo.state).toHaveText(/open$/);
  await echo.sendText("once");
  await expect(echo.line("once")).toContainText("came back equal");
  const open = (endpoint: string) => metric(raw.at(server.port), "connections", { endpoint });
  await expect.poll(() => Promise.all([open("/ws"), open("/echo")])).toEqual([1, 1]);
});

test("PAGE-42 MUST hold one connection when it is closed and opened fifty times in one turn", {
  tag: ["@closed", "@any-server"],
}, async ({ launch, visit, raw }) => {
  const server = await launch();
  const here = await visit(server);
  const { page, connection } = here;
  here.expectTrouble(givenUp);
  const [close, open] = await Promise.all([
    connection.button("Close").elementHandle(),
    connection.button("Open").elementHandle(),
  ]);
  await page.evaluate(
    ([closing, opening]) => {
      for (let count = 0; count < 50; count++) {
        (closing as unknown as { click(): void }).click();
        (opening as unknown as { click(): void }).click();
      }
    },
    [close, open],
  );
  await expect(connection.state).toHaveText(/open$/);
  await expect.poll(() => metric(raw.at(server.port), "connections", { endpoint: "/ws" })).toBe(1);
});

/** What a browser logs about requests and handshakes that a page gave up before they were answered. */
const givenUp = /servers\.json failed: net::ERR_ABORTED|closed before the connection is established/;

/** Waits until something new has arrived over every connection of the lesson. */
async function goOn({ page, echo }: Visit, lesson: 1 | 10): Promise<void> {
  if (lesson === 1) {
    const text = randomUUID();
    await echo.sendText(text);
    return expect(echo.line(text)).toContainText("came back equal");
  }
  const start = page.getByRole("button", { name: "Start all three" });
  await expect(start.or(page.getByRole("button", { name: "Stop all" }))).toBeVisible();
  if (await start.isVisible()) await start.click();
  const events = page
    .getByRole("row")
    .filter({ has: page.getByRole("rowheader", { name: "Events", exact: true }) });
  const counts = async () => (await events.getByRole("cell").allTextContents()).map(Number);
  const before = await counts();
  await expect
    .poll(async () => (await counts()).map((count, way) => count > (before[way] ?? 0)))
    .toEqual([true, true, true]);
}
