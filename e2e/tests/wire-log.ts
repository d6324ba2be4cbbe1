import { readFile } from "node:fs/promises";
import { expect, expectNoViolations, test } from "../visit.ts";

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
  await wire.field("As UTF-8").check();
  await expect(wire.content).toHaveText("ä\ufffdA", { useInnerText: true });
  await expect(belongs).toBeEmpty();
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

test("COURSE-40 MUST show round trips as long as those of a bare WebSocket, drawing not included", {
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
  let count = 0;
  const shownMs = async () => {
    count += 1;
    await echo.sendText(`hello ${count}`);
    const line = echo.line(`hello ${count}`);
    await expect(line).toContainText("came back equal");
    return millisecondsIn((await line.textContent()) ?? "");
  };
  // A busy machine adds to single times. But a wait for a frame adds to all of them, and would be seen in every series.
  await expect(async () => {
    const [bare, shown]: [number[], number[]] = [[], []];
    for (let pair = 0; pair < 20; pair++) {
      bare.push(await bareMs());
      shown.push(await shownMs());
    }
    expect(Math.abs(medianOf(shown) - medianOf(bare))).toBeLessThanOrEqual(1);
  }).toPass({ intervals: [0], timeout: 45_000 });
});

/** Reads the duration at the end of a line, such as `1.3 ms`. */
function millisecondsIn(line: string): number {
  const [, value = Number.NaN, unit] = /([\d.]+) (m?s)\s*$/.exec(line) ?? [];
  return Number(value) * (unit === "s" ? 1000 : 1);
}

function medianOf(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
