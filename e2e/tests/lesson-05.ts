import type { Locator } from "@playwright/test";
import type { Visit } from "../page-objects.ts";
import { agreementOf, columnsOf, comparisonOf, expect, expectAccessible, test } from "../visit.ts";

/** Finds the lesson's panel, of the page or of one server's column. */
function panelIn(place: Pick<Locator, "getByRole">): Locator {
  return place.getByRole("region", { name: /^Conversation\b/ });
}

/** Requests and replies, newest first. */
function phrasesIn(panel: Locator): Locator {
  return panel.getByRole("log", { name: /^Requests and replies/ }).getByRole("listitem");
}

/** Chooses an example by the beginning of its name, typed as a person would: so the other columns hear of it. */
async function choose(visit: Visit, panel: Locator, example: string): Promise<void> {
  const field = panel.getByLabel("Example", { exact: true });
  await field.selectOption({ index: 0 });
  await field.focus();
  await visit.page.keyboard.type(example);
  await expect(field.getByRole("option", { selected: true })).toContainText(example);
}

async function send(panel: Locator): Promise<void> {
  await panel.getByRole("button", { name: "Send as it is", exact: true }).click();
}

/** What is said before it is sent, and what comes of it. */
const examples = [
  { example: "echo", check: "Valid: echo", reply: /echo\s*re 2/, table: "echo" },
  { example: "ping", check: "Valid: ping", reply: /pong\s*re 3/, table: "pong" },
  { example: "a field nobody", check: "Valid: echo", reply: /echo\s*re 6/, table: "echo" },
  {
    example: "an unknown",
    check: "unknown_type",
    reply: /error unknown_type.*re 7/s,
    table: "error unknown_type",
  },
  {
    example: "a wrong field",
    check: "text: expected",
    reply: /error invalid.*text: .*re 8/s,
    table: "error invalid",
  },
  {
    example: "no id",
    check: "id: expected",
    reply: /It names no request.*error invalid/s,
    table: "error invalid: id",
  },
  {
    example: "malformed",
    check: "not JSON",
    reply: /It names no request.*not JSON/s,
    table: "error invalid: not JSON",
  },
] as const;

test("COURSE-09 MUST find the reply to each request by its number, and say what is wrong before it is sent", {
  tag: ["@page", "@messages", "@any-server"],
}, async ({ lesson }) => {
  const visit = await lesson("#/lesson/5");
  const panel = panelIn(visit.page);
  const check = panel.getByRole("status", { name: "Check before sending" });
  await send(panel);
  await expect(phrasesIn(panel)).toHaveCount(1);
  await expect(phrasesIn(panel).first()).toContainText(/welcome\s*re 1/);
  for (const { example, check: said, reply } of examples) {
    await choose(visit, panel, example);
    await expect(check, example).toContainText(said);
    await send(panel);
    await expect(phrasesIn(panel).first(), example).toContainText(reply);
  }
  await choose(visit, panel, "two at once");
  await send(panel);
  for (const reply of [/ack\s*re 4/, /echo\s*re 5/]) {
    await expect(phrasesIn(panel).filter({ hasText: reply })).toHaveCount(1);
  }
  await panel.getByLabel("Messages to send, one per line").fill('{"type":"echo","id":"mine","text":"ä"}');
  await send(panel);
  await expect(phrasesIn(panel).first()).toContainText(/echo\s*re mine/);
  await visit.wire.filter('"mine"');
  await expect(visit.wire.rows).toHaveCount(2);
  await choose(visit, panel, "stop");
  await send(panel);
  await expect(phrasesIn(panel).first()).toContainText(/bye\s*re 10/);
  await expect(panel.getByRole("status", { name: "Conversation state" })).toHaveText(
    "ended with 1000 Normal",
  );
  await visit.jobs.start(1);
  await expect(visit.jobs.state(1)).toHaveText("done");
  await expectAccessible(visit);
});

test("COURSE-10 MUST be refused in the same words by every server, and cut off by all for going on", {
  tag: ["@page", "@messages", "@any-server"],
}, async ({ lesson, siblings }) => {
  const visit = await lesson("#/lesson/5?server=every", siblings[0]);
  const columns = columnsOf(visit, siblings).map(panelIn);
  const mine = columns[0] as Locator;
  const table = comparisonOf(visit);
  await send(mine);
  for (const column of columns) await expect(phrasesIn(column).first()).toContainText(/welcome\s*re 1/);
  for (const { example, reply, table: said } of examples.slice(3)) {
    await choose(visit, mine, example);
    await send(mine);
    for (const column of columns) await expect(phrasesIn(column).first(), example).toContainText(reply);
    await expect(table.getByRole("row", { name: /^Newest reply/ }), example).toContainText(
      new RegExp(`(${said}.*){${siblings.length}}`, "s"),
    );
    await expect(agreementOf(visit), example).toContainText("The servers agree");
  }
  // The fifth in a row.
  await send(mine);
  for (const column of columns) {
    await expect(column.getByRole("status", { name: "Conversation state" })).toHaveText(
      "ended with 4500 BadMessages",
    );
  }
  await expect(agreementOf(visit)).toContainText("The servers agree");
});
