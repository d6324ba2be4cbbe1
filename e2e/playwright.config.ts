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
  // Most of the time tests wait, so four workers keep two cores busy.
  workers: 4,
  // A test that passes on the second try has found something.
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  // A limit for tests that hang: on two busy cores, a lesson with axe takes 25 s.
  timeout: 60_000,
  // hello.ts promises little. The tests of what it does promise have a tag.
  ...(column === "bare" && { grep: /@bare\b/ }),
  use: { column, launchOptions: { args: browserArgs, ...(executablePath && { executablePath }) } },
  projects: readManifests().map((server) => ({ name: server.id, use: { server } })),
});
