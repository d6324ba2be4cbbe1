import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { chromium } from "@playwright/test";

/** There is no browser. The message says what to do. */
export class BrowserError extends Error {}

// Of several --disable-features Chromium uses the last, so it repeats Playwright's own (from its
// chromiumSwitches.ts) before ours.
const disabledFeatures = [
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsUpgrades",
  "HttpsFirstBalancedModeAutoEnable",
  "LensOverlay",
  "MediaRouter",
  "PaintHolding",
  "ThirdPartyStoragePartitioning",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "OptimizationHints",
  "NetworkTimeServiceQuerying",
  "AimEnabled",
  "PreconnectToSearch",
  // Each window would load two pages for its address bar, which cost ten times as much as our page.
  "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup",
];

/** The arguments that a browser is started with, in addition to Playwright's own. */
export const browserArgs = [`--disable-features=${disabledFeatures.join(",")}`];

const names = [
  "chromium",
  "google-chrome",
  "google-chrome-stable",
  "microsoft-edge",
  "microsoft-edge-stable",
  "chromium-browser",
];
const macApps = ["Google Chrome", "Chromium", "Microsoft Edge"];

/** Finds an installed Chromium: the one named by `E2E_CHROMIUM`, Playwright's own, or one of the system. */
export function findChromium(): string | undefined {
  const { E2E_CHROMIUM: named } = process.env;
  if (named) {
    if (isExecutable(named)) return named;
    throw new BrowserError(`E2E_CHROMIUM=${named}: there is no such program`);
  }
  const own = chromium.executablePath();
  return [own, ...systemPaths()].find(isExecutable);
}

/** Finds a Chromium, or installs one. */
export function ensureChromium(): string {
  const found = findChromium() ?? install();
  if (found) return found;
  throw new BrowserError(
    [
      "Found no Chromium and could not install one. One of these helps:",
      "  pnpm -C e2e exec playwright install --with-deps chromium   (needs cdn.playwright.dev)",
      "  sudo apt-get install chromium                              (Debian; or Chrome or Edge, on any system)",
      "  E2E_CHROMIUM=/path/to/chromium pnpm e2e                    (any Chromium, Chrome or Edge)",
      "Without a browser you can run: pnpm e2e --steps",
    ].join("\n"),
  );
}

function systemPaths(): string[] {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/local/bin", "/snap/bin"];
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  if (process.platform !== "darwin") return onPath;
  return [...macApps.map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`), ...onPath];
}

function install(): string | undefined {
  console.error("Found no Chromium. Installing Playwright's …");
  const cli = createRequire(import.meta.url).resolve("@playwright/test/cli");
  run(process.execPath, [cli, "install", "chromium"]);
  const own = findChromium();
  // On a bare Linux it may lack libraries and fail to start.
  if (own && spawnSync(own, ["--version"]).status === 0) return own;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return undefined;
  console.error("That one does not start. Installing the system's …");
  run("apt-get", ["update"]);
  run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"]);
  return systemPaths().find(isExecutable);
}

// stdout belongs to the suite.
function run(command: string, args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync(command, args, { stdio: ["ignore", 2, 2], env });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
