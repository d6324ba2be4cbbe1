import { defineConfig } from "@playwright/test";
import { type Manifest, readManifests } from "@rosetta/manifest";
import type { Column } from "@rosetta/testkit";
import { browserArgs, findChromium } from "./browser.ts";

const column: Column = process.env.E2E_COLUMN === "bare" ? "bare" : "app";
const executablePath = column === "app" ? findChromium() : undefined;

export default defineConfig<object, { server: Manifest; column: Column }>({
  testDir: "tests",
  testMatch: "*.ts",
  outputDir: "test-results",
  reporter: "./reporter.ts",
  fullyParallel: true,
  // Most of the time they wait: four keep two cores busy.
  workers: 4,
  // A test that passes at the second try has found something.
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  // Against what hangs: on two cores that others use, too, a lesson with axe takes 25 s.
  timeout: 60_000,
  // hello.ts promises little; what it does promise is tagged.
  ...(column === "bare" && { grep: /@bare\b/ }),
  use: { column, launchOptions: { args: browserArgs, ...(executablePath && { executablePath }) } },
  projects: readManifests().map((server) => ({ name: server.id, use: { server } })),
});
