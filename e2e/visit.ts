import AxeBuilder from "@axe-core/playwright";
import type { Browser, Locator } from "@playwright/test";
import { describeExit, Server, ServerError, startSiblings } from "@rosetta/testkit";
import { expect as anyExpect, attachLog, test as base } from "./fixtures.ts";
import { Visit, type VisitOptions } from "./page-objects.ts";

/** A browser on a busy machine takes its time. */
export const expect = anyExpect.configure({ timeout: 15_000 });

interface Fixtures {
  /** Starts a rung of the server's ladder, such as `1-echo`, for this test only. */
  launchRung: (rung: string) => Promise<Server>;
  /**
   * Opens the page of a server (default: the worker's) with everything on it, and waits until it is connected. Each
   * visit has its own browser. At the end of the test its console must be empty, except for what the test expected.
   */
  visit: (server?: Pick<Server, "url">, options?: VisitOptions) => Promise<Visit>;
  /** The same, at an address of the course such as `#/lesson/7`. Waits until its heading is there. */
  lesson: (hash: string, server?: Pick<Server, "url">, options?: VisitOptions) => Promise<Visit>;
  /**
   * Every server of this repository, as siblings of each other. The first is the one that the project is about.
   * Tests share them and leave them running.
   */
  siblings: Server[];
  /** The same, but for this test only, which may end them. */
  ownSiblings: Server[];
}

/** The browsers of a test. A test that ends a server closes the browsers that look at it first. */
class Visits {
  readonly #browser: Browser;
  readonly #visits: Visit[] = [];

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  async begin(options: VisitOptions = {}): Promise<Visit> {
    const visit = await Visit.begin(this.#browser, options);
    this.#visits.push(visit);
    return visit;
  }

  async end(): Promise<void> {
    const visits = this.#visits.splice(0);
    const troubles = await Promise.all(visits.map((visit) => visit.troubles()));
    await Promise.all(visits.map((visit) => visit.leave()));
    expect(troubles.flat(), "the page's console, errors and failed requests").toEqual([]);
  }
}

/** `test` with a browser and the page in it. */
export const test = base.extend<Fixtures & { visits: Visits }>({
  // Listed after the servers that a test launches, and so closed before them. A page that is still open would find
  // nobody.
  visits: async ({ browser, launch: _launch }, use) => {
    const visits = new Visits(browser);
    await use(visits);
    await visits.end();
  },

  visit: async ({ app, visits }, use) => {
    await use(async (server = app, options = {}) => {
      const visit = await visits.begin(options);
      await visit.page.goto(`${server.url}/#/all`);
      await expect(visit.connection.state).toHaveText(/open$/);
      await expect(visit.echo.state).toHaveText(/open$/);
      return visit;
    });
  },

  lesson: async ({ app, visits }, use) => {
    await use(async (hash, server = app, options = {}) => {
      const visit = await visits.begin(options);
      await visit.page.goto(`${server.url}/${hash}`);
      await expect(visit.page.getByRole("heading", { level: 2, name: /^\d+\. / })).toBeVisible();
      return visit;
    });
  },

  launchRung: async ({ server, ports, visits }, use, testInfo) => {
    const rungs: Server[] = [];
    await use(async (rung) => {
      const launched = await Server.start({ manifest: server, rung, ports });
      rungs.push(launched);
      return launched;
    });
    await visits.end();
    await Promise.all(rungs.map((each) => each.kill()));
    for (const each of rungs) await attachLog(each, testInfo);
  },

  siblings: async ({ house, visits }, use, testInfo) => {
    const logged = house.map(({ stderr }) => stderr.length);
    await use(house);
    await visits.end();
    for (const [index, each] of house.entries()) {
      await attachLog(each, testInfo, logged[index]);
      if (each.exit) throw new ServerError(`a sibling ended: ${describeExit(each.exit)}; ${each.log()}`);
    }
  },

  ownSiblings: async ({ server, rung, ports, visits }, use, testInfo) => {
    const servers = await startSiblings({ manifest: server, rung, ports });
    try {
      await use(servers);
      await visits.end();
    } finally {
      await Promise.all(servers.map((each) => each.kill()));
    }
    for (const each of servers) await attachLog(each, testInfo);
  },
});

/** Returns the page's name for a server: its title. */
export function titleOf(servers: readonly Server[], index: number): string {
  return servers[index]?.manifest.title ?? "";
}

/** Returns the column of each server in a lesson that runs on all servers at once. */
export function columnsOf({ page }: Visit, servers: readonly Server[]): Locator[] {
  return servers.map((_, index) => page.getByRole("group", { name: titleOf(servers, index), exact: true }));
}

/** Returns the sentence that says whether the servers agree. */
export function agreementOf({ page }: Visit): Locator {
  return page.getByRole("status", { name: "Same or different" });
}

/** Returns the table that compares the columns. */
export function comparisonOf({ page }: Visit): Locator {
  return page.getByRole("region", { name: "Same or different" });
}

/** Matches everything that a browser reports when nobody answers at a server's port, or when it is not let in. */
export function nobodyAt({ port }: Pick<Server, "port">): RegExp {
  return new RegExp(`127\\.0\\.0\\.1:${port}/`);
}

/** Requires that axe finds nothing wrong with a lesson in its present state. */
export async function expectNoViolations(visit: Visit, message?: string): Promise<void> {
  expect(await violations(visit), message).toEqual([]);
}

/** Requires that axe finds nothing wrong with a lesson in each colour scheme (default: light, then dark). */
export async function expectAccessible(
  visit: Visit,
  schemes: readonly ("light" | "dark")[] = ["light", "dark"],
): Promise<void> {
  for (const colorScheme of schemes) {
    // Without motion, because a colour that is still changing from one scheme to the other belongs to neither.
    await visit.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expectNoViolations(visit, colorScheme);
  }
}

/** Returns what axe finds wrong with the page, and where. */
export async function violations({ page }: Visit): Promise<string[]> {
  // Runs in the page itself, which has no frames. Otherwise axe would open another page for the report. The rules
  // are the same.
  const found = await new AxeBuilder({ page })
    .setLegacyMode()
    .options({ resultTypes: ["violations"] })
    .analyze();
  return found.violations.map(({ id, help, nodes }) => {
    return `${id}: ${help}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`;
  });
}
