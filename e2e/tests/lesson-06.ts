import type { Locator } from "@playwright/test";
import { agreementOf, columnsOf, comparisonOf, expect, expectAccessible, test } from "../visit.ts";

/** Finds the lesson's panel, of the page or of one server's column. */
function panelIn(place: Pick<Locator, "getByRole">): Locator {
  return place.getByRole("region", { name: /^Chat room\b/ });
}

/** Finds what the friend received. */
function heardIn(panel: Locator): Locator {
  return panel.getByRole("log", { name: /^Received by/ }).getByRole("listitem");
}

function saidIn(panel: Locator): Locator {
  return panel.getByRole("log", { name: /^Said in/ }).getByRole("listitem");
}

function membersIn(panel: Locator): Locator {
  return panel.getByRole("list", { name: /^Here now/ }).getByRole("listitem");
}

async function press(panel: Locator, name: string): Promise<void> {
  await panel.getByRole("button", { name, exact: true }).click();
}

async function say(panel: Locator, text: string, to: "To all, you included" | "To others"): Promise<void> {
  await panel.getByLabel(to, { exact: true }).check();
  await panel.getByLabel("Message to the room", { exact: true }).fill(text);
  await press(panel, "Send to room");
}

test("COURSE-11 MUST show one person alone what reaches all and what reaches others", {
  tag: ["@page", "@broadcast", "@any-server"],
}, async ({ lesson, room }) => {
  // A room named by the address is entered at once.
  const visit = await lesson(`#/lesson/6?topic=${room}`);
  const panel = panelIn(visit.page);
  await expect(membersIn(panel)).toHaveCount(1);
  await press(panel, "Bring a friend");
  await expect(membersIn(panel)).toHaveCount(2);
  await say(panel, "for both", "To all, you included");
  await expect(heardIn(panel).filter({ hasText: "for both" })).toContainText("to all");
  await expect(saidIn(panel).filter({ hasText: "for both" })).not.toContainText("not received");
  await say(panel, "for the friend", "To others");
  await expect(heardIn(panel).filter({ hasText: "for the friend" })).toContainText("to others");
  await expect(saidIn(panel).filter({ hasText: "for the friend" })).toContainText("not sent back to you");
  // Other people's messages are shown as text, never as markup, to a friend too.
  await say(panel, "<img src=x><b>bold</b>", "To others");
  await expect(heardIn(panel).filter({ hasText: "<img src=x><b>bold</b>" })).toHaveCount(1);
  await expect(heardIn(panel).getByRole("img")).toHaveCount(0);
  await press(panel, "Let the friend answer others");
  await expect(saidIn(panel)).toContainText(["for both", "for the friend", "an answer by your friend"]);
  await say(panel, "the end", "To all, you included");
  // In order, and without its own answer.
  await expect(heardIn(panel)).toContainText(["for both", "for the friend", "<img", "the end"]);
  await expect(heardIn(panel)).toHaveCount(4);
  for (const [text, received] of [
    ["for both", 2],
    ["for the friend", 1],
  ] as const) {
    await visit.wire.filter(`"text":"${text}"`);
    await expect(visit.wire.row(/^sent .* publish/)).toHaveCount(1);
    await expect(visit.wire.row(/^received .* event/)).toHaveCount(received);
  }
  await expectAccessible(visit);
  await press(panel, "Send the friend away");
  await expect(membersIn(panel)).toHaveCount(1);
});

test("COURSE-12 MUST spare the author of a message to others at every server", {
  tag: ["@page", "@broadcast", "@any-server"],
}, async ({ lesson, siblings }) => {
  const visit = await lesson("#/lesson/6?server=every", siblings[0]);
  const columns = columnsOf(visit, siblings).map(panelIn);
  const mine = columns[0] as Locator;
  const table = comparisonOf(visit);
  await press(mine, "Enter room");
  for (const column of columns) await expect(membersIn(column)).toHaveCount(1);
  await press(mine, "Bring a friend");
  for (const column of columns) await expect(membersIn(column)).toHaveCount(2);
  for (const [to, received] of [
    ["To others", "no"],
    ["To all, you included", "yes"],
  ] as const) {
    await say(mine, `said ${to}`, to);
    for (const column of columns)
      await expect(heardIn(column).filter({ hasText: `said ${to}` })).toHaveCount(1);
    for (const [name, value] of [
      ["You received it", received],
      ["The friend received it", "yes"],
    ]) {
      await expect(table.getByRole("row", { name: new RegExp(`^${name}`) })).toHaveText(
        new RegExp(`^\\s*${name}(\\s*${value}){${siblings.length}}\\s*$`),
      );
    }
    await expect(agreementOf(visit)).toContainText("The servers agree");
  }
});
