import { readFile } from "node:fs/promises";
import { expect, expectAccessible, expectNoViolations, test } from "../visit.ts";

test("COURSE-27 MUST lead from a request to its reply and back, show bytes as text, and hand out the rows", {
  tag: ["@page", "@any-server"],
}, async ({ visit }) => {
  const here = await visit();
  const { page, echo, wire } = here;
  const belongs = wire.region.getByRole("status", { name: "Belongs to" });
  await wire.filter("subscribe");
  await wire.row(/^sent .* subscribe .*weather\/berlin/).click();
  await expect(belongs).toHaveText(/^Answered by row \d+, subscribed, after [\d.]+ m?s\.$/);
  await wire.button("Go there").click();
  await expect(wire.region.getByRole("heading", { name: /subscribed, received on \/ws$/ })).toBeVisible();
  await expect(wire.content).toContainText('"topic": "weather/berlin"');
  await expect(belongs).toHaveText(/^Replies to row \d+, subscribe\.$/);
  // The request is hidden by the filter, until it is gone to.
  await wire.filter("welcome");
  await wire.row(/^received .* welcome/).click();
  await wire.button("Go there").click();
  await expect(wire.region.getByRole("heading", { name: /hello, sent on \/ws$/ })).toBeVisible();
  await expect(wire.field("Filter")).toHaveValue("");

  await echo.sendFile("some.bin", Uint8Array.of(0xc3, 0xa4, 0xff, 65));
  await wire.filter("/echo");
  await wire.row(/^received .* binary 4 B/).click();
  await expect(wire.content).toContainText("c3 a4 ff 41");
  await wire.button("As UTF-8").click();
  await expect(wire.content).toHaveText("ä\ufffdA", { useInnerText: true });
  // `/echo` has no ids, so the order decides.
  await expect(belongs).toHaveText(/^Replies to row \d+, binary\.$/);
  await expectNoViolations(here);

  await wire.filter("binary");
  await expect(wire.rows).toHaveCount(2);
  const [download] = await Promise.all([page.waitForEvent("download"), wire.button("Export").click()]);
  expect(download.suggestedFilename()).toMatch(/^wire-[\dT-]+\.jsonl$/);
  const lines = (await readFile(await download.path(), "utf8")).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { direction: "out", path: "/echo", kind: "binary", size: 4, hex: "c3a4ff41" },
    { direction: "in", path: "/echo", kind: "binary", size: 4, hex: "c3a4ff41" },
  ]);
});

test("COURSE-61 MUST draw what travels between the page and the server, and say the same in a list", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  const here = await lesson("#/lesson/1");
  const { page, echo, wire } = here;
  const sent = wire.row(/^sent [\d:.]+ text 5 B hello$/);
  const received = wire.row(/^received [\d:.]+ text 5 B hello$/);
  await echo.sendText("hello");
  await expect(received).toBeVisible();
  // Rows that the lesson is not about are folded, and can be opened.
  const welcome = wire.row(/^received .* welcome /);
  await expect(welcome).toHaveCount(0);
  const folded = wire.region.getByRole("button", { name: /on \/ws, not of this lesson$/, expanded: false });
  await folded.click();
  await expect(welcome).toBeVisible();
  // A reply shows its request: by the pointer, and by the focus.
  await received.hover();
  await expect(sent).toHaveAttribute("data-tied");
  await expect(received).not.toHaveAttribute("data-tied");
  await sent.focus();
  await expect(received).toHaveAttribute("data-tied");
  // The frame around it, by keyboard.
  await page.keyboard.press("Enter");
  await expect(wire.content).toContainText("6 B header + 5 B message = 11 B");
  await expectAccessible(here);
  await page.keyboard.press("Enter");
  await expect(wire.content).toHaveText("hello");
  // The answer to `stop` is a close.
  await echo.sendText("stop");
  await wire.row(/^sent .* text 4 B stop$/).click();
  const belongs = wire.region.getByRole("status", { name: "Belongs to" });
  await expect(belongs).toHaveText(/^Answered by row \d+, close, after/);

  await wire.button("List").click();
  await expect(sent).toBeVisible();
  await expectAccessible(here);
  await page.reload();
  await expect(wire.button("List")).toHaveAttribute("aria-pressed", "true");
});

test("COURSE-62 MUST fold the rows of a lesson away when the next one begins", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  const here = await lesson("#/lesson/1");
  const { page, echo, wire } = here;
  await echo.sendText("of lesson 1");
  await expect(wire.row(/^received .* of lesson 1$/)).toBeVisible();
  await page.goto(page.url().replace(/#.*$/, "#/lesson/2"));
  await expect(wire.row(/of lesson 1$/)).toHaveCount(0);
  await wire.row(/^1\. .*: \d+ rows$/).click();
  await expect(wire.row(/^received .* of lesson 1$/)).toBeVisible();
  // A search finds rows wherever they are.
  await wire.row(/^1\. .*: \d+ rows$/).click();
  await expect(wire.row(/of lesson 1$/)).toHaveCount(0);
  await wire.filter("of lesson");
  await expect(wire.rows).toHaveCount(2);
});

test("COURSE-63 MUST keep no more rows in the document than can be seen, however many messages come", {
  tag: ["@page", "@any-server"],
}, async ({ visit, room, converse }) => {
  const { page, chat, wire } = await visit();
  await chat.enter(room.slice("room/".length));
  await expect(chat.members).toHaveCount(1);
  const elements = `(() => {
    const log = document.querySelector("rosetta-app").shadowRoot.querySelector("rosetta-wire-log");
    return log.shadowRoot.querySelectorAll("*").length;
  })()`;
  const before = await page.evaluate<number>(elements);
  const author = await converse();
  await author.request({ type: "subscribe", topic: room });
  for (let count = 1; count <= 40; count++)
    await author.request({ type: "publish", topic: room, to: "all", text: `number ${count}` });
  await wire.filter("number 40");
  await expect(wire.row(/ event .*number 40"$/)).toHaveCount(1);
  await wire.filter("");
  await expect(wire.row(/ event .*number 40"$/)).toHaveCount(1);
  expect(await page.evaluate<number>(elements)).toBeLessThan(before + 300);
});

test("COURSE-60 MUST show round trips as long as those of a bare WebSocket, drawing not included", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  const here = await lesson("#/lesson/1");
  const { page, echo } = here;
  await page.evaluate(
    `globalThis.bare = new WebSocket(new URL("echo", location.href.replace(/^http/, "ws")))`,
  );
  await expect.poll(() => page.evaluate("bare.readyState")).toBe(1);
  const bareMs = () =>
    page.evaluate<number>(`new Promise((resolve) => {
      bare.onmessage = () => resolve(performance.now() - sentAt);
      const sentAt = performance.now();
      bare.send("hello");
    })`);
  let size = 0;
  const shownMs = async () => {
    size += 1;
    // The page reports it once, because polling would keep it from reading its socket.
    const shown = page.evaluate<string>(`new Promise((resolve) => {
      const tell = ({ detail }) => {
        const facts = new Map(detail.map(({ name, value }) => [name, value]));
        if (!facts.get("Newest message")?.startsWith("text, ${size} B, came back")) return;
        removeEventListener("panel-facts", tell);
        resolve(facts.get("Round trip"));
      };
      addEventListener("panel-facts", tell);
    })`);
    await echo.sendText("x".repeat(size));
    return millisecondsIn(await shown);
  };
  // A busy machine adds to many times. But a wait for a frame, of up to 16 ms, adds to nearly all of them: so the faster
  // ones are compared, and a wait would be seen in every series.
  await expect(async () => {
    const [bare, shown]: [number[], number[]] = [[], []];
    for (let pair = 0; pair < 20; pair++) {
      bare.push(await bareMs());
      shown.push(await shownMs());
    }
    expect(Math.abs(quartileOf(shown) - quartileOf(bare))).toBeLessThanOrEqual(1);
  }).toPass({ intervals: [0], timeout: 45_000 });
});

/** Reads a duration such as `1.3 ms`. */
function millisecondsIn(text: string): number {
  const [, value = Number.NaN, unit] = /^([\d.]+) (m?s)$/.exec(text) ?? [];
  return Number(value) * (unit === "s" ? 1000 : 1);
}

/** Returns the value that a quarter of them does not reach. */
function quartileOf(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 2] ?? Number.NaN;
}
