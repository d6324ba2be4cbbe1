import type { Locator, Page } from "@playwright/test";
import type { Visit } from "../page-objects.ts";
import { expect, expectAccessible, nobodyAt, test, titleOf, violations } from "../visit.ts";

/** Finds the heading of a page around the course. */
function heading({ page }: Visit, name: string) {
  return page.getByRole("heading", { level: 2, name, exact: true });
}

function steps({ page }: Visit) {
  return page.getByRole("status", { name: "Steps done" });
}

test("COURSE-40 MUST open on a start page, from which one message goes to every server and comes back", {
  tag: ["@page", "@servers", "@echo", "@any-server"],
}, async ({ visits, ownSiblings }) => {
  const visit = await visits.begin();
  const { page } = visit;
  await page.goto(ownSiblings[0]?.url ?? "");
  await expect(heading(visit, "Learn WebSockets by using one.")).toBeVisible();
  await expect(page).toHaveTitle("WebSocket Rosetta");
  const lanes = page.getByRole("list", { name: "What each server did" }).getByRole("listitem");
  const send = page.getByRole("button", { name: "Send to all four servers" });
  await page.getByLabel("Say something").fill("to everybody");
  await send.click();
  await expect(lanes).toHaveCount(ownSiblings.length);
  for (const [index, lane] of (await lanes.all()).entries()) {
    await expect(lane).toContainText(titleOf(ownSiblings, index));
    await expect(lane).toContainText(/\d m?s there and back/);
    // The time fades in once the dot is back.
    await expect(lane.locator(".result")).toHaveCSS("opacity", "1");
  }
  await expect(page.getByRole("status", { name: "How it is shown" })).toContainText("slowed down");
  await expectAccessible(visit);

  const lost = ownSiblings[1];
  if (!lost) throw new Error("there is one server only");
  visit.expectTrouble(nobodyAt(lost));
  await lost.kill();
  await send.click();
  await expect(lanes.nth(1)).toContainText(`does not run: pnpm dev --filter ${lost.manifest.id}`);
  await expect(lanes.first()).toContainText("there and back");
});

test("COURSE-41 MUST tick the steps that it sees done, and keep the progress until one forgets it", {
  tag: ["@page", "@any-server"],
}, async ({ app, lesson }) => {
  const visit = await lesson("#/lesson/1");
  const { page, course, echo } = visit;
  visit.expectTrouble(/ERR_ABORTED/);
  await expect(steps(visit)).toHaveText("0 of 4 done");
  await echo.sendText("hello");
  await expect(steps(visit)).toHaveText("2 of 4 done");
  await echo.sendText("stop");
  await expect(steps(visit)).toHaveText("4 of 4 done");
  await expect(course.button).toContainText(`1 of ${screens.length} done`);
  await page.goto(`${app.url}/#/lesson/2`);
  await page.reload();
  await expect(course.button).toContainText(`1 of ${screens.length} done`);
  await page.goto(`${app.url}/#/`);
  await expect(page.getByRole("link", { name: "Continue with 2. Handshake" })).toBeVisible();
  await expect(page.getByRole("main").getByRole("link", { name: /^1 Hello \(done\)/ })).toBeVisible();
  await page.getByRole("button", { name: "Forget my progress" }).click();
  await expect(page.getByRole("link", { name: "Begin with lesson 1" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("link", { name: "Begin with lesson 1" })).toBeVisible();
  await expect(course.button).toContainText(`0 of ${screens.length} done`);
});

test("COURSE-42 MUST say that an address names nothing, and keep the addresses of an older page", {
  tag: ["@page", "@any-server"],
}, async ({ app, visits }) => {
  const visit = await visits.begin();
  const { page } = visit;
  await page.goto(`${app.url}/#/lesson/99`);
  await expect(heading(visit, "There is no such page.")).toBeVisible();
  await expect(page.getByRole("main")).toContainText("#/lesson/99");
  await expectAccessible(visit);
  await page
    .getByRole("main")
    .getByRole("link", { name: /^7 Closing/ })
    .click();
  await expect(heading(visit, "7. Closing")).toBeFocused();
  await page.goto(`${app.url}/#/3`);
  await expect(heading(visit, "3. Frames")).toBeVisible();
  await page.goto(`${app.url}/#/lesson/${screens.length}`);
  await page.getByRole("link", { name: "Next Where to go from here" }).click();
  await expect(heading(visit, "Where to go from here")).toBeFocused();
  await expect(page.getByRole("main")).toContainText("pnpm eject");
  await expectAccessible(visit);
});

/** For each lesson what one does first, and where it shows. */
const screens: [action: (page: Page) => Locator, effect: (page: Page) => Locator][] = [
  [button("Send text"), (page) => page.getByRole("log", { name: "What came back" })],
  [button("Another key"), (page) => page.getByText(/^HTTP\/1\.1 101/)],
  [button("Send message"), (page) => page.getByRole("log", { name: "What came back" })],
  [
    (page) => page.getByLabel("Who asks"),
    (page) => page.getByRole("status", { name: "The server’s answer" }),
  ],
  [button("Send as it is"), (page) => page.getByRole("log", { name: /^Requests and replies/ })],
  [button("Enter room"), (page) => page.getByRole("heading", { name: /^Here now/ })],
  [button("Close it this way"), (page) => page.getByRole("status", { name: "Step" })],
  [button("Close with 1012"), (page) => page.getByRole("status", { name: "Connection state" })],
  [button("Follow"), (page) => page.getByRole("img", { name: /offsets/ })],
  [button("Start all three"), (page) => page.getByRole("table", { name: "What each way brought" })],
  [button("Ping every second"), (page) => page.getByRole("img", { name: /^Round trips/ })],
  [button("Stall the reader and flood"), (page) => page.getByRole("status", { name: "State of the reader" })],
  [button("Connect ten clients"), (page) => page.getByRole("list", { name: /^Time line/ })],
  [button("Ask"), (page) => page.getByRole("log", { name: "Answer on this device" })],
  [
    (page) => page.getByText("pnpm dev --cluster", { exact: true }),
    (page) => page.getByRole("img", { name: /^1 to 12 from/ }),
  ],
];

function button(name: string) {
  return (page: Page) => page.getByRole("button", { name, exact: true });
}

async function boxOf(locator: Locator) {
  const box = await locator.boundingBox();
  if (!box) throw new Error(`${locator} is not shown`);
  return { top: box.y, bottom: box.y + box.height };
}

for (const [id, where, viewport] of [
  ["COURSE-43", "on a desk", { width: 1280, height: 800 }],
  ["COURSE-44", "on a phone", { width: 390, height: 844 }],
] as const) {
  test(`${id} MUST show ${where} the question, what to do first and what it causes on the first screen`, {
    tag: ["@page", "@any-server"],
  }, async ({ app, lesson }) => {
    const visit = await lesson("#/lesson/1", undefined, { viewport });
    const { page } = visit;
    // It turns the page without waiting for the panels' connections, such as the ten clients of lesson 13.
    visit.expectTrouble(/ERR_ABORTED|closed before the connection is established/);
    for (const [index, [action, effect]] of screens.entries()) {
      const about = `lesson ${index + 1}`;
      await page.goto(`${app.url}/#/lesson/${index + 1}`);
      await expect(
        page.getByRole("heading", { level: 2, name: new RegExp(`^${index + 1}\\. `) }),
      ).toBeVisible();
      const trigger = action(page).first();
      const [question, header] = [
        await boxOf(page.locator(".question")),
        await boxOf(page.locator("header").first()),
      ];
      expect(header.bottom - header.top, about).toBeLessThanOrEqual(64);
      const triggered = await boxOf(trigger);
      expect(triggered.top, `${about}: the action is below the question`).toBeGreaterThan(question.bottom);
      // Two lessons show where it happens only once it has happened.
      if (index === 5 || index === 12) await trigger.click();
      const shown = await boxOf(effect(page).first());
      // On a phone the choice of the view covers the end of the screen.
      const end = viewport.height - (viewport.width < 960 ? 49 : 0);
      for (const bottom of [triggered.bottom, shown.top + 20]) expect(bottom, about).toBeLessThanOrEqual(end);
    }
  });
}

// WCAG 2.2, 2.4.3 and 1.3.2.
test("COURSE-45 MUST lead Tab through a lesson in the order in which it is read", {
  tag: ["@page", "@any-server"],
}, async ({ app, lesson }) => {
  const visit = await lesson("#/lesson/2");
  const { page } = visit;
  // It turns the page without waiting for the panels' connections.
  visit.expectTrouble(/ERR_ABORTED|closed before the connection is established/);
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 390, height: 844 },
  ]) {
    await page.setViewportSize(viewport);
    for (const number of screens.keys()) {
      const about = `lesson ${number + 1} at ${viewport.width} px`;
      await page.goto(`${app.url}/#/lesson/${number + 1}`);
      await expect(
        page.getByRole("heading", { level: 2, name: new RegExp(`^${number + 1}\\. `) }),
      ).toBeFocused();
      // A panel is drawn with the next frame of the display.
      await expect(screens[number]?.[0](page).first() ?? page.locator("main")).toBeVisible();
      const places = await page.evaluate<TabPlace[]>(placesOfTabs);
      expect(places.length, about).toBeGreaterThan(4);
      for (const [index, place] of places.entries()) {
        const before = places[index - 1];
        if (!before || before.order < place.order) continue;
        // Within one part of the page: further down, or in the same row further right.
        const isAfter = place.top > before.top - 4 || place.left > before.left;
        expect(isAfter, `${place.name} comes after ${before.name}, ${about}`).toBe(true);
      }
      const orders = places.map(({ order }) => order);
      expect(orders, about).toEqual(orders.toSorted((a, b) => a - b));
    }
  }
});

/** A control that Tab reaches: the part of the page that it is in, and where it stands. */
interface TabPlace {
  name: string;
  order: number;
  top: number;
  left: number;
}

// Collects what Tab would reach, in the order of the DOM, with the part of the page that it is in. Written as text,
// because it runs in the page.
const placesOfTabs = `(() => {
  const parts = ["HEADER", "MAIN", "ASIDE"];
  const page = document.querySelector("rosetta-app").shadowRoot;
  const found = [];
  const walk = (node, order) => {
    for (const child of node.children ?? []) {
      if (child.matches("[popover]:not(:popover-open)")) continue;
      const part = node === page ? parts.indexOf(child.tagName) : -1;
      const own = part === -1 ? order : part;
      const isReached = child.matches("a[href], button, input, select, textarea, [tabindex='0']")
        && child.checkVisibility() && !child.matches(".skip");
      if (isReached) {
        const { top, left } = child.getBoundingClientRect();
        found.push({ name: child.textContent.trim().slice(0, 20) || child.tagName, order: own, top, left });
      }
      walk(child.shadowRoot ?? child, own);
    }
  };
  // Whatever is in none of the parts follows them: the code, and on a phone the choice of the view.
  walk(page, parts.length);
  return found.filter(({ order }) => order < 2);
})()`;

test("COURSE-46 MUST hold a guess against what happened", { tag: ["@page", "@any-server"] }, async ({
  lesson,
}) => {
  const visit = await lesson("#/lesson/7");
  const { page } = visit;
  const verdict = page.getByRole("status", { name: "Your guess" });
  await page.getByRole("radio", { name: "1000", exact: true }).check();
  await expect(verdict).toContainText("You guess 1000.");
  await page.getByLabel("How it ends").selectOption("none");
  await page.getByLabel("How it ends").press("ArrowUp");
  await page.getByLabel("How it ends").press("ArrowDown");
  await page.getByRole("button", { name: "Close it this way" }).click();
  await expect(verdict).toContainText("You guessed 1000. It is 1005.");
  await expectAccessible(visit);
  await page.goto(page.url().replace("/7", "/12"));
  await page.getByRole("radio", { name: "several MiB" }).check();
  await page.getByRole("button", { name: "Tell me" }).click();
  await expect(verdict).toContainText("Right: several MiB.");
  await expect(verdict).toBeFocused();
});

// Forced colours are those of the operating system, as in the contrast themes of Windows.
test("COURSE-47 MUST stay readable with forced colours, on the start page and in a lesson", {
  tag: ["@page", "@any-server"],
}, async ({ app, lesson }) => {
  const visit = await lesson("#/lesson/3", undefined, { forcedColors: "active" });
  expect(await violations(visit), "in a lesson").toEqual([]);
  await visit.page.goto(`${app.url}/#/`);
  await expect(heading(visit, "Learn WebSockets by using one.")).toBeVisible();
  expect(await violations(visit), "on the start page").toEqual([]);
});

// WCAG 2.2, 1.4.10: 320 CSS pixels are 1280 at 400 %.
test("COURSE-48 MUST fit into 320 pixels without scrolling sideways, in lessons and around them", {
  tag: ["@page", "@any-server"],
}, async ({ app, visits }) => {
  const { page } = await visits.begin({ viewport: { width: 320, height: 800 } });
  for (const place of ["", "next", "nothing", "lesson/4", "lesson/6", "lesson/13"]) {
    await page.goto(`${app.url}/#/${place}`);
    await expect(page.getByRole("heading", { level: 2 }).first()).toBeVisible();
    expect(await page.evaluate("document.documentElement.scrollWidth"), place).toBe(320);
  }
});
