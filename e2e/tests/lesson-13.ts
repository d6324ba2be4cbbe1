import type { Locator } from "@playwright/test";
import { agreementOf, columnsOf, comparisonOf, expect, expectAccessible, nobodyAt, test } from "../visit.ts";

/** Finds the lesson's panel, of the page or of one server's column. */
function panelIn(place: Pick<Locator, "getByRole">): Locator {
  return place.getByRole("region", { name: /^Ten clients\b/ });
}

/** Finds what became of the ten, as one text: `Connected 10 of 10 …`. */
function summaryIn(panel: Locator): Locator {
  return panel.getByRole("group", { name: "What happened to them" });
}

function clientsIn(panel: Locator): Locator {
  return panel.getByRole("list", { name: /^Time line/ }).getByRole("listitem");
}

async function connect(panel: Locator): Promise<void> {
  await panel.getByRole("button", { name: "Connect ten clients", exact: true }).click();
}

/** What is said of a restart that went as it should. */
const inOrder = [
  /Connected\s*10 of 10/,
  /Told in advance\s*10 of 10/,
  /Ended with\s*1012 Restart\s*Asked/,
  /Asked to come back\s*after 1 s to 2 s/,
  /Back\s*10 of 10/,
  /Spread\s*\d/,
  /Without a gap\s*10 of 10/,
  /Lost\s*0 of/,
  /Log\s*started over: 2 epochs/,
];

test("COURSE-25 MUST bring ten clients through a restart: told, spread, and nothing lost", {
  tag: ["@page", "@shutdown", "@listen", "@any-server"],
}, async ({ launch, lesson }) => {
  const server = await launch();
  const visit = await lesson("#/lesson/13", server);
  visit.expectTrouble(nobodyAt(server));
  const panel = panelIn(visit.page);
  await expect(panel).toContainText("Under pnpm dev, a button here does it for you");
  await connect(panel);
  await expect(summaryIn(panel)).toContainText(/Connected\s*10 of 10/);
  await expect(clientsIn(panel).filter({ hasText: "open" })).toHaveCount(10);
  await visit.wire.filter('"ack"');
  await expect(visit.wire.row(/^received .* ack /).nth(2)).toBeVisible();
  await server.restart("SIGTERM");
  await expect(clientsIn(panel).filter({ hasText: "back after" })).toHaveCount(10);
  for (const text of inOrder) await expect(summaryIn(panel)).toContainText(text);
  await visit.wire.filter('"bye"');
  // Those of the crowd, and that of the page itself.
  await expect(visit.wire.row(/^received .* bye/)).toHaveCount(11);
  await expectAccessible(visit);
  await panel.getByRole("button", { name: "Disconnect them", exact: true }).click();
  await expect(clientsIn(panel).filter({ hasText: "back after" })).toHaveCount(0);
});

test("COURSE-26 MUST see every server restart in the same order", {
  tag: ["@page", "@shutdown", "@any-server"],
}, async ({ lesson, ownSiblings }) => {
  const visit = await lesson("#/lesson/13?server=every", ownSiblings[0]);
  for (const server of ownSiblings) visit.expectTrouble(nobodyAt(server));
  const columns = columnsOf(visit, ownSiblings).map(panelIn);
  await connect(columns[0] as Locator);
  for (const column of columns) await expect(summaryIn(column)).toContainText(/Log\s*one epoch/);
  await Promise.all(ownSiblings.map((server) => server.restart("SIGTERM")));
  for (const column of columns) {
    for (const text of inOrder) await expect(summaryIn(column)).toContainText(text);
  }
  const table = comparisonOf(visit);
  await expect(table.getByRole("row", { name: /^Ended with/ })).toContainText(
    new RegExp(`(1012 Restart\\s*){${ownSiblings.length}}`),
  );
  await expect(agreementOf(visit)).toContainText("The servers agree");
});
