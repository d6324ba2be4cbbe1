import type { Page } from "@playwright/test";
import type { Raw } from "@rosetta/testkit";
import { agreementOf, comparisonOf, expect, expectAccessible, test } from "../visit.ts";

/** Reads what the panel shows of a case: the answer at the door, and the request. */
async function shown(
  page: Page,
  name: string,
): Promise<{ answer: string; path: string; headers: Record<string, string> }> {
  const door = page.getByRole("region", { name: "Origin check" });
  await door.getByLabel("Who asks").selectOption({ label: name });
  // A panel is drawn with the next frame of the display.
  await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
  const command = await door
    .getByRole("group", { name: "The same in a terminal" })
    .textContent()
    .then(String);
  const headers = [...command.matchAll(/-H '([^:]+): ([^']*)'/g)].map(([, name, value]) => [name, value]);
  const path = /'http:\/\/[^/]+([^']*)'$/.exec(command.trim())?.[1] ?? "";
  const answer = await door.getByRole("status", { name: "The server’s answer" }).textContent().then(String);
  return { answer: answer.trim(), path, headers: Object.fromEntries(headers) };
}

/** Asks the server itself. Returns the status of its answer. */
async function statusOf(raw: Raw, path: string, headers: Record<string, string>): Promise<number> {
  const tcp = await raw.tcp();
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const answered = Promise.withResolvers<number>();
  tcp.listen((bytes) => answered.resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(bytes.toString())?.[1])));
  tcp.write(`GET ${path} HTTP/1.1\r\n${head.join("")}\r\n`);
  const status = await answered.promise;
  tcp.reset();
  return status;
}

test("COURSE-07 MUST say of every request at the door what the server itself answers", {
  tag: ["@door", "@upgrade"],
}, async ({ lesson, raw }) => {
  const here = await lesson("#/lesson/4");
  const { page, serverLog } = here;
  const names = await page.getByLabel("Who asks").getByRole("option").allInnerTexts();
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) {
    const { answer, path, headers } = await shown(page, name);
    const status = await statusOf(raw, path, headers);
    const letIn = headers.upgrade ? 101 : 200;
    expect(`${name}: ${status}`).toBe(`${name}: ${answer.startsWith("Let in") ? letIn : answer.slice(0, 3)}`);
  }
  await expect(serverLog.lines.filter({ hasText: "refused" }).first()).toBeVisible();
  const door = page.getByRole("region", { name: "Origin check" });
  await door.getByLabel("Origin").fill("https://somebody.example");
  await expect(door.getByRole("status", { name: "The server’s answer" })).toContainText("403");
  await expectAccessible(here);
});

test("COURSE-08 MUST show that every server admits and refuses the same requests", {
  tag: ["@door", "@page", "@any-server"],
}, async ({ siblings, lesson }) => {
  const here = await lesson("#/lesson/4?server=every", siblings[0]);
  const { page } = here;
  const doors = page.getByRole("region", { name: /^Origin check, / });
  await expect(doors).toHaveCount(siblings.length);
  await doors
    .first()
    .getByLabel("Who asks")
    .selectOption({ label: "A name that was pointed at this machine" });
  for (const door of await doors.all()) {
    await expect(door.getByRole("status", { name: "The server’s answer" })).toContainText("421");
  }
  const same = comparisonOf(here);
  await expect(same.getByRole("row", { name: /^Answer/ })).toContainText("421 this Host is not served here");
  await expect(agreementOf(here)).toContainText("The servers agree");
});
