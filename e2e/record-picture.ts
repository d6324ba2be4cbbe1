// The command behind `pnpm -C e2e run picture`: makes the README's animated picture of the page itself, so that it cannot
// age. One message goes to all servers; then an answer is streamed by all of them, and one of them is killed. Build the
// page first.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { chromium, expect, type Page } from "@playwright/test";
import { readManifests, root } from "@rosetta/manifest";
import { Ports, type Server, startSiblings } from "@rosetta/testkit";
import { type AnimationFrame, decodePng, encodeApng } from "./apng.ts";
import { browserArgs, ensureChromium } from "./browser.ts";

/** CSS pixels. As wide as four columns need, which a README shows a little smaller. */
const size = { width: 1280, height: 680 };
/** Milliseconds between two screenshots: of the dots that travel, and of words that come. */
const [dotsMs, wordsMs] = [80, 400];
/** Milliseconds for which a screenshot of words is shown: the answer runs faster than life, but not while a server is gone. */
const [fastMs, goneMs] = [110, 260];
/** Milliseconds after which the server is killed, and for which it is gone. */
const [killedMs, awayMs] = [2_500, 2_000];
/** The server that is killed, by its place in the page. */
const victim = 2;

const [manifest] = readManifests();
if (!manifest) throw new Error("there is no server");
const servers = await startSiblings({ manifest, ports: new Ports(0) });
const browser = await chromium.launch({ executablePath: ensureChromium(), args: browserArgs });
const frames: AnimationFrame[] = [];
try {
  const page = await browser.newPage({ viewport: size });
  await sendToAll(page);
  await stream(page, servers[victim]);
} finally {
  await browser.close();
  await Promise.all(servers.map((server) => server.kill()));
}
const picture = encodeApng(frames);
const seconds = frames.reduce((sum, { ms }) => sum + ms, 0) / 1_000;
writeFileSync(join(root, "packages/page/screenshot.png"), picture);
console.log(
  `packages/page/screenshot.png: ${frames.length} frames, ${seconds.toFixed(1)} s, ${Math.round(picture.length / 1024)} KiB`,
);

/** Takes a screenshot that stays for `ms`. */
async function shoot(page: Page, ms: number): Promise<void> {
  frames.push({ pixels: decodePng(await page.screenshot()), ms });
}

/** Writes a caption below the page. */
async function caption(page: Page, text: string): Promise<void> {
  await page.evaluate(`{
    const strip = document.querySelector("#caption") ?? document.body.appendChild(document.createElement("p"));
    strip.id = "caption";
    strip.textContent = ${JSON.stringify(text)};
    Object.assign(strip.style, {
      position: "fixed", inset: "auto 0 0", margin: 0, padding: "0.75rem 1.75rem", zIndex: 9,
      background: "#1d2129", color: "#fff", font: "600 1.25rem/1.4 system-ui, sans-serif",
    });
  }`);
}

async function sendToAll(page: Page): Promise<void> {
  await page.goto(servers[0]?.url ?? "");
  const send = page.getByRole("button", { name: /^Send to all/ });
  const hint = page.getByRole("status", { name: "How it is shown" });
  // The first message would pay for four handshakes.
  await send.click();
  await hint.filter({ hasText: "slowed down" }).waitFor();
  await pause(2_000);
  await caption(page, "One message, four servers, each written with a different stack");
  await shoot(page, 700);
  await send.click();
  const result = page.getByRole("list", { name: "What each server did" }).getByText("there and back").first();
  await result.waitFor();
  // As long as the dots travel.
  for (let count = 0; count < 16; count++) {
    await shoot(page, dotsMs);
    await pause(dotsMs / 2);
  }
  await pause(1_000);
  await shoot(page, 900);
}

async function stream(page: Page, server: Server | undefined): Promise<void> {
  if (!server) throw new Error(`there is no server at place ${victim}`);
  await page.goto(`${servers[0]?.url}/#/lesson/14?server=every`);
  const ask = page.getByRole("button", { name: "Ask", exact: true }).first();
  // It goes to the top of a lesson that it has just opened.
  await expect(page.locator("#lesson")).toBeFocused();
  await caption(page, "Four servers stream an answer, word by word");
  const panels = `document.querySelector("rosetta-app").shadowRoot.querySelector(".panels")`;
  await page.evaluate(`scrollBy(0, ${panels}.getBoundingClientRect().top - 72)`);
  await shoot(page, 600);
  await ask.click();
  const complete = page.getByRole("status", { name: "State of this device" }).getByText("complete");
  const began = performance.now();
  let step: "streams" | "killed" | "back" = "streams";
  while ((await complete.count()) < servers.length) {
    const passedMs = performance.now() - began;
    if (step === "streams" && passedMs > killedMs) {
      step = "killed";
      await server.kill();
      await caption(page, `${server.manifest.title} is killed`);
    } else if (step === "killed" && passedMs > killedMs + awayMs) {
      step = "back";
      await server.restart();
      await caption(page, `${server.manifest.title} is back`);
    }
    await shoot(page, step === "killed" ? goneMs : fastMs);
    await pause(wordsMs / 2);
  }
  await caption(page, "Every word arrived everywhere. Nothing is missing");
  await shoot(page, 1_800);
}
