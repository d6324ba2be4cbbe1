import type { Locator } from "@playwright/test";
import { expect, expectAccessible, nobodyAt, test } from "../visit.ts";

/** Finds the parts of one of the two devices. */
function deviceIn(place: Pick<Locator, "getByRole">, name: "This device" | "Another device") {
  const device = place.getByRole("article", { name, exact: true });
  return {
    answer: device.getByRole("log"),
    state: device.getByRole("status"),
    counts: device.getByText(/ missing/),
    press: (word: string) => device.getByRole("button", { name: `${word}: ${name}`, exact: true }).click(),
  };
}

test("COURSE-75 MUST stream an answer to every device, and lose or repeat no word when one loads again or is cut", {
  tag: ["@page", "@broadcast", "@any-server"],
}, async ({ lesson }) => {
  const visit = await lesson("#/lesson/14");
  const { page } = visit;
  const [here, there] = [deviceIn(page, "This device"), deviceIn(page, "Another device")];
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await expect(there.counts).toHaveText(/^[3-9] of 30, /);
  await there.press("Reload");
  await here.press("Cut for 3 s");
  await expect(page).toHaveURL(/topic=room/);
  // A reader on another device, who has only the address.
  const third = await lesson(new URL(page.url()).hash);
  for (const { answer, counts, state } of [here, there, deviceIn(third.page, "This device")]) {
    await expect(state).toHaveText("complete", { timeout: 30_000 });
    await expect(answer).toHaveText(/^A token is .* but never a word\.$/);
    await expect(counts).toHaveText("30 of 30, 0 missing");
  }
  await expectAccessible(visit);
});

test("COURSE-76 MUST let any device cancel an answer, and say all its words though the server was restarted", {
  tag: ["@page", "@broadcast", "@any-server"],
}, async ({ launch, lesson }) => {
  const server = await launch();
  const visit = await lesson("#/lesson/14", server);
  const { page } = visit;
  visit.expectTrouble(nobodyAt(server));
  const [here, there] = [deviceIn(page, "This device"), deviceIn(page, "Another device")];
  const ask = page.getByRole("button", { name: "Ask", exact: true });
  await ask.click();
  await expect(here.counts).toHaveText(/^[3-9] of 30, /);
  await there.press("Cancel");
  await expect(here.state).toHaveText("cancelled");
  await expect(here.answer).not.toContainText("never a word");
  await expect(ask).toHaveAttribute("aria-disabled", "false");

  await ask.click();
  await expect(here.counts).toHaveText(/^[3-9] of 30, /);
  await server.kill();
  await server.restart();
  for (const { counts, answer } of [here, there]) {
    await expect(counts).toContainText("30 of 30, 0 missing", { timeout: 45_000 });
    await expect(answer).toHaveText(/^A token is .* but never a word\.$/);
  }
});
