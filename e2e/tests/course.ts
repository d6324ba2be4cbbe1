import type { Locator } from "@playwright/test";
import { readManifests } from "@rosetta/manifest";
import {
  babble,
  brokenFrames,
  flood,
  reservedClose,
  type Server,
  startHostile,
  unknownOpcode,
} from "@rosetta/testkit";
import type { Visit } from "../page-objects.ts";
import {
  agreementOf,
  columnsOf,
  comparisonOf,
  expect,
  expectAccessible,
  expectNoViolations,
  nobodyAt,
  test,
  titleOf,
} from "../visit.ts";

/** Finds the heading of an open lesson. */
function heading({ page }: Visit, name: string | RegExp) {
  return page.getByRole("heading", { level: 2, name });
}

test("COURSE-01 MUST begin with a message box, the wire, and the code of every server", {
  tag: ["@page", "@echo", "@any-server"],
}, async ({ lesson }) => {
  const here = await lesson("#/lesson/1");
  const { page, echo, wire } = here;
  await expect(heading(here, "1. Hello")).toBeVisible();
  await echo.sendText("my first message");
  await expect(echo.line("my first message")).toContainText("came back equal");
  await wire.filter("my first");
  await expect(wire.row(/^sent .* text 16 B my first message$/)).toHaveCount(1);
  await expect(wire.row(/^received .* text 16 B my first message$/)).toHaveCount(1);
  await echo.sendText("stop");
  await expect(echo.line("stop")).toContainText("answered by closing");
  await echo.sendText("once more");
  await expect(echo.line("once more")).toContainText("came back equal");
  const code = page.getByRole("region", { name: "Code", exact: true });
  await code.scrollIntoViewIfNeeded();
  for (const { title } of readManifests()) {
    // Servers that share the code share the group. Its name has all of theirs.
    const group = code
      .getByRole("group", { name: /^echo in / })
      .and(code.getByRole("group", { name: title }));
    await expect(group).toContainText("function echo(");
  }
  await expectAccessible(here);
});

test("COURSE-02 MUST do one action on every server, side by side, and go on where one has failed", {
  tag: ["@page", "@echo", "@servers", "@door", "@any-server"],
}, async ({ lesson, ownSiblings }) => {
  const here = await lesson("#/lesson/1?server=every", ownSiblings[0]);
  const { page } = here;
  const columns = columnsOf(here, ownSiblings);
  const first = columns[0] as Locator;
  const say = async (text: string) => {
    await first.getByLabel("Message to echo").fill(text);
    await first.getByRole("button", { name: "Send text" }).click();
  };
  const line = (index: number, text: string) =>
    (columns[index] as Locator)
      .getByRole("log", { name: "What came back" })
      .getByRole("listitem")
      .filter({ hasText: text });
  await say("to all of you");
  for (const index of ownSiblings.keys()) {
    await expect((columns[index] as Locator).getByLabel("Message to echo")).toHaveValue("to all of you");
    await expect(line(index, "to all of you"), `column ${index}`).toContainText("came back equal");
    await expect(line(index, "to all of you")).toHaveCount(1);
  }
  const same = comparisonOf(here);
  await expect(same.getByRole("row", { name: /^Newest message/ })).toContainText(
    "text, 13 B, came back equal",
  );
  await expect(agreementOf(here)).toContainText("The servers agree");
  await expectNoViolations(here);

  const lost = ownSiblings[2] as Server;
  here.expectTrouble(nobodyAt(lost));
  await lost.kill();
  await expect(
    page
      .getByRole("log", { name: /on the wire/ })
      .getByRole("button", { name: /waiting/ })
      .first(),
  ).toBeVisible();
  await say("to who is left");
  for (const index of [0, 1]) await expect(line(index, "to who is left")).toContainText("came back equal");
  await expect(line(2, "to who is left")).toContainText("waits for a connection");
  await expect(same.getByRole("rowheader", { name: /^differs Newest message/ })).toBeVisible();
  await expect(agreementOf(here)).toHaveText(/^The servers differ in [1-9]\d* of \d+\.$/);
});

test("COURSE-31 MUST hold in the address what is shown, so that a link shows the same", {
  tag: ["@page", "@servers", "@any-server"],
}, async ({ lesson, siblings }) => {
  const here = await lesson("#/lesson/1", siblings[0]);
  const { page, course, servers } = here;
  // Loading a page again aborts its pending requests.
  here.expectTrouble(/ERR_ABORTED/);
  await course.button.click();
  await course.nav.getByRole("link", { name: "All panels" }).click();
  await expect(page).toHaveURL(/#\/all$/);
  await course.goTo(/^1 Hello/);
  await expect(heading(here, "1. Hello")).toBeFocused();
  await expect(course.link(/^1 Hello/)).toBeHidden();
  await servers.server("All at once").check();
  await expect(page).toHaveURL(/#\/lesson\/1\?server=every$/);
  await expect(page.getByRole("region", { name: "Echo" })).toHaveCount(siblings.length);
  await page.reload();
  await expect(servers.server("All at once")).toBeChecked();
  const other = siblings[1];
  await servers.server(titleOf(siblings, 1)).check();
  await expect(page).toHaveURL(new RegExp(`#/lesson/1\\?server=${other?.manifest.id}$`));
  await expect(page).toHaveTitle(`1 Hello, ${titleOf(siblings, 1)}: WebSocket Rosetta`);
  await page.goBack();
  await expect(servers.server("All at once")).toBeChecked();
});

test("COURSE-32 MUST show on a phone one thing at a time: do, wire, code", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  const here = await lesson("#/lesson/1", undefined, { viewport: { width: 390, height: 844 } });
  const { page, echo, wire } = here;
  const show = page.getByRole("navigation", { name: "Show" });
  await echo.sendText("from a phone");
  await expect(echo.line("from a phone")).toContainText("came back equal");
  await expect(wire.region).toBeHidden();
  await show.getByRole("button", { name: "Wire" }).click();
  await expect(echo.region).toBeHidden();
  await expect(wire.row(/^received .* from a phone$/)).toBeVisible();
  await show.getByRole("button", { name: "Code" }).click();
  await expect(wire.region).toBeHidden();
  await expect(page.getByRole("heading", { name: "The code" })).toBeVisible();
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
});

test("COURSE-34 MUST show code that several servers share once, under all their names", {
  tag: ["@page", "@any-server"],
}, async ({ lesson, siblings }) => {
  const { page } = await lesson("#/lesson/11");
  await page.getByRole("region", { name: "Code", exact: true }).scrollIntoViewIfNeeded();
  const regions = page.locator("rosetta-code-strip article");
  await expect(regions.first()).toBeVisible();
  for (const region of await regions.all()) {
    const code = await region.locator("pre").allTextContents();
    expect(code.map(withoutBlanks)).toEqual([...new Set(code.map(withoutBlanks))]);
    const names = await region.locator("figcaption b").allTextContents();
    expect(names).toHaveLength(siblings.length);
    expect(new Set(names)).toEqual(new Set(siblings.map(({ manifest }) => manifest.title)));
  }
});

function withoutBlanks(code: string): string {
  return code.replaceAll(/\s/g, "");
}

test("COURSE-29 MUST not be broken or frozen by a server that breaks every rule", {
  tag: ["@page", "@servers", "@any-server"],
}, async ({ launch, lesson }) => {
  const attacks = [babble, babble, flood, flood, reservedClose, brokenFrames, unknownOpcode, babble];
  const hostile = await startHostile(attacks);
  const server = await launch({ SERVERS: `hostile=${hostile.url}` });
  // Makes the page's random waits as short as possible, and keeps one console line per bad message from the test:
  // both would only take time.
  const script = "Math.random = () => 0; console.error = () => {};";
  const here = await lesson("#/lesson/1?server=hostile", server, { script });
  const { page, servers, echo, wire } = here;
  // The browser tells on its console of each failure to connect; what must not be there is an error of ours.
  here.expectTrouble(/^(error|warning|request): /);
  // Each attack has come through, and the page has come back for the next.
  await expect.poll(() => hostile.connections, { timeout: 20_000 }).toBeGreaterThan(attacks.length);
  hostile.stop();
  await expect(wire.rows.first()).toBeVisible();
  await expect(page.getByRole("img")).toHaveCount(0);
  await wire.filter("needle");
  await expect(wire.rows).toHaveCount(0);
  await wire.filter("");
  await servers.server(server.manifest.title).check();
  await wire.button("Clear").click();
  await echo.sendText("still here");
  await expect(echo.line("still here")).toContainText("came back equal");
});

test("COURSE-30 MUST send at most 70 kB for a first visit, and move nothing while it loads", {
  tag: ["@page"],
}, async ({ app, visits, raw }) => {
  const here = await visits.begin({
    script: `globalThis.shift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shift += entry.value;
      }).observe({ type: "layout-shift", buffered: true });`,
  });
  const { page, echo } = here;
  await page.goto(`${app.url}/#/lesson/1`);
  await expect(echo.button("Send text")).toBeVisible();
  await expect(page.getByRole("heading", { name: "The code" })).toBeVisible();
  const loaded = await page.evaluate<string[]>(
    `["/", ...performance.getEntriesByType("resource").map(({ name }) => name)
      .filter((name) => name.includes("/assets/")).map((name) => new URL(name).pathname)]`,
  );
  let bytes = 0;
  for (const path of new Set(loaded)) {
    bytes += (await raw.request(path, { headers: { "Accept-Encoding": "gzip" } })).bytes.length;
  }
  expect(loaded.length).toBeGreaterThan(3);
  expect(bytes).toBeLessThanOrEqual(70_000);
  // Web Vitals calls a layout shift below 0.1 good.
  expect(await page.evaluate<number>("globalThis.shift")).toBeLessThan(0.1);
});
