import type { Locator } from "@playwright/test";
import type { Server } from "@rosetta/testkit";
import type { Visit } from "../page-objects.ts";
import { agreementOf, columnsOf, comparisonOf, expect, expectAccessible, test } from "../visit.ts";

/** Finds the lesson's panel, of the page or of one server's column. */
function panelIn(place: Pick<Locator, "getByRole">): Locator {
  return place.getByRole("region", { name: /^Close codes\b/ });
}

/** Finds what the panel says about the end. */
function happened(panel: Locator): Locator {
  return panel.getByRole("group", { name: /^What happened/ });
}

/** Chooses a way by the beginning of its name, typed as a person would: so the other columns hear of it. */
async function choose(visit: Visit, panel: Locator, way: string): Promise<void> {
  const field = panel.getByLabel("How it ends", { exact: true });
  await field.selectOption({ index: 0 });
  await field.focus();
  await visit.page.keyboard.type(way);
  await expect(field.getByRole("option", { selected: true })).toContainText(way);
}

async function cause(panel: Locator): Promise<void> {
  await panel.getByRole("button", { name: "Close it this way", exact: true }).click();
}

/** The way whose code depends on the stack and on luck. */
const tooBig = "a message too big";
/** The other way in which the page still sends when the server closes. */
const tooMany = "too many messages";

/** Ways that need nothing but a click, and what is to be said of them. */
const ends = [
  {
    way: "stop at /echo",
    code: "1000 Normal",
    says: ["yes: two bytes", "the server's side", "It was asked for."],
  },
  { way: "stop at /ws", code: "1000 Normal", says: ["the server's side", "stop: the end was agreed on"] },
  { way: "close(1000)", code: "1000 Normal", says: ["this page", "yes: both sides"] },
  { way: "close() without", code: "1005 NoStatus", says: ["no: the browser made it up", "this page"] },
  { way: "binary", code: "1003 Unsupported", says: ["only text is accepted", "stop: trying again"] },
  { way: tooBig, code: "1009 TooBig", says: ["over the server's limit", "stop: trying again"] },
  { way: "five unreadable", code: "4500 BadMessages", says: ["different versions", "stop: trying again"] },
  { way: "the same client", code: "4509 Replaced", says: ["The same client connected again"] },
  { way: tooMany, code: "4003 RateLimited", says: ["retry, after a random wait"] },
  { way: "an error in", code: "1011 InternalError", says: ["retry, five times at most"] },
  {
    way: "dropped without",
    code: "1006 Abnormal",
    says: ["no: the browser made it up", "unknown: no close frame"],
  },
  {
    way: "a refused handshake",
    code: "1006 Abnormal",
    says: ["nobody: it never opened", "refused the handshake, or nobody listens"],
  },
  { way: "no hello", code: "4004 HelloTimeout", says: ["say hello first", "retry, after a random wait"] },
] as const;

// Bun hangs up while the rest of the message still comes in. The kernel then answers with RST, and the close frame may be
// lost with it (RFC 6455 §7.1.1).
function mayLoseIt(way: string, server: { manifest: { id: string } }): boolean {
  return way === tooBig && server.manifest.id === "bun-hono";
}

// RFC 6455 §7.4.1: 1005 and 1006 are never sent.
test("COURSE-13 MUST cause every end that a page can cause, and explain what the browser said of it", {
  tag: ["@page", "@close", "@closed", "@any-server"],
}, async ({ app, lesson }) => {
  const visit = await lesson("#/lesson/7");
  // The browser notes a handshake that was refused.
  visit.expectTrouble(/Unexpected response code: 400/);
  const panel = panelIn(visit.page);
  for (const { way, code, says } of ends) {
    await choose(visit, panel, way);
    await cause(panel);
    await expect(panel.getByRole("status", { name: "Step" }), way).toHaveText("ended");
    const told = mayLoseIt(way, app) ? [/1009 TooBig|1006 Abnormal/] : [code, ...says];
    for (const text of told) await expect(happened(panel), way).toContainText(text);
  }
  await choose(visit, panel, "close(code, reason)");
  await panel.getByLabel("Own code", { exact: true }).fill("1001");
  await cause(panel);
  await expect(panel.getByRole("alert")).toContainText("A page may send 1000, and 3000 to 4999");
  await panel.getByLabel("Own code", { exact: true }).fill("4321");
  await panel.getByLabel("Reason", { exact: true }).fill("lunch");
  await cause(panel);
  await expect(happened(panel)).toContainText("4321");
  await expect(happened(panel)).toContainText("lunch");
  await panel.getByLabel("How it ends", { exact: true }).selectOption("a code of your choice");
  await expect(panel.getByLabel("Code to ask for", { exact: true })).toHaveValue("1012");
  await cause(panel);
  await expect(happened(panel)).toContainText("1012 Restart");
  await expect(panel.getByRole("row", { name: /^1012 Restart the server restarts retry/ })).toBeVisible();
  await visit.wire.filter("lunch");
  await expect(visit.wire.row(/^received .* close .*4321 lunch$/)).toHaveCount(1);
  await expectAccessible(visit);
});

test("COURSE-14 MUST cause an end at every server at once, and find them of one mind", {
  tag: ["@page", "@guard", "@any-server"],
}, async ({ lesson, siblings }) => {
  const visit = await lesson("#/lesson/7?server=every", siblings[0]);
  const columns = columnsOf(visit, siblings);
  // The browser logs the refused handshakes.
  visit.expectTrouble(/Unexpected response code: 400/);
  for (const { way, code } of ends) {
    await choose(visit, panelIn(columns[0] as Locator), way);
    await cause(panelIn(columns[0] as Locator));
    for (const [index, column] of columns.entries()) {
      const mayLose = mayLoseIt(way, siblings[index] as Server);
      const told = mayLose ? /1009 TooBig|1006 Abnormal/ : code;
      await expect(happened(panelIn(column)), way).toContainText(told);
    }
    // While the page still sends, RST may come before the end of the closing handshake: the end is clean or not.
    if (way === tooBig || way === tooMany) continue;
    const table = comparisonOf(visit);
    await expect(table.getByRole("row", { name: /^Code/ })).toHaveText(
      new RegExp(`^\\s*Code(\\s*${code}){${siblings.length}}\\s*$`),
    );
    await expect(agreementOf(visit), way).toContainText("The servers agree");
  }
});
