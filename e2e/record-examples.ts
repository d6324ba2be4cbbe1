// The command behind `pnpm -C e2e run examples`: acts as a reader does on a real page of a real server, and records
// the examples that panels show before their first use. Takes two minutes. Build the page first.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { chromium, type Page } from "@playwright/test";
import { readManifests, root } from "@rosetta/manifest";
import { Ports, Server } from "@rosetta/testkit";
import { browserArgs, ensureChromium } from "./browser.ts";

const [manifest] = readManifests();
if (!manifest) throw new Error("there is no server");
const server = await Server.start({ manifest, ports: new Ports(0), env: { CHAOS: "1", EXPOSE: "metrics" } });
const browser = await chromium.launch({ executablePath: ensureChromium(), args: browserArgs });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  write("goodbye", await recordClosing(page));
  write("gap", await recordGap(page));
  write("transports", await recordTransports(page));
  write("latency", await recordLatency(page));
  write("flood", await recordFlood(page));
} finally {
  await browser.close();
  await server.kill();
}
execFileSync(join(root, "node_modules/.bin/biome"), ["format", "--write", "packages/page/src/panels"], {
  cwd: root,
});

/** Opens a lesson, and presses a button in it. */
async function open(page: Page, lesson: number, button: string): Promise<void> {
  await page.goto(`${server.url}/#/lesson/${lesson}`);
  await page.getByRole("button", { name: button, exact: true }).click();
}

/** Reads a panel's own value, once it fulfils a condition. Both are JavaScript, in which `panel` is the element. */
async function read<T>(page: Page, name: string, value: string, condition = "true"): Promise<T> {
  const panel = `document.querySelector("rosetta-app").shadowRoot.querySelector("rosetta-${name}")`;
  while (!(await page.evaluate(`Boolean(((panel) => panel && ${condition})(${panel}))`))) await pause(100);
  return page.evaluate<T>(`((panel) => (${value}))(${panel})`);
}

async function recordClosing(page: Page): Promise<unknown> {
  await open(page, 7, "Close it this way");
  return read(
    page,
    "goodbye",
    "{ ...panel.outcome, idleMs: Math.round(panel.outcome.idleMs) }",
    "panel.outcome",
  );
}

async function recordGap(page: Page): Promise<unknown> {
  await open(page, 9, "Follow");
  await read(page, "gap", "0", "panel.book.offset >= 12");
  await page.getByRole("button", { name: "Cut for 10 s" }).click();
  const book =
    "{ before: panel.book.comeback.before, head: panel.book.comeback.head, last: panel.book.offset }";
  return read(page, "gap", book, "panel.book.comeback && panel.book.offset > panel.book.comeback.head + 8");
}

async function recordTransports(page: Page): Promise<unknown> {
  await open(page, 10, "Start all three");
  const table = page.getByRole("table", { name: "What each way brought" });
  const names = ["Newest offset", "Events", "Requests", "To begin", "Each event", "Around each"];
  const row = async (name: string): Promise<string[]> => [
    name,
    ...(await table
      .getByRole("row", { name: new RegExp(`^${name}`) })
      .getByRole("cell")
      .allInnerTexts()),
  ];
  for (;;) {
    const rows = await Promise.all(names.map(row));
    const [, ...counts] = rows[1] ?? [];
    if (Math.min(...counts.map(Number)) >= 12) return rows;
    await pause(100);
  }
}

async function recordLatency(page: Page): Promise<unknown> {
  await open(page, 11, "Ping every second");
  await read(page, "latency", "0", "panel.book.count >= 10");
  // Beats are missed as long as the connection is closed.
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await pause(3_500);
  await page.getByRole("button", { name: "Open", exact: true }).click();
  const beats =
    "panel.book.beats.map(({ roundTripMs }) => roundTripMs === undefined ? null : Math.round(10 * roundTripMs) / 10)";
  return read(page, "latency", beats, "panel.book.count >= 30");
}

async function recordFlood(page: Page): Promise<unknown> {
  await open(page, 12, "Stall the reader and flood");
  await read(page, "flood", "0", "panel.samples.some(({ queueBytes }) => queueBytes > 0)");
  const samples = await read<{ at: number; skipped: number; queueBytes: number }[]>(
    page,
    "flood",
    "panel.samples",
    "!panel.isRunning",
  );
  const before = samples[0]?.skipped ?? 0;
  return samples.map(({ at, skipped, queueBytes }) => [Math.round(at), queueBytes, skipped - before]);
}

function write(panel: string, value: unknown): void {
  const text = `// Recorded on ${manifest?.title} by \`pnpm -C e2e run examples\`, not written by hand.
export const recorded = ${JSON.stringify(value)} as const;
`;
  writeFileSync(join(root, "packages/page/src/panels", panel, "recorded.ts"), text);
  console.log(`${panel}: ${JSON.stringify(value).slice(0, 150)}`);
}
