import type { Locator, Page } from "@playwright/test";
import { tabTo } from "../keyboard.ts";
import type { Visit } from "../page-objects.ts";
import { expect, test, violations } from "../visit.ts";

/** How many lessons there are. */
const count = 15;

/** Finds the heading of a lesson. */
function headingOf(page: Page, lesson: number): Locator {
  return page.getByRole("heading", { level: 2, name: new RegExp(`^${lesson}\\. `) });
}

/** What the browser tells of handshakes that lesson 2 has refused, and of connections that end with their lesson. */
const usualTrouble = /WebSocket connection to .* failed|status of 4(04|26)|ERR_ABORTED/;

/** For each lesson: where its main action begins, the keys that do it, and where it shows. */
const actions: Record<number, [control: (page: Page) => Locator, keys: string[], effect: Effect]> = {
  1: [field("Message to echo"), ["Enter"], logged("What came back", "came back equal")],
  2: [
    button("Run all"),
    ["Enter"],
    (page) => [page.getByRole("group", { name: "Attempts" }), "404 not found"],
  ],
  3: [field("Text"), ["Enter"], logged("What came back", "came back equal")],
  4: [field("Who asks"), ["ArrowDown"], told("The server’s answer", "403")],
  5: [button("Send as it is"), ["Space"], logged(/^Requests and replies/, "welcome")],
  6: [field("Room name"), ["Enter"], (page) => [page.getByRole("heading", { name: /^Here now/ }), "1"]],
  7: [button("Close it this way"), ["Enter"], told("Step", "ended")],
  8: [button("Close with 1012"), ["Space"], told("Connection state", "waiting")],
  9: [button("Follow"), ["Enter"], logged("What arrived, newest first", "live")],
  10: [button("Start all three"), ["Enter"], told("Agreement", "the same events by every way")],
  11: [button("Ping every second"), ["Space"], logged("Beats, newest first", "ms")],
  12: [button("Stall the reader and flood"), ["Enter"], told("State of the reader", "does not read")],
  13: [
    button("Connect ten clients"),
    ["Enter"],
    (page) => [page.getByRole("group", { name: "What happened to them" }), "10 of 10"],
  ],
  14: [button("Ask"), ["Enter"], logged("Answer on this device", "A token")],
};

type Effect = (page: Page) => [place: Locator, text: string];

function button(name: string) {
  return (page: Page) => page.getByRole("button", { name, exact: true }).first();
}

function field(name: string) {
  return (page: Page) => page.getByLabel(name, { exact: true }).first();
}

function logged(name: string | RegExp, text: string): Effect {
  return (page) => [page.getByRole("log", { name }), text];
}

function told(name: string, text: string): Effect {
  return (page) => [page.getByRole("status", { name, exact: true }), text];
}

// WCAG 2.2, 2.1.1.
test("COURSE-35 MUST lead through every lesson, and do its main action, by keyboard alone", {
  tag: ["@page", "@any-server"],
}, async ({ app, visits }) => {
  test.slow();
  const visit = await visits.begin();
  const { page } = visit;
  visit.expectTrouble(usualTrouble);
  await page.goto(app.url);
  await tabTo(page.getByRole("link", { name: "Begin with lesson 1" }));
  await page.keyboard.press("Enter");
  for (let number = 1; number <= count; number++) {
    await expect(headingOf(page, number)).toBeFocused();
    const action = actions[number];
    if (action) {
      const [control, keys, effect] = action;
      await tabTo(control(page));
      for (const key of keys) await page.keyboard.press(key);
      const [place, text] = effect(page);
      await expect(place, `lesson ${number}`).toContainText(text);
    }
    await tabTo(page.getByRole("main").getByRole("link", { name: /^Next / }));
    await page.keyboard.press("Enter");
  }
  await expect(page.getByRole("heading", { level: 2, name: "Where to go from here" })).toBeFocused();
});

/** Opens one lesson after the other. */
async function forEachLesson(visit: Visit, look: (lesson: number) => Promise<void>): Promise<void> {
  const { page } = visit;
  // It leaves lessons before their connections are open.
  visit.expectTrouble(/ERR_ABORTED|closed before the connection is established/);
  for (let number = 1; number <= count; number++) {
    await page.goto(`${page.url().split("#")[0]}#/lesson/${number}`);
    await expect(headingOf(page, number)).toBeFocused();
    // A panel is drawn with the next frame of the display.
    const [control] = actions[number] ?? [
      (page: Page) => page.getByText("pnpm dev --cluster", { exact: true }),
    ];
    await expect(control(page)).toBeVisible();
    await look(number);
  }
}

test("COURSE-36 MUST be readable with forced colours in every lesson", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  test.slow();
  const visit = await lesson("#/lesson/2", undefined, { forcedColors: "active" });
  await forEachLesson(visit, async (number) => {
    expect(await violations(visit), `lesson ${number}`).toEqual([]);
  });
});

// A window of 1280 × 800 has 640 × 400 CSS pixels at 200 %. WCAG 2.2, 1.4.4, 1.4.10 and 2.4.11.
test("COURSE-37 MUST be usable at 200 %: nothing scrolls sideways, is cut off, or is covered when it has the focus", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  test.slow();
  const visit = await lesson("#/lesson/2", undefined, {
    viewport: { width: 640, height: 400 },
    reducedMotion: "reduce",
  });
  await forEachLesson(visit, async (number) => {
    expect(await visit.page.evaluate<string[]>(faultsOfLayout), `lesson ${number}`).toEqual([]);
  });
});

// Finds controls and texts that the window does not show whole. Runs in the page.
const faultsOfLayout = `(() => {
  const found = [];
  const note = (element, what) =>
    found.push((element.textContent.trim().slice(0, 30) || element.localName) + " " + what);
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) found.push("the page is " + scrollWidth + " px wide");
  // Whether somebody can scroll to what a box cuts off, or the cut is marked.
  const scrolls = (box) => {
    const { overflowX, textOverflow } = getComputedStyle(box);
    return overflowX === "auto" || overflowX === "scroll" || textOverflow === "ellipsis";
  };
  const parentOf = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host;
  const isWithinScroller = (node) => {
    for (let each = parentOf(node); each; each = parentOf(each)) if (scrolls(each)) return true;
    return false;
  };
  const deepest = (x, y) => {
    let at = document.elementFromPoint(x, y);
    while (at?.shadowRoot?.elementFromPoint(x, y) && at.shadowRoot.elementFromPoint(x, y) !== at)
      at = at.shadowRoot.elementFromPoint(x, y);
    return at;
  };
  const holds = (outer, inner) => {
    for (let each = inner; each; each = parentOf(each)) if (each === outer) return true;
    return false;
  };
  const isInBar = (node) => {
    for (let each = node; each; each = parentOf(each)) if (each.matches("header, .views")) return true;
    return false;
  };
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) walk(element.shadowRoot);
      if (!element.checkVisibility() || element.closest("[popover]:not(:popover-open), .hidden, .skip, svg")) continue;
      const isText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
      const box = element.getBoundingClientRect();
      if (isText && box.width > 1 && (box.right > innerWidth + 1 || box.left < -1) && !isWithinScroller(element))
        note(element, "is beyond the edge");
      if (!element.matches("a[href], button, input, select, textarea, [tabindex='0']")) continue;
      const before = scrollY;
      element.focus();
      if (isInBar(element) && scrollY !== before) note(element, "is in a bar and scrolled the page");
      // The first line of a link that has several.
      const { left, right, top, bottom } = element.getClientRects()[0] ?? element.getBoundingClientRect();
      // WCAG asks that it is not entirely hidden: its middle, its upper or its lower end is in sight.
      const x = (Math.max(left, 0) + Math.min(right, innerWidth)) / 2;
      const isSeen = [(top + bottom) / 2, top + 4, bottom - 4].some((y) => holds(element, deepest(x, y)));
      if (!isSeen) note(element, "is covered");
    }
  };
  walk(document);
  // Once more from a place further down.
  scrollTo(0, 300);
  walk(document.querySelector("rosetta-app").shadowRoot.querySelector("header"));
  return found;
})()`;
