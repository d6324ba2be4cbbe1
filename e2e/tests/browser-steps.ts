import type { Page } from "@playwright/test";
import { different, publish } from "@rosetta/testkit";
import type { Visit } from "../page-objects.ts";
import { expect, expectAccessible, nobodyAt, test } from "../visit.ts";

const folder = "/steps";
const pages = ["1-echo", "2-reconnect", "2-reconnect-alpine", "2-reconnect-htmx", "3-backoff", "4-resume"];

/** Half of each window, so that every wait is known. */
const halfOfEachWindow = "Math.random = () => 0.5;";

/** Lets a test speak on the page's newest connection. */
const rememberSockets = `globalThis.sockets = [];
globalThis.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    globalThis.sockets.push(this);
  }
};`;

test("BROWSER-01 MUST serve every page of the ladder under the policy, and nothing for their folder", {
  tag: ["@page"],
}, async ({ raw }) => {
  const policy = (await raw.request("/")).headers.get("content-security-policy");
  for (const page of pages) {
    const answer = await raw.request(`${folder}/${page}.html`);
    expect([page, answer.status]).toEqual([page, 200]);
    expect(answer.headers.get("content-type"), page).toMatch(/^text\/html\b/);
    expect(answer.headers.get("content-security-policy"), page).toBe(policy);
    for (const [, file] of answer.body.matchAll(/(?:src|href)="([^":]+\.(?:js|css))"/g)) {
      const part = await raw.request(`${folder}/${file}`);
      expect([file, part.status]).toEqual([file, 200]);
      expect(part.headers.get("content-type"), file).toMatch(/^(text|application)\/(javascript|css)\b/);
    }
  }
  for (const path of [folder, `${folder}/`, `${folder}/lib`, `${folder}/lib/`, `${folder}/9-none.html`]) {
    expect([path, (await raw.request(path)).status]).toEqual([path, 404]);
  }
});

for (const [id, place] of [
  ["BROWSER-02", "the application"],
  ["BROWSER-09", "a rung"],
] as const) {
  test(`${id} MUST log opening, the answer and the close, when 1-echo of ${place} has said hello`, {
    tag: ["@echo", "@page"],
  }, async ({ app, launchRung, visits }) => {
    const visit = await visits.begin();
    visit.expectTrouble(/^log: /);
    const logged: string[] = [];
    visit.page.on("console", (said) => logged.push(said.text().trim()));
    const home = place === "a rung" ? (await launchRung("1-echo")).url : `${app.url}${folder}`;
    await visit.page.goto(`${home}/1-echo.html`);
    await expect(visit.page.getByText("Open DevTools")).toBeVisible();
    await expect.poll(() => logged).toEqual(["open", "received: Hello from client!", "closed: 1005"]);
    await expectAccessible(visit);
  });
}

for (const [id, page, place] of [
  ["BROWSER-03", "2-reconnect", "the application"],
  ["BROWSER-04", "2-reconnect-alpine", "the application"],
  ["BROWSER-05", "2-reconnect-htmx", "the application"],
  ["BROWSER-10", "2-reconnect", "a rung"],
  ["BROWSER-11", "2-reconnect-alpine", "a rung"],
  ["BROWSER-12", "2-reconnect-htmx", "a rung"],
] as const) {
  test(`${id} MUST come back two seconds after any close, in ${page} of ${place}`, {
    tag: ["@echo", "@closed", "@page"],
  }, async ({ launch, launchRung, visits }) => {
    const isRung = place === "a rung";
    const server = isRung ? await launchRung("1-echo") : await launch();
    const visit = await visits.begin();
    visit.expectTrouble(nobodyAt(server));
    const { page: tab } = visit;
    await tab.clock.install();
    // A library must not begin before its extension is there, however long that takes.
    await tab.route("**/htmx-ws.js", async (route) => {
      // Not by animation frames, which Chromium may hold back as long as a script in the head is missing.
      await tab.waitForFunction(() => "htmx" in globalThis, undefined, { polling: 10 });
      await route.continue();
    });
    await tab.goto(`${server.url}${isRung ? "" : folder}/${page}.html`);
    const state = tab.getByRole("status").filter({ hasText: /Open|Closed|Connecting/ });
    const last = tab.getByRole("group", { name: "Last Message Received" });
    const say = async (text: string) => {
      await tab.getByLabel("Message", { exact: true }).fill(text);
      await tab.getByRole("button", { name: "Send" }).click();
    };
    const isLost = async (cause: () => Promise<unknown>, code: RegExp) => {
      await pause(tab);
      await cause();
      await expect(state).toHaveText(code);
    };
    const comesBack = async () => {
      await tab.clock.runFor(1_900);
      await expect(state).toHaveText(/^Closed/);
      await tab.clock.runFor(100);
      await expect(state).toHaveText("Open");
      await tab.clock.resume();
    };

    await expect(state).toHaveText("Open");
    await expect(last).toContainText("None yet");
    // Text stays text, whatever it looks like.
    for (const text of ["Hello", "<b>bold</b> & 1", "42", '{"content":"x"}']) {
      await say(text);
      await expect(last.getByText(text, { exact: true })).toBeVisible();
    }
    await expect(tab.getByLabel("Message", { exact: true })).toHaveValue("");
    await expectAccessible(visit);

    const close = tab.getByRole("button", { name: "Close the connection" });
    await isLost(() => close.click(), /^Closed with 1005, next attempt in 2 s$/);
    await comesBack();
    await isLost(() => say("stop"), /^Closed with 1000, next attempt in 2 s$/);
    await comesBack();
    await isLost(() => server.kill(), /^Closed with 1006, next attempt in 2 s$/);
    await server.restart();
    await comesBack();
    await say("again");
    await expect(last.getByText("again", { exact: true })).toBeVisible();
  });
}

test("BROWSER-06 MUST wait longer after each failed attempt, and no longer after a stable connection, in 3-backoff", {
  tag: ["@echo", "@closed", "@page"],
}, async ({ launch, visits }) => {
  const server = await launch();
  const visit = await visits.begin({ script: halfOfEachWindow });
  visit.expectTrouble(nobodyAt(server));
  const { page } = visit;
  await page.clock.install();
  await page.goto(`${server.url}${folder}/3-backoff.html`);
  const state = page.getByRole("status").first();
  const close = page.getByRole("button", { name: "Close the connection" });
  await expect(state).toHaveText("Open");
  await expectAccessible(visit);

  await pause(page);
  await server.kill();
  const waits = [500, 750, 1_250, 2_250, 4_250, 5_250, 5_250];
  for (const [failed, waitMs] of waits.entries()) {
    const next = `attempt ${failed + 1} in ${(waitMs / 1_000).toFixed(1)} s`;
    await expect(state).toHaveText(`Closed with 1006, ${next}`);
    await page.clock.runFor(waitMs - 1);
    await expect(state).toHaveText(`Closed with 1006, ${next}`);
    if (failed === waits.length - 1) await server.restart();
    await page.clock.runFor(1);
  }
  await expect(state).toHaveText("Open");

  await page.clock.runFor(4_900);
  await close.click();
  await expect(state).toHaveText("Closed with 1005, attempt 8 in 5.3 s");
  await page.clock.runFor(5_250);
  await expect(state).toHaveText("Open");
  await page.clock.runFor(5_000);
  await close.click();
  await expect(state).toHaveText("Closed with 1005, attempt 1 in 0.5 s");
});

test("BROWSER-07 MUST wait for the network while it is away, and stop after a final code, in 3-backoff", {
  tag: ["@echo", "@closed", "@page"],
}, async ({ launch, visits }) => {
  const server = await launch({ MAX_MESSAGE_BYTES: "1024" });
  const visit = await visits.begin({ script: halfOfEachWindow });
  const { page } = visit;
  await page.clock.install();
  await page.goto(`${server.url}${folder}/3-backoff.html`);
  const state = page.getByRole("status").first();
  await expect(state).toHaveText("Open");
  await pause(page);
  await visit.goOffline();
  await page.getByRole("button", { name: "Close the connection" }).click();
  await expect(state).toHaveText(/^Closed with 100[56], attempt 1 when you are online$/);
  await page.clock.runFor(60_000);
  await expect(state).toHaveText(/attempt 1 when you are online$/);
  await visit.goOnline();
  await expect(state).toHaveText("Open");

  await page.getByLabel("Message", { exact: true }).fill("x".repeat(1_025));
  await page.getByRole("button", { name: "Send" }).click();
  await expect(state).toHaveText(/^Closed for good with 1009/);
  await page.clock.runFor(60_000);
  await expect(state).toHaveText(/^Closed for good with 1009/);
});

test("BROWSER-08 MUST miss no message and show none twice across a cut, and tell a gap after a restart, in 4-resume", {
  tag: ["@closed", "@page", "@messages"],
}, async ({ launch, visits, converse, room }) => {
  const server = await launch();
  const author = await converse({ server });
  const visit = await visits.begin({ script: rememberSockets });
  visit.expectTrouble(nobodyAt(server));
  const { page } = visit;
  await page.goto(`${server.url}${folder}/4-resume.html?room=${room.slice("room/".length)}`);
  const state = page.getByRole("status").first();
  const shown = page.getByRole("log", { name: "Messages" }).getByRole("listitem");
  const texts = different(9);
  const expectShown = async (count: number) => {
    await expect(shown).toHaveText(
      texts.slice(0, count).map((text, at) => new RegExp(`^${at + 1} .*: ${text}$`)),
    );
  };
  await expect(state).toHaveText("Open");
  await publish(author, room, texts.slice(0, 2));
  await expectShown(2);
  await expectAccessible(visit);

  await page.getByRole("button", { name: "Close the connection" }).click();
  await publish(author, room, texts.slice(2, 5));
  await expectShown(5);
  await page.evaluate(`sockets.at(-1).send('{"type":"chaos","id":"cut","do":"terminate"}')`);
  await publish(author, room, texts.slice(5, 8));
  await expectShown(8);
  await expect(state).toHaveText("Open");
  await page.getByLabel("Message", { exact: true }).fill("text 9");
  await page.getByRole("button", { name: "Send" }).click();
  await expectShown(9);
  await expect(page.getByLabel("Message", { exact: true })).toHaveValue("");

  await server.restart();
  await expect(shown.last()).toHaveText(/^Messages may be missing here/);
  await expect(shown).toHaveCount(10);
  await publish(await converse({ server }), room, ["after"]);
  await expect(shown.last()).toHaveText(/^1 .*: after$/);
  await expect(shown).toHaveCount(11);
});

test("BROWSER-13 MUST talk to the echo and in a room of a rung, and come back, on the page of a rung", {
  tag: ["@echo", "@page"],
}, async ({ launchRung, visits }) => {
  const server = await launchRung("2-rooms");
  const [one, two] = [await visits.begin(), await visits.begin({ viewport: { width: 320, height: 640 } })];
  const stateOf = ({ page }: Visit) => page.getByRole("status");
  const lines = ({ page }: Visit) => page.getByRole("log").getByRole("listitem");
  const say = async ({ page }: Visit, text: string) => {
    await page.getByLabel("Message", { exact: true }).fill(text);
    await page.keyboard.press("Enter");
  };
  await one.page.goto(server.url);
  await expect(one.page.getByRole("heading", { level: 1 })).toHaveText(/^Hello from /);
  await expect(stateOf(one)).toHaveText("Open: /echo");
  await say(one, "<b>Hello</b>");
  await expect(lines(one)).toHaveText([/^received\s+<b>Hello<\/b>$/, /^sent\s+<b>Hello<\/b>$/]);
  await expectAccessible(one);

  await two.page.goto(`${server.url}/?room=lobby`);
  await one.page.getByLabel("a room").check();
  for (const each of [one, two]) await expect(stateOf(each)).toHaveText("Open: /rooms?room=lobby");
  await say(one, "Hi all");
  for (const each of [one, two])
    await expect(lines(each).first()).toHaveText(/^received\s+{"text":"Hi all"}$/);
  await one.page.getByLabel("only to the others").check();
  await say(one, "Hi others");
  await expect(lines(two).first()).toHaveText(/^received\s+{"text":"Hi others"}$/);
  await say(two, "Bye");
  await expect(lines(one).first()).toHaveText(/^received\s+{"text":"Bye"}$/);
  await expect(lines(one).nth(1)).toHaveText(/^sent\s+{"to":"others","text":"Hi others"}$/);
  expect(await two.page.evaluate("document.documentElement.scrollWidth")).toBe(320);
  await expectAccessible(two);

  await one.page.getByLabel("the echo").check();
  await expect(stateOf(one)).toHaveText("Open: /echo");
  await say(one, "stop");
  await expect(stateOf(one)).toHaveText(/^Closed with 1000/);
  await expect(stateOf(one)).toHaveText("Open: /echo");
  const links = await one.page.getByRole("link").all();
  expect(links).toHaveLength(pages.length);
  for (const link of links) {
    const answer = await one.page.request.get(
      new URL((await link.getAttribute("href")) ?? "", server.url).href,
    );
    expect([answer.url(), answer.status()]).toEqual([answer.url(), 200]);
  }
});

// From here on the page's clock stands still, except for what `runFor` adds. Timers that are due until then have fired.
async function pause(page: Page): Promise<void> {
  await page.clock.pauseAt(await page.evaluate("Date.now() + 3_600_000"));
}
