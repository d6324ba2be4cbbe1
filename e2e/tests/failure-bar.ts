import type { Locator, Page } from "@playwright/test";
import { DevRun } from "@rosetta/dev/testing";
import type { Visit } from "../page-objects.ts";
import { test as base, expect, expectAccessible, nobodyAt } from "../visit.ts";

/** `test` with a `pnpm dev` of its own, of one server, which can make that server fail. */
const test = base.extend<{ run: DevRun }>({
  run: async ({ server, ports, visits }, use) => {
    const run = await DevRun.start([server.id, "--port", String(await ports.next())]);
    await use(run);
    // A page that is still open would find no server.
    await visits.end();
    await run.stop();
  },
});

function bar(page: Page): Locator {
  return page.getByRole("region", { name: "Make it fail" });
}

/** Counts the messages of a type that the page has received, on whatever connection. */
function counterOf(page: Page, type: string): () => number {
  let count = 0;
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => {
      if (String(payload).includes(`"type":"${type}"`)) count += 1;
    }),
  );
  return () => count;
}

async function open({ lesson, run, id }: { lesson: Lesson; run: DevRun; id: string }): Promise<Visit> {
  const url = run.urlOf(id);
  const visit = await lesson("#/lesson/13", { url });
  visit.expectTrouble(nobodyAt({ port: Number(new URL(url).port) }));
  await expect(bar(visit.page)).toBeVisible();
  return visit;
}

type Lesson = (hash: string, server: { url: string }) => Promise<Visit>;

test("COURSE-80 MUST make the server fail at the press of a button, and come back from each failure", {
  tag: ["@page", "@shutdown", "@any-server"],
}, async ({ lesson, run, server }) => {
  test.slow();
  const visit = await open({ lesson, run, id: server.id });
  const { page } = visit;
  const [welcomes, byes] = [counterOf(page, "welcome"), counterOf(page, "bye")];
  // The stream that reports new code ends with the page.
  visit.expectTrouble(/ERR_ABORTED/);
  await page.reload();
  const said = bar(page).getByRole("status", { name: "What fails" });
  const press = (name: string) => bar(page).getByRole("button", { name, exact: true }).press("Enter");
  await expect.poll(welcomes).toBe(1);

  await press("Cut");
  await expect(said).toContainText("is cut");
  await expect.poll(welcomes).toBe(2);

  await press("Restart");
  await expect(said).toContainText("restarts: it says bye");
  await expect.poll(byes).toBe(1);
  await expect.poll(welcomes).toBe(3);

  await press("Kill");
  await expect(said).toHaveText(`${server.title} is killed: no goodbye. It starts again in 3 s.`);
  await expect.poll(welcomes).toBe(4);
  expect(run.lines.join("\n")).toContain(`${server.id} is killed, and starts again in 3 s`);

  await press("Freeze");
  await expect(said).toContainText("stands still for 5 s");
  await expect.poll(() => run.lines.join("\n")).toContain(`${server.id} is frozen for 5 s`);
  // Nothing answers until the process continues.
  const began = performance.now();
  expect((await fetch(`${run.urlOf(server.id)}/healthz`)).status).toBe(200);
  expect(performance.now() - began).toBeGreaterThan(1_000);
  await expectAccessible(visit);
});

test("COURSE-81 MUST slow the link down until it is told otherwise", {
  tag: ["@page", "@any-server"],
}, async ({ lesson, run, server }) => {
  const visit = await open({ lesson, run, id: server.id });
  const { page } = visit;
  await page.goto(`${run.urlOf(server.id)}/#/lesson/1`);
  const time = page.getByRole("log", { name: "What came back" }).getByText(/\d m?s$/);
  const echoes: string[] = [];
  page.on("websocket", (socket) => {
    if (socket.url().endsWith("/echo")) echoes.push(new URL(socket.url()).port);
  });
  // It takes the focus when it comes, even between a key's way down and its way up.
  await expect(page.getByRole("heading", { name: "1. Hello" })).toBeFocused();
  const slow = bar(page).getByRole("button", { name: "Slow link" });
  await slow.press("Space");
  await expect(slow).toHaveAttribute("aria-pressed", "true");
  await expect.poll(() => echoes.length).toBe(1);
  await visit.echo.sendText("a long way");
  // There and back; the page writes a second or more as such.
  await expect(time.first()).toHaveText(/(8|9)\d\d ms$|\d s$/);
  await expectAccessible(visit);
  await slow.press("Space");
  await expect(slow).toHaveAttribute("aria-pressed", "false");
  await expect.poll(() => echoes.length).toBe(2);
  expect(echoes[1]).toBe(new URL(run.urlOf(server.id)).port);
  await visit.echo.sendText("a short way");
  await expect(visit.echo.line("a short way")).toContainText("came back equal");
});

test("COURSE-86 MUST ask the server itself what it makes of a stranger’s Origin, and show what it noted", {
  tag: ["@page", "@door", "@any-server"],
}, async ({ lesson, run, server }) => {
  const { page, serverLog } = await lesson("#/lesson/4", { url: run.urlOf(server.id) });
  const answer = page.getByRole("status", { name: "The real server" });
  const ask = page.getByRole("button", { name: "Ask the real server" });
  await page.getByLabel("Who asks").selectOption({ label: "A stranger’s page, by WebSocket" });
  await ask.press("Enter");
  await expect(answer).toHaveText("It refused this: 403 this Origin is not listed.");
  await expect(serverLog.lines.filter({ hasText: "status=403" })).toHaveCount(1);
  await page.getByLabel("Who asks").selectOption({ label: "A program that sends no Origin" });
  await expect(answer).not.toContainText("403");
  await ask.press("Enter");
  await expect(answer).toHaveText("It let this in: 101.");
  await expect(page.getByRole("status", { name: "Steps done" })).toHaveText("3 of 4 done");
});

test("COURSE-82 MUST offer the failures on a phone, and restart the server from the lesson on shutdown", {
  tag: ["@page", "@shutdown", "@any-server"],
}, async ({ lesson, run, server }) => {
  const visit = await open({ lesson, run, id: server.id });
  const { page } = visit;
  const panel = page.getByRole("region", { name: "Ten clients" });
  await panel.getByRole("button", { name: "Connect ten clients" }).click();
  await expect(panel).toContainText(/Connected\s*10 of 10/);
  await panel.getByRole("button", { name: "Restart the server" }).click();
  await expect(panel).toContainText(/Back\s*10 of 10/);
  await expect(panel).toContainText(/Told in advance\s*10 of 10/);

  await page.setViewportSize({ width: 390, height: 844 });
  await bar(page).getByRole("button", { name: "Make it fail" }).click();
  const ways = bar(page).getByRole("group", { name: "Ways to fail" });
  await expect(ways).toContainText("as a crash does it");
  await expectAccessible(visit);
  await ways.getByRole("button", { name: "Cut" }).click();
  await expect(ways).toBeHidden();
  await expect(bar(page).getByRole("status")).toContainText("is cut");
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
});

test("COURSE-83 MUST show no such button where pnpm dev does not run the server", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  const { page } = await lesson("#/lesson/13");
  await expect(page.getByRole("region", { name: "Ten clients" })).toContainText("Under pnpm dev");
  await expect(bar(page)).toBeHidden();
});
