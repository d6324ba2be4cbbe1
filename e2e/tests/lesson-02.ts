import type { Locator } from "@playwright/test";
import { comparisonOf, expect, expectAccessible, test } from "../visit.ts";

/** What the browser tells of handshakes that are refused on purpose. */
const refusals = /WebSocket connection to .* failed|status of 4(04|26)/;

async function runAll(panel: Locator): Promise<Locator> {
  await panel.getByRole("button", { name: "Run all" }).click();
  return panel.getByRole("group", { name: "Attempts" });
}

test("COURSE-03 MUST show the handshake, and what becomes of those that go wrong", {
  tag: ["@upgrade", "@subprotocol", "@greet", "@missing", "@any-server"],
}, async ({ lesson }) => {
  const here = await lesson("#/lesson/2");
  here.expectTrouble(refusals);
  const panel = here.page.getByRole("region", { name: "Handshake" });
  const accept = panel.getByText(/^Sec-WebSocket-Accept: [A-Za-z0-9+/]{27}=$/);
  const before = String(await accept.textContent());
  await panel.getByRole("button", { name: "Another key" }).click();
  await expect(accept).not.toHaveText(before);
  const attempts = await runAll(panel);
  await expect(attempts).toHaveText(
    [
      /offering rosetta\.v1\.json\s+open, subprotocol rosetta\.v1\.json/,
      /offering another language\s+failed: 1006/,
      /offering nothing\s+failed: 1006/,
      /at \/echo\s+open, no subprotocol/,
      /WebSocket at \/nowhere\s+failed: 1006/,
      /GET of \/ws\s+426 this is a WebSocket endpoint/,
      /GET of \/greet\s+200 Hello from /,
      /GET of \/nowhere\s+404 not found/,
    ].reduce((all, part) => new RegExp(`${all.source}[\\s\\S]*${part.source}`)),
  );
  await expectAccessible(here);
});

test("COURSE-04 MUST show that every server shakes hands in the same way", {
  tag: ["@upgrade", "@subprotocol", "@servers", "@any-server"],
}, async ({ siblings, lesson }) => {
  const here = await lesson("#/lesson/2?server=every", siblings[0]);
  here.expectTrouble(refusals);
  const panels = here.page.getByRole("region", { name: /^Handshake, / });
  await expect(panels).toHaveCount(siblings.length);
  await runAll(panels.first());
  for (const panel of await panels.all()) {
    await expect(panel.getByRole("group", { name: "Attempts" })).toContainText("404 not found");
  }
  const same = comparisonOf(here);
  await expect(same.getByRole("row", { name: /offering another language/ })).toContainText("failed: 1006");
  // The one thing in which they are meant to differ is the name with which they greet.
  await expect(same.getByRole("rowheader", { name: /^differs/ })).toHaveText([/GET of \/greet/]);
});
