import { defineConfig, type Project } from "@playwright/test";
import { clusterGroup, embeddedTag, engineGroups, engineTag, stepTag } from "@rosetta/compare";
import { type Manifest, readManifests, readRungs } from "@rosetta/manifest";
import { browserArgs, findChromium } from "./browser.ts";

/**
 * What the run is about. Empty: the apps. `all`, or a rung's name: the ladders, up to all of their rungs. `list`: every
 * test there is, once for each app, for those who only list them.
 */
const steps = process.env.E2E_STEPS ?? "";
const isClimb = steps !== "" && steps !== "list";
/** Whether servers have an engine. Then only the groups are run whose subject it touches. */
const withEngine = Boolean(process.env.E2E_ENGINE);
const executablePath = isClimb ? undefined : findChromium();

interface ProjectOptions {
  server: Manifest;
  rung?: string;
  withEngine?: boolean;
}

export default defineConfig<object, ProjectOptions>({
  testDir: "tests",
  testMatch: withEngine ? engineGroups.map(fileOf) : "*.ts",
  outputDir: "test-results",
  reporter: "./reporter.ts",
  fullyParallel: true,
  // Most of the time tests wait, so four workers keep two cores busy.
  workers: 4,
  // A test that passes on the second try has found something.
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  // A limit for tests that hang: on two busy cores, a lesson with axe takes 25 s.
  timeout: isClimb ? 30_000 : 60_000,
  // A rung promises less than an app. The tests of what it can promise have a tag, and some are for rungs alone.
  ...(isClimb && { grep: new RegExp(`@${stepTag}\\b`) }),
  ...(steps === "" && {
    testIgnore: ["step.ts", ...(withEngine ? [] : [fileOf(clusterGroup)])],
    grepInvert: new RegExp(`@${withEngine ? embeddedTag : engineTag}\\b`),
  }),
  use: { launchOptions: { args: browserArgs, ...(executablePath && { executablePath }) } },
  projects: readManifests().flatMap(projectsOf),
});

function fileOf(group: string): string {
  return `${group.toLowerCase()}.ts`;
}

function projectsOf(server: Manifest): Project<object, ProjectOptions>[] {
  if (!isClimb) return [{ name: server.id, use: { server, withEngine } }];
  return readRungs(server.id)
    .filter(({ name }) => steps === "all" || steps === name)
    .map(({ name }) => ({ name: `${server.id}:${name}`, use: { server, rung: name } }));
}
