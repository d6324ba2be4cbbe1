import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "@rosetta/manifest";
import type { Visit } from "../page-objects.ts";
import { expect, expectAccessible, expectNoViolations, test } from "../visit.ts";

/** Goes down to the code, which loads when it comes into view. */
async function codeOf({ page }: Visit) {
  const code = page.getByRole("region", { name: "Code", exact: true });
  await code.scrollIntoViewIfNeeded();
  return code;
}

test("COURSE-50 MUST begin the code of a lesson with the browser's, and open the page that it is part of", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  const here = await lesson("#/lesson/1");
  const first = (await codeOf(here)).getByRole("figure").first();
  await expect(first.getByRole("group", { name: "talk in 1. Echo" })).toContainText('new WebSocket("/echo")');
  const opened = here.page.waitForEvent("popup");
  await first.getByRole("link", { name: "Open this page" }).click();
  const step = await opened;
  await expect(step).toHaveTitle("1. Echo");
  await step.close();
});

test("COURSE-51 MUST let lines that several servers have stand at one height", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  const here = await lesson("#/lesson/11", undefined, { viewport: { width: 1680, height: 1050 } });
  const columns = (await codeOf(here)).getByRole("group", { name: /^step heartbeat in (Express|Fastify)/ });
  await expect(columns).toHaveCount(2);
  const heights = async (line: string) => {
    const found = columns.locator(".line", { hasText: line });
    await expect(found).toHaveCount(2);
    return Promise.all((await found.all()).map(async (each) => (await each.boundingBox())?.y));
  };
  for (const line of ["let sweptAt =", "setInterval(", "ws.terminate();", "}, heartbeatMs);"]) {
    const [one, other] = await heights(line);
    expect(one, line).toBeDefined();
    expect(one, line).toBe(other);
  }
});

test("COURSE-52 MUST explain, by keyboard alone, a word of the code that comes from elsewhere", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  const here = await lesson("#/lesson/1");
  const { page } = here;
  const code = await codeOf(here);
  const word = code
    .getByRole("group", { name: /^messages in / })
    .getByText("session")
    .first();
  await word.focus();
  const tip = page.getByText("One connection as the hub sees it.").and(page.locator("[popover]"));
  await expect(tip).toBeVisible();
  await expect(word).toHaveAccessibleDescription("One connection as the hub sees it.");
  await expectNoViolations(here);
  await page.keyboard.press("Escape");
  await expect(tip).toBeHidden();
});

test("COURSE-53 MUST show the whole file that some code is from, and go back to where the reader was", {
  tag: ["@page", "@any-server"],
}, async ({ lesson }) => {
  const here = await lesson("#/lesson/12");
  const { page } = here;
  const file = "packages/hub/src/connection/socket-session.ts";
  const path = (await codeOf(here)).getByRole("button", { name: file }).first();
  await path.click();
  const dialog = page.getByRole("dialog", { name: file });
  const lines = readFileSync(join(root, file), "utf8").trimEnd().split("\n");
  await expect(dialog.locator(".line")).toHaveCount(lines.length);
  expect(await dialog.locator(".line").allTextContents()).toEqual(lines);
  await expectAccessible(here);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(path).toBeFocused();
});
