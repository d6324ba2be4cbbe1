import { createHash, randomInt } from "node:crypto";
import { join } from "node:path";
import type { Locator } from "@playwright/test";
import { build } from "vite";
import type { WorkerOutcome } from "../in-worker.ts";
import { elementOf, hasFocus, showsFocus, tabTo } from "../keyboard.ts";
import type { Visit } from "../page-objects.ts";
import { expect, nobodyAt, test, violations } from "../visit.ts";

/** Returns what the page calls a room. */
function nameOf(room: string): string {
  return room.slice("room/".length);
}

/** Returns SHA-256 over this many MiB of zeros. */
function digestOf(mebibytes: number): string {
  return createHash("sha256")
    .update(Buffer.alloc(mebibytes * 1024 * 1024))
    .digest("hex");
}

/** Returns the number of an event in a line of the feed, such as `#687 15:36:00 36.4 °C`. */
function offsetOf(line: string | null): number {
  return Number(/#(\d+)/.exec(line ?? "")?.[1]);
}

/** Does something in every panel, so that all of them have something to show. */
async function useEverything(visit: Visit, room: string, text: string): Promise<void> {
  const { echo, chat, feed, jobs, serverLog, wire } = visit;
  await echo.sendText(text);
  await echo.sendFile("bytes.bin", Uint8Array.of(0, 1, 2, 255));
  await expect(echo.line("bytes.bin")).toContainText("came back equal");
  await echo.close(4000);
  await expect(echo.ending).toContainText("4000");
  await chat.enter(nameOf(room));
  await chat.say(text);
  await expect(chat.line(text)).toBeVisible();
  await expect(chat.members).toHaveCount(1);
  await feed.choose("scores");
  await expect(feed.newest).toContainText("minute");
  await jobs.start(1);
  await expect(jobs.state(1)).toHaveText("done");
  await expect(serverLog.lines.first()).toBeVisible();
  await wire.filter(text);
  await wire.row(/^sent .* publish/).click();
  await expect(wire.content).toContainText(text);
}

/** Bundles a module of this folder and everything that it imports into one file for a browser. */
async function bundle(file: string): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      target: "es2024",
      // Vite would replace Node's modules by empty ones: left as they are, they are seen.
      rolldownOptions: { input: join(import.meta.dirname, "..", file), external: /^node:/ },
    },
  });
  const [chunk] = [output].flat().flatMap((each) => ("output" in each ? each.output : []));
  if (chunk?.type !== "chunk") throw new Error(`vite made nothing of ${file}`);
  return chunk.code;
}

test("PAGE-01 MUST open connected, name the server, and have nothing to say on the console", {
  tag: ["@page", "@servers"],
}, async ({ app, visit }) => {
  const { page, connection, servers, feed } = await visit();
  await expect(page).toHaveTitle(`All panels, ${app.manifest.title}: WebSocket Rosetta`);
  await expect(servers.server(app.manifest.title)).toBeChecked();
  await expect(connection.fact(app.wsUrl("/ws"))).toBeVisible();
  await expect(connection.fact(`${app.manifest.id} on ${app.ready?.runtime}`)).toBeVisible();
  // An ordinary visit: somebody looks on for a while.
  await expect(feed.events.nth(2)).toBeVisible();
});

test("PAGE-02 MUST be the same page under the name localhost", { tag: "@upgrade" }, async ({
  app,
  visit,
}) => {
  const { connection, echo } = await visit({ url: `http://localhost:${app.port}` });
  await expect(connection.fact(`ws://localhost:${app.port}/ws`)).toBeVisible();
  await echo.sendText("at home");
  await expect(echo.line("at home")).toContainText("came back equal");
});

test("PAGE-03 MUST let a person end the connection and open another", {
  tag: ["@closed", "@any-server"],
}, async ({ launch, visit }) => {
  const server = await launch();
  const { connection, feed } = await visit(server);
  await connection.close();
  await expect(connection.state).toHaveText(/stopped$/);
  await expect.poll(() => server.stderr.join("\n")).toMatch(/"endpoint":"\/ws","code":1000,.*"msg":"closed"/);
  await connection.open();
  await expect(connection.state).toHaveText(/open$/);
  // The topics are followed again without being asked for.
  await feed.choose("scores");
  await expect(feed.newest).toContainText("minute");
});

test("PAGE-04 MUST send text to /echo and see it come back equal", { tag: ["@echo", "@any-server"] }, async ({
  visit,
}) => {
  const { echo } = await visit();
  const text = "grüß dich 👋 \u0000 <b>";
  await echo.sendText(text);
  await expect(echo.line("grüß dich")).toContainText("text, 22 B");
  await expect(echo.line("grüß dich")).toContainText("came back equal");
});

test("PAGE-05 MUST send a file as one binary message and see every byte come back", {
  tag: ["@echo", "@messages", "@any-server"],
}, async ({ visit }) => {
  const { echo } = await visit();
  await echo.sendFile(
    "all.bin",
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
  );
  await expect(echo.line("all.bin")).toContainText("binary, 256 B");
  await expect(echo.line("all.bin")).toContainText("came back equal");
  await echo.sendFile("empty.bin", new Uint8Array());
  await expect(echo.line("empty.bin")).toContainText("binary, 0 B");
  await expect(echo.line("empty.bin")).toContainText("came back equal");
});

// RFC 6455 §7.1.6: each side learns the code of the other's close frame.
test("PAGE-06 MUST see /echo closed with 1000 after asking for stop, and by whom", {
  tag: ["@echo", "@close", "@any-server"],
}, async ({ visit }) => {
  const { echo } = await visit();
  await echo.askForStop();
  await expect(echo.ending).toContainText("Ended by the server");
  await expect(echo.ending).toContainText("with 1000");
  await expect(echo.ending).toContainText("both sides sent a close frame");
  await expect(echo.line("stop")).toContainText("answered by closing");
  await expect(echo.state).toHaveText(/stopped$/);
  await echo.open();
  await echo.sendText("again");
  await expect(echo.line("again")).toContainText("came back equal");
});

test("PAGE-07 MUST close /echo with a code of one's own, and the server learns it", {
  tag: ["@closed", "@any-server"],
}, async ({ app, visit }) => {
  const { echo } = await visit();
  const logged = app.stderr.length;
  const code = randomInt(4100, 4400);
  await echo.close(code);
  await expect(echo.ending).toContainText(`Closed by this page, with ${code}`);
  await expect
    .poll(() => app.stderr.slice(logged).join("\n"))
    .toMatch(new RegExp(`"endpoint":"/echo","code":${code},.*"msg":"closed"`));
});

// RFC 6455 §7.4.1: 1009, a message too big to process.
test("PAGE-08 MUST take a file as big as the limit, and close with 1009 for one byte more", {
  tag: ["@limits", "@any-server"],
}, async ({ visit }) => {
  const { echo } = await visit();
  await expect(echo.region).toContainText("The server takes up to 64 KiB");
  await echo.sendFile("limit.bin", new Uint8Array(65_536));
  await expect(echo.line("limit.bin")).toContainText("came back equal");
  await echo.sendFile("over.bin", new Uint8Array(65_537));
  await expect(echo.ending).toContainText("with 1009");
  await expect(echo.line("over.bin")).toContainText("lost");
});

test("PAGE-09 MUST let two people talk in a room, to all or to others, and see who is there", {
  tag: ["@broadcast", "@closed", "@any-server"],
}, async ({ visit, room }) => {
  const [ann, ben] = [await visit(), await visit()];
  for (const { chat } of [ann, ben]) await chat.enter(nameOf(room));
  for (const { chat } of [ann, ben]) {
    await expect(chat.members).toHaveCount(2);
    await expect(chat.members.filter({ hasText: "(you)" })).toHaveCount(1);
  }
  await ann.chat.say("for all");
  await ann.chat.say("for the others", "To others");
  await ben.chat.say("an answer");
  for (const { chat } of [ann, ben]) {
    await expect(chat.lines).toHaveCount(3);
    await expect(chat.lines).toContainText(["for all", "for the others", "an answer"]);
    await expect(chat.line("for the others")).toContainText("to others");
  }
  await expect(ann.chat.line("for all")).toContainText("(you)");
  await expect(ben.chat.line("for all")).not.toContainText("(you)");
  // The author sees the line without having been sent it.
  await ann.wire.filter("for the others");
  await expect(ann.wire.row(/^sent .* publish/)).toHaveCount(1);
  await expect(ann.wire.row(/^received/)).toHaveCount(0);
  await ben.leave();
  await expect(ann.chat.members).toHaveCount(1);
});

test("PAGE-10 MUST show script in messages as text, in every page and in the wire log", {
  tag: ["@page", "@broadcast", "@any-server"],
}, async ({ app, visit, room }) => {
  const [author, reader] = [await visit(), await visit()];
  const scripts = [
    "<img src=x onerror=document.title='run'>",
    "<script>document.title='run'</script>",
    "</p></li><svg onload=document.title='run'>",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what a template would replace.
    "${document.title='run'}{{document.title='run'}}",
  ];
  for (const { chat } of [author, reader]) await chat.enter(nameOf(room));
  await expect(reader.chat.members).toHaveCount(2);
  for (const script of scripts) {
    await author.chat.say(script);
    await author.echo.sendText(script);
    await author.echo.sendFile(script.replaceAll("/", "|"), Uint8Array.of(60));
  }
  for (const { page, chat, echo, wire } of [author, reader]) {
    for (const script of scripts) await expect(chat.line(script)).toBeVisible();
    await wire.filter("document.title");
    await expect(wire.row(/^received .* event/)).toHaveCount(scripts.length);
    for (const [index, script] of scripts.entries()) {
      await wire
        .row(/^received .* event/)
        .nth(index)
        .click();
      await expect(wire.content).toContainText(`"text": "${script}"`);
    }
    for (const { region } of [chat, echo, wire]) await expect(region.getByRole("img")).toHaveCount(0);
    await expect(page).toHaveTitle(`All panels, ${app.manifest.title}: WebSocket Rosetta`);
  }
  await expect(author.echo.line("onerror")).toHaveCount(2);
});

// CSP 3 §6: what a hole in the page would let in, its policy does not let run.
test("PAGE-11 MUST not run what slipped into the page, nor let it talk to strangers", {
  tag: "@page",
}, async ({ visit }) => {
  const intruder = await visit();
  intruder.expectTrouble(/Content Security Policy|^error: policy:|csp|stranger|missing/);
  const found = await intruder.page.evaluate(`new Promise((resolve) => {
    const refused = new Set();
    addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
      refused.add(effectiveDirective);
      if (refused.size === 6) resolve({ refused: [...refused].sort(), ran: globalThis.ran });
    });
    const script = document.createElement("script");
    script.textContent = "globalThis.ran = 'an inline script'";
    document.body.append(script);
    const holder = document.createElement("div");
    holder.innerHTML = "<img src='/missing.png' onerror='globalThis.ran = \\"a handler\\"'>"
      + "<iframe src='http://stranger.example/'></iframe><form action='http://stranger.example/'></form>";
    document.body.append(holder);
    holder.querySelector("form").submit();
    fetch("http://stranger.example/").catch(() => {});
    setTimeout(() => new Function("globalThis.ran = 'eval'")());
  })`);
  expect(found).toEqual({
    refused: ["connect-src", "form-action", "frame-src", "script-src", "script-src-attr", "script-src-elem"],
  });
});

test("PAGE-12 MUST follow the weather, then the scores, as they happen", {
  tag: ["@send", "@broadcast", "@any-server"],
}, async ({ visit }) => {
  const { feed } = await visit();
  await expect(feed.newest).toHaveText(/-?\d+\.\d °C\s*wind [\d.]+ km\/h/);
  await expect(feed.events.nth(1)).toContainText("°C");
  await feed.choose("scores");
  await expect(feed.newest).toHaveText(/\d+ : \d+\s*minute \d+, \S+/);
  await expect(feed.region).not.toContainText("°C");
  const first = offsetOf(await feed.events.first().textContent());
  // Two more: live ones, each with the next number.
  await expect(feed.events.filter({ hasText: `#${first + 2}` })).toBeVisible();
  const numbers = (await feed.events.allTextContents()).map(offsetOf);
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) - index));
  await feed.button("Stop following").click();
  await expect(feed.newest).toHaveText("Not followed.");
});

test("PAGE-13 MUST start a job, follow its progress, and show the digest", {
  tag: ["@messages", "@broadcast", "@any-server"],
}, async ({ visit }) => {
  const { jobs, wire } = await visit();
  await jobs.start(40);
  await expect(jobs.state(1)).toHaveText("done");
  await expect(jobs.job(1)).toContainText("40 of 40");
  await expect(jobs.progress(1)).toHaveJSProperty("value", 100);
  await expect(jobs.job(1)).toContainText(digestOf(40));
  // The start, 19 steps of 2 MiB, and the end.
  await wire.filter('"kind":"progress"');
  await expect(wire.region.getByText(/^\s*21 of \d+\s+rows\s*$/)).toBeVisible();
});

test("PAGE-14 MUST run jobs side by side, and cancel the one that a person no longer wants", {
  tag: ["@messages", "@any-server"],
}, async ({ launch, visit, converse }) => {
  const server = await launch({ MAX_JOBS: "60", MAX_JOBS_TOTAL: "248" });
  const { jobs } = await visit(server);
  // All jobs share one thread in turns: with these, a big one takes far longer than anyone needs to cancel it.
  const busy = await converse({ server });
  for (let count = 0; count < 60; count++) busy.send({ type: "start", job: "hash", mebibytes: 256 });
  await jobs.start(256);
  await jobs.start(4);
  await expect(jobs.job(2)).toContainText(digestOf(4));
  await jobs.cancel(1);
  await expect(jobs.state(1)).toHaveText("cancelled");
  await expect(jobs.job(1)).not.toContainText("SHA-256");
  await expect(jobs.state(2)).toHaveText("done");
});

test("PAGE-15 MUST show in the server's log how another connection came and went", {
  tag: ["@closed", "@any-server"],
}, async ({ launch, visit, raw }) => {
  const server = await launch();
  const { serverLog } = await visit(server);
  const stranger = await raw.at(server.port).connect("/echo");
  await stranger.close(4123);
  const closed = serverLog.lines.filter({ hasText: "closed" }).filter({ hasText: "code=4123" });
  await expect(closed).toContainText("endpoint=/echo");
  const session = /session=\w+/.exec((await closed.textContent()) ?? "")?.[0] ?? "no session";
  await expect(serverLog.lines.filter({ hasText: "opened" }).filter({ hasText: session })).toHaveCount(1);
  await serverLog.button("Clear server log").click();
  await expect(serverLog.region).toContainText("Nothing written yet.");
});

test("PAGE-16 MUST show in the wire log what was sent and received, field by field and byte by byte", {
  tag: ["@echo", "@messages", "@any-server"],
}, async ({ visit }) => {
  const { echo, wire } = await visit();
  await echo.sendText("hä");
  await echo.sendFile("some.bin", Uint8Array.of(0, 1, 2, 255, 65));
  // A row that comes in would move the others under the pointer.
  await expect(echo.line("some.bin")).toContainText("came back equal");
  await wire.filter("/echo");
  for (const direction of ["sent", "received"]) {
    await expect(wire.row(new RegExp(`^${direction} [\\d:.]+ text 3 B hä$`))).toHaveCount(1);
    await wire.row(new RegExp(`^${direction} [\\d:.]+ binary 5 B 00 01 02 ff 41$`)).click();
    await expect(wire.region.getByRole("heading", { name: `binary, ${direction} on /echo` })).toBeVisible();
    await expect(wire.content).toHaveText("0000  00 01 02 ff 41           ····A", { useInnerText: true });
  }
  await wire.row(/^sent .* text 3 B hä$/).click();
  await wire.button("Bytes").click();
  // RFC 6455 §5.2: a whole text message, masked, of three bytes.
  const fields = wire.content.getByRole("listitem");
  await expect(fields.filter({ hasText: "Opcode" })).toContainText("0001");
  await expect(fields.filter({ hasText: "Length" })).toContainText("0000011");
  await expect(fields.filter({ hasText: "Masking key" })).toBeVisible();
  await expect(wire.content).toContainText("68 c3 a4");
  await wire.button("Message").click();
  await wire.filter("hello");
  await wire.row(/^sent .* hello \d+ B/).click();
  // One field per line; whoever looks over a shoulder does not learn the client's secret.
  await expect(wire.content).toHaveText(/^{\n {2}"type": "hello",\n {2}"client": "\*{32}",\n/);
});

test("PAGE-17 MUST filter the wire log, hold it still, and clear it", {
  tag: ["@page", "@any-server"],
}, async ({ visit }) => {
  const { echo, wire } = await visit();
  await echo.sendText("needle one");
  await expect(echo.line("needle one")).toContainText("came back equal");
  await wire.filter("needle");
  await expect(wire.row(/ text 10 B needle one$/)).toHaveCount(2);
  await expect(wire.rows).toHaveCount(2);
  await wire.button("Pause").click();
  await echo.sendText("needle two");
  await expect(echo.line("needle two")).toContainText("came back equal");
  await expect(wire.region).toContainText("paused");
  await expect(wire.rows).toHaveCount(2);
  await wire.button("Continue").click();
  await expect(wire.rows).toHaveCount(4);
  await wire.button("Clear").click();
  await expect(wire.rows).toHaveCount(0);
  await echo.sendText("needle three");
  await expect(wire.row(/needle three$/)).toHaveCount(2);
});

// WCAG 2.2, 2.1.1, 2.4.3 and 2.4.7.
test("PAGE-18 MUST reach every control with Tab, in the order of the page, and show where one is", {
  tag: ["@page", "@any-server"],
}, async ({ app, visit }) => {
  const { page, course, servers, connection, echo, chat, feed, jobs, serverLog, wire } = await visit();
  const tabThrough = async (controls: Locator[]) => {
    for (const control of controls) {
      const element = await elementOf(control);
      expect(await showsFocus(element), "before it has the focus").toBe(false);
      await page.keyboard.press("Tab");
      if (!(await hasFocus(element))) await expect(control).toBeFocused();
      expect(await showsFocus(element), `the focus on ${control}`).toBe(true);
    }
  };
  await tabThrough([
    page.getByRole("link", { name: "Skip to the panels" }),
    page.getByRole("link", { name: "Skip to the wire log" }),
    page.getByRole("link", { name: "WebSocket Rosetta" }),
    course.button,
    servers.server(app.manifest.title),
    page.getByRole("button", { name: "Which are running?" }),
    ...[connection.button("Open"), connection.button("Close")],
    ...[echo.field("Message to echo"), echo.button("Send text")],
    ...[echo.field("File to echo"), echo.button("Send file"), echo.log("What came back")],
    ...[echo.field("Close code"), echo.button("Close echo")],
    ...[echo.button("Ask for stop"), echo.button("Open echo")],
    ...[chat.field("Room name"), chat.button("Enter room")],
    ...[feed.field("Topic"), feed.button("Stop following")],
    ...[jobs.field("MiB to hash"), jobs.button("Start job")],
    ...[serverLog.log("Server log, newest first"), serverLog.button("Clear server log")],
  ]);
  await tabTo(wire.field("Filter"));
  // Rows that come in would move the last one on.
  await page.keyboard.type("subscribed");
  await expect(wire.rows.filter({ hasNotText: "subscribed" })).toHaveCount(0);
  await tabThrough([wire.button("Pause"), wire.button("Clear"), wire.rows.last()]);
  await page.keyboard.press("Enter");
  await tabThrough([wire.button("To the newest"), wire.button("Export")]);
  await tabThrough([wire.button("Message"), wire.button("Bytes"), wire.content]);
});

// WCAG 2.2, 2.4.1.
test("PAGE-19 SHOULD lead past what comes before the panels and before the wire log", {
  tag: ["@page", "@any-server"],
}, async ({ visit }) => {
  const { page, connection, wire } = await visit();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(connection.button("Open")).toBeFocused();
  await page.reload();
  await expect(connection.state).toHaveText(/open$/);
  await tabTo(page.getByRole("link", { name: "Skip to the wire log" }));
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(wire.button("Sequence")).toBeFocused();
});

test("PAGE-20 MUST let somebody without a mouse do everything", {
  tag: ["@page", "@messages", "@any-server"],
}, async ({ visit, room }) => {
  const { page, echo, chat, feed, jobs, wire } = await visit();
  const { keyboard } = page;
  await tabTo(echo.field("Message to echo"));
  await keyboard.type("typed");
  await keyboard.press("Enter");
  await expect(echo.line("typed")).toContainText("came back equal");
  await tabTo(chat.field("Room name"));
  await keyboard.type(nameOf(room));
  await keyboard.press("Enter");
  await expect(chat.members).toHaveCount(1);
  await tabTo(chat.field("To all, you included"));
  await keyboard.press("ArrowDown");
  await expect(chat.field("To others")).toBeChecked();
  await keyboard.press("Tab");
  await keyboard.type("said with keys");
  await keyboard.press("Enter");
  await expect(chat.line("said with keys")).toContainText("to others");
  await tabTo(feed.field("Topic"));
  await keyboard.press("End");
  await expect(feed.newest).toContainText("minute");
  await keyboard.press("Tab");
  await keyboard.press("Space");
  await expect(feed.newest).toHaveText("Not followed.");
  await tabTo(jobs.field("MiB to hash"));
  await keyboard.type("2");
  await keyboard.press("Enter");
  await expect(jobs.job(1)).toContainText(digestOf(2));
  await tabTo(wire.field("Filter"));
  await keyboard.type("keys");
  await expect(wire.rows).toHaveCount(1);
  await tabTo(wire.rows.last());
  await keyboard.press("Space");
  await expect(wire.content).toContainText('"text": "said with keys"');
  await tabTo(wire.button("Bytes"));
  await keyboard.press("Space");
  await expect(wire.content).toContainText(Buffer.from("said").toString("hex").replaceAll(/..\B/g, "$& "));
});

test("PAGE-21 MUST move through the rows of the wire log with the arrow keys", {
  tag: ["@page", "@any-server"],
}, async ({ visit }) => {
  const { page, echo, wire } = await visit();
  for (const text of ["key 1", "key 2"]) {
    await echo.sendText(text);
    await expect(echo.line(text)).toContainText("came back equal");
  }
  await wire.filter("key");
  await expect(wire.rows).toHaveCount(4);
  await wire.rows.last().focus();
  for (const [key, row, text] of [
    ["Home", "sent", "key 1"],
    ["ArrowDown", "received", "key 1"],
    ["ArrowUp", "sent", "key 1"],
    ["ArrowUp", "sent", "key 1"],
    ["End", "received", "key 2"],
    ["ArrowUp", "sent", "key 2"],
  ] as const) {
    await page.keyboard.press(key);
    await expect(wire.row(new RegExp(`^${row} .* ${text}$`))).toBeFocused();
    await expect(wire.content).toHaveText(text);
  }
});

test("PAGE-22 MUST bring all that was said while the network was away", {
  tag: ["@send", "@any-server"],
}, async ({ visit, converse, room }) => {
  const here = await visit();
  const { connection, chat } = here;
  const other = await converse();
  const say = (text: string) => other.request({ type: "publish", topic: room, to: "all", text });
  await chat.enter(nameOf(room));
  await say("before");
  await expect(chat.line("before")).toBeVisible();
  await here.goOffline();
  await expect(connection.state).toHaveText(/offline$/);
  await say("meanwhile");
  await say("and again");
  await expect(chat.lines).toHaveCount(1);
  await here.goOnline();
  await expect(connection.state).toHaveText(/open$/);
  await say("after");
  await expect(chat.lines).toHaveCount(4);
  await expect(chat.lines).toContainText(["before", "meanwhile", "and again", "after"]);
  await expect(chat.region).not.toContainText(/is lost|were missed/);
});

test("PAGE-23 MUST wait before it tries again, show for how long, and try at once if asked to", {
  tag: ["@listen", "@any-server"],
}, async ({ launch, visit }) => {
  const server = await launch();
  // So unlucky a draw that only a person can end the wait: it takes a minute and more.
  const unlucky = "{ const draw = Math.random; Math.random = () => 200 + draw(); }";
  const here = await visit(server, { script: unlucky });
  const { connection, echo, servers } = here;
  here.expectTrouble(nobodyAt(server));
  await server.kill();
  await expect(connection.state).toHaveText(/waiting$/);
  await expect(echo.state).toHaveText(/waiting$/);
  const left = async () => Number.parseFloat((await connection.countdown.textContent()) ?? "");
  const first = await left();
  expect(first).toBeGreaterThan(60);
  await expect.poll(left).toBeLessThan(first);
  await expect(connection.region).toContainText("Lost with 1006");
  await expect(servers.advice).toBeEmpty();
  await server.restart();
  await connection.retryNow();
  await expect(connection.state).toHaveText(/open$/);
  await echo.open();
  await echo.sendText("back");
  await expect(echo.line("back")).toContainText("came back equal");
});

test("PAGE-24 MUST find back by itself to a server that was killed, and say that its memory is lost", {
  tag: ["@listen", "@upgrade", "@any-server"],
}, async ({ launch, visit, converse, room }) => {
  const server = await launch();
  const here = await visit(server);
  const { connection, chat, echo } = here;
  here.expectTrouble(nobodyAt(server));
  await chat.enter(nameOf(room));
  await chat.say("before");
  await expect(chat.line("before")).toBeVisible();
  await server.kill();
  await expect(connection.button("Retry now")).toBeVisible();
  await server.restart();
  const other = await converse({ server });
  await other.request({ type: "publish", topic: room, to: "all", text: "meanwhile" });
  await expect(connection.state).toHaveText(/open$/);
  await expect(chat.line("meanwhile")).toBeVisible();
  await expect(chat.region).toContainText(/is lost|were missed/);
  await chat.say("after");
  await expect(chat.lines).toContainText(["before", "meanwhile", "after"]);
  await echo.sendText("back");
  await expect(echo.line("back")).toContainText("came back equal");
});

// 1012, service restart: the WebSocket Close Code Number Registry of IANA.
test("PAGE-25 MUST be told of a restart, and be back after it", { tag: ["@shutdown", "@close"] }, async ({
  launch,
  visit,
  room,
}) => {
  const server = await launch();
  const here = await visit(server);
  const { connection, chat, wire } = here;
  here.expectTrouble(nobodyAt(server));
  await chat.enter(nameOf(room));
  await expect(chat.members).toHaveCount(1);
  expect(await server.stop("SIGTERM")).toEqual({ code: 0, signal: null });
  await expect(connection.notice).toContainText("The server announced that it will close");
  await wire.filter("1012");
  await expect(wire.row(/^received .* close .*1012 the server restarts$/)).toHaveCount(2);
  await server.restart();
  await expect(connection.state).toHaveText(/open$/);
  await expect(connection.notice).toBeHidden();
  await expect(chat.members).toHaveCount(1);
  await chat.say("after");
  await expect(chat.line("after")).toBeVisible();
});

test("PAGE-26 MUST switch to another server of the run, and talk to that one", {
  tag: ["@servers", "@door", "@any-server"],
}, async ({ launch, visit, converse, room }) => {
  const environment: Record<string, string> = {};
  const first = await launch(environment);
  const second = await launch({ SERVERS: `first=${first.url}` });
  // Each must know the other's port before it starts; `first` starts again.
  environment.SERVERS = `second=${second.url}`;
  await first.restart();
  const { page, servers, connection, chat, echo } = await visit(first);
  const [self, other] = [servers.server(first.manifest.title), servers.server("second")];
  await page.getByRole("button", { name: "Which are running?" }).click();
  for (const server of [self, other]) await expect(server).toHaveAccessibleDescription("running");
  await other.check();
  await expect(connection.fact(second.wsUrl("/ws"))).toBeVisible();
  await expect(page).toHaveTitle("All panels, second: WebSocket Rosetta");
  await chat.enter(nameOf(room));
  await expect(chat.members).toHaveCount(1);
  const there = await converse({ server: second });
  await there.request({ type: "publish", topic: room, to: "all", text: "welcome to the second" });
  await expect(chat.line("welcome to the second")).toBeVisible();
  await echo.sendText("there");
  await expect(echo.line("there")).toContainText("came back equal");
  await self.check();
  await expect(connection.fact(first.wsUrl("/ws"))).toBeVisible();
  await expect(chat.lines).toHaveCount(0);
});

test("PAGE-27 MUST not be disturbed by a server that does not run, until it is chosen", {
  tag: ["@servers", "@any-server"],
}, async ({ launch, visit, ports }) => {
  const port = await ports.next();
  const server = await launch({ SERVERS: `absent=http://127.0.0.1:${port}` });
  const here = await visit(server);
  const { servers, connection, feed } = here;
  await expect(feed.events.nth(1)).toBeVisible();
  await expect(servers.server("absent")).toHaveAccessibleDescription(`port ${port}`);
  expect(await here.troubles()).toEqual([]);
  here.expectTrouble(nobodyAt({ port }));
  await servers.server("absent").check();
  await expect(connection.state).toHaveText(/waiting$/);
  await expect(servers.advice).toContainText("pnpm dev --filter absent");
  await expect(servers.server("absent")).toHaveAccessibleDescription("not running");
  await servers.server(server.manifest.title).check();
  await expect(connection.fact(server.wsUrl("/ws"))).toBeVisible();
  await expect(servers.advice).toBeEmpty();
});

for (const [id, colorScheme] of [
  ["PAGE-28", "light"],
  ["PAGE-29", "dark"],
] as const) {
  test(`${id} MUST be free of what axe finds wrong, in ${colorScheme}, on a desk and on a phone`, {
    tag: ["@page", "@any-server"],
  }, async ({ visit, room }) => {
    const here = await visit(undefined, { colorScheme });
    await useEverything(here, room, "accessible");
    expect(await violations(here), "in use").toEqual([]);
    await here.page.setViewportSize({ width: 390, height: 844 });
    expect(await violations(here), "on a phone").toEqual([]);
  });
}

// WCAG 2.2, 1.4.10: 320 CSS pixels are 1280 at 400 %.
test("PAGE-30 MUST fit into 320 pixels without scrolling sideways", {
  tag: ["@page", "@any-server"],
}, async ({ visit, room }) => {
  const here = await visit(undefined, { viewport: { width: 320, height: 800 } });
  const { page, echo, chat, serverLog, wire } = here;
  const isTooWide = (box: Locator) => box.evaluate((element) => element.scrollWidth > element.clientWidth);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
  await useEverything(here, room, "Donaudampfschifffahrtsgesellschaft".repeat(4));
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
  for (const box of [echo.log("What came back"), chat.said, serverLog.log("Server log, newest first")]) {
    expect(await isTooWide(box), `${box}`).toBe(false);
  }
  expect(await isTooWide(wire.content)).toBe(false);
});

// WCAG 2.2, 2.3.3.
test("PAGE-31 SHOULD move nothing for those who asked for less motion", {
  tag: ["@page", "@any-server"],
}, async ({ visit }) => {
  const [still, moving] = [await visit(undefined, { reducedMotion: "reduce" }), await visit()];
  await expect(still.echo.button("Send text")).toHaveCSS("transition-duration", "0s");
  await expect(moving.echo.button("Send text")).not.toHaveCSS("transition-duration", "0s");
  await still.echo.sendText("still");
  await expect(still.echo.line("still")).toContainText("came back equal");
  expect(await still.page.evaluate("document.getAnimations().length")).toBe(0);
});

test("PAGE-32 MUST let hub and client run together in a worker of the browser", {
  tag: ["@page", "@any-server"],
}, async ({ visit }) => {
  const { page } = await visit();
  const body = await bundle("in-worker.ts");
  expect(body.match(/"node:[^"]+"/g), "modules of Node").toBeNull();
  await page.route("**/in-worker.js", (route) => route.fulfill({ body, contentType: "text/javascript" }));
  const outcome = await page.evaluate<WorkerOutcome>(`new Promise((resolve, reject) => {
    const worker = new Worker("/in-worker.js", { type: "module" });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  })`);
  expect(outcome).toEqual({
    server: "in-worker",
    runtime: "a browser worker",
    heard: { author: ["to all", "to all again"], other: ["to all", "to others", "to all again"] },
    offsets: [1, 2, 3],
    digest: digestOf(1),
  });
});
