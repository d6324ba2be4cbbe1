import { globSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { styleText } from "node:util";
import { folderOf } from "@rosetta/manifest";
import { commandOf } from "@rosetta/manifest/start";
import type { ProcessExit } from "@rosetta/testkit/process";
import { type Board, printBoard } from "./board.ts";
import { whatBroke } from "./broken.ts";
import { Balancer } from "./cluster/balancer.ts";
import type { DevEngine } from "./cluster/engine.ts";
import { CodeEvents } from "./events.ts";
import { FailureDesk } from "./failures/failure-desk.ts";
import { SlowLink, trainPace } from "./failures/slow-link.ts";
import { readLog } from "./log.ts";
import { Page } from "./page.ts";
import { type DevPlan, environmentOf, originsOf, type Seat } from "./plan.ts";
import { SourceWatch } from "./source-watch.ts";
import { type Difference, identityOf, type Snapshot, SourceReader, type Sources } from "./sources.ts";
import { type News, Supervisor } from "./supervisor.ts";

const root = resolve(import.meta.dirname, "../../..");
const pageFolder = join(root, "packages/page");
const compiled = join(import.meta.dirname, "../node_modules/.cache/servers");

/** Milliseconds to wait for a server that does not reach the engine. */
const settleMs = 5_000;

/** The name of the page among the things that are made of files; a server has its id. */
const page = "page";

/** The parts of a loop that were started before it. */
interface LoopParts {
  env: NodeJS.ProcessEnv;
  events: CodeEvents;
  links: ReadonlyMap<string, SlowLink>;
  engine?: DevEngine;
}

/** Runs servers and the page, and renews what a saved file belongs to. */
export class DevLoop {
  readonly #plan: DevPlan;
  readonly #events: CodeEvents;
  readonly #page: Page;
  readonly #supervisor: Supervisor;
  /** Through which the servers are one application. */
  readonly #engine: DevEngine | undefined;
  #balancer: Balancer | undefined;
  /** Slow links, by the id of their server or of the balancer. */
  readonly #links: ReadonlyMap<string, SlowLink>;
  /** The URLs of the servers that are up. */
  readonly #urls = new Map<string, string>();
  #watch: SourceWatch<string> | undefined;
  #isPageBroken = false;
  /** Names what the page was built from that is served now. */
  #pageName = "";
  /** How many restarts and builds are under way. */
  #pending = 0;
  #isStopping = false;

  private constructor(plan: DevPlan, { env, events, links, engine }: LoopParts) {
    this.#plan = plan;
    this.#engine = engine;
    this.#events = events;
    this.#links = links;
    this.#page = new Page(pageFolder, {
      eventsUrl: `${events.origin}/`,
      facts: {
        ...(canFail(env) && { failures: events.failuresUrl }),
        ...(plan.balancer && { balancer: plan.balancer.url }),
      },
    });
    // Where Node keeps compiled code, which halves the time of a restart.
    const cached = { NODE_COMPILE_CACHE: compiled, ...env };
    const slowUrls = new Map([...links].map(([id, { url }]) => [id, url]));
    const common = { env: cached, eventsOrigin: events.origin, pageRoot: this.#page.root, slowUrls };
    const programs = plan.seats.map((seat) => ({
      id: seat.manifest.id,
      command: commandOf(seat.manifest, seat.manifest.start),
      cwd: folderOf(seat.manifest.id),
      env: environmentOf(seat, plan, common),
    }));
    this.#supervisor = new Supervisor(programs, (news) => this.#hear(news));
    if (canFail(env)) {
      const servers = plan.seats.map(({ manifest: { id } }) => id);
      const failures = {
        servers,
        urls: this.#urls,
        slowUrls,
        origins: originsOf(plan),
        supervisor: this.#supervisor,
      };
      events.open(new FailureDesk(failures));
    }
    // Runs however this process ends.
    process.on("exit", () => this.#page.remove());
  }

  /**
   * `env` is the servers' environment, except for the variables that the plan sets. `engine` starts before the servers
   * and ends after them.
   */
  static async create(plan: DevPlan, env: NodeJS.ProcessEnv, engine?: DevEngine): Promise<DevLoop> {
    const links = canFail(env) ? await slowLinksOf(plan) : new Map();
    return new DevLoop(plan, { env, events: await CodeEvents.start(), links, ...(engine && { engine }) });
  }

  /** Builds the page, starts the servers, says where they are, and watches from then on. */
  async start(): Promise<void> {
    const since = snapshotsOf(this.#plan.seats);
    console.log(styleText("dim", "Building the page, then starting the servers …"));
    await this.#engine?.start((exit) => complain(`${this.#engine?.title} has ended (${howOf(exit)})`));
    await this.#build();
    await this.#supervisor.start();
    if (this.#isStopping) return;
    await this.#balance();
    if (this.#isStopping) return;
    console.log(printBoard(this.#board(), styleText));
    this.#tellPages(since);
    this.#watch = await SourceWatch.start({
      since,
      read: () => snapshotsOf(this.#plan.seats),
      changed: (name, difference) => this.#changed(name, difference),
    });
  }

  /** Ends the servers as in production. Resolves when all of them have ended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#events.stop();
    for (const link of this.#links.values()) link.stop();
    this.#page.remove();
    await Promise.all([this.#watch?.stop(), this.#supervisor.stop()]);
    // The servers needed both until now, to say goodbye.
    await Promise.all([this.#balancer?.stop(), this.#engine?.stop()]);
  }

  async #balance(): Promise<void> {
    const { host, seats, balancer } = this.#plan;
    if (!balancer) return;
    const backends = seats.map(({ manifest: { id }, url }) => ({ id, url }));
    this.#balancer = await Balancer.start({ host, port: balancer.port, backends });
    // If the loop was stopped while the balancer started, `stop()` did not know of it.
    if (this.#isStopping) return this.#balancer.stop();
    await this.#balancer.settle(this.#urls.size, settleMs);
  }

  #board(): Board {
    const { seats, balancer } = this.#plan;
    const rows = seats.map(({ manifest }) => ({ manifest, url: this.#urls.get(manifest.id) }));
    if (!balancer || !this.#engine) return { rows };
    const isServing = (this.#balancer?.living.length ?? 0) > 0;
    return { rows, cluster: { url: balancer.url, engine: this.#engine.title, isServing } };
  }

  #changed(name: string, difference: Difference): void {
    if (this.#isStopping) return;
    const reason = reasonOf(difference);
    if (name !== page) void this.#during(this.#supervisor.restart(name, reason));
    // To build the same again would make the same.
    else if (difference.changed.length > 0) void this.#during(this.#build(reason));
  }

  // Open pages load again when all is done that a change has caused, once.
  async #during(work: Promise<void>): Promise<void> {
    this.#pending += 1;
    await work;
    this.#pending -= 1;
    if (this.#pending === 0 && this.#watch) this.#tellPages(this.#watch.snapshots);
  }

  // The page of a server that is broken stays as it is: it would find nobody.
  #tellPages(snapshots: ReadonlyMap<string, Snapshot>): void {
    const nameOf = (thing: string): string => identityOf(snapshots.get(thing) ?? new Map());
    if (!this.#isPageBroken) this.#pageName = nameOf(page);
    const { seats, balancer } = this.#plan;
    for (const { manifest, port } of seats) {
      if (this.#urls.has(manifest.id)) this.#events.tell(port, `${this.#pageName} ${nameOf(manifest.id)}`);
    }
    // Behind one address a page outlives each server, so it is out of date only if it has changed itself.
    if (balancer) this.#events.tell(balancer.port, this.#pageName);
  }

  async #build(reason?: string): Promise<void> {
    const began = performance.now();
    const built = await this.#page.build().catch((error) => ({ output: String(error) }));
    if (built === "overtaken" || this.#isStopping) return;
    if (typeof built === "object") {
      this.#isPageBroken = true;
      return complain(`the page is broken: ${whatBroke(built.output, root, "packages/page")}`);
    }
    if (reason && (built === "new" || this.#isPageBroken)) {
      say(`the page is rebuilt: ${reason} ${secondsSince(began)}`);
    }
    this.#isPageBroken = false;
  }

  #hear(news: News): void {
    if (news.name === "said") return print(news.id, news.line);
    if (news.name === "frozen")
      return say(`${news.id} is frozen for ${news.ms / 1000} s: a page asked for it`);
    if (news.name !== "up") this.#urls.delete(news.id);
    if (news.name === "broken") return complain(`${news.id} is broken: ${whatBroke(news.output, root)}`);
    if (news.name === "ended") {
      return complain(
        `${news.id} has ended (${howOf(news.exit)}) and starts again when one of its files changes`,
      );
    }
    if (news.name === "killed") {
      return say(`${news.id} is killed, and starts again in ${news.downMs / 1000} s: a page asked for it`);
    }
    this.#urls.set(news.id, news.url);
    if (news.reason) say(`${news.id} restarted: ${news.reason} ${secondsSince(performance.now() - news.ms)}`);
  }
}

// `CHAOS=0` also forbids the failures that the protocol knows.
function canFail({ CHAOS }: NodeJS.ProcessEnv): boolean {
  return CHAOS !== "0";
}

async function slowLinksOf({ seats, balancer }: DevPlan): Promise<Map<string, SlowLink>> {
  const servers = seats.map(({ manifest: { id }, url }) => ({ id, url }));
  const all = balancer ? [...servers, { id: "balancer", url: balancer.url }] : servers;
  const links = await Promise.all(all.map(({ url }) => SlowLink.start(url, trainPace)));
  return new Map(links.map((link, place) => [all[place]?.id ?? "", link]));
}

function snapshotsOf(seats: Seat[]): Map<string, Snapshot> {
  const reader = new SourceReader(root);
  const servers = seats.map(({ manifest: { id } }) => [id, serverSources(id)] as const);
  const all = new Map([...servers, [page, pageSources()] as const]);
  return new Map([...all].map(([name, sources]) => [name, reader.snapshot(sources)]));
}

function serverSources(id: string): Sources {
  return { entries: [join(folderOf(id), "src/main.ts")], others: [] };
}

// The page shows lessons, the code of the servers, and the results of the suite, and brings the first clients along.
const shown = [
  "packages/page/lessons/*.md",
  "packages/client/steps/*",
  "apps/*/{src,steps}/*.ts",
  "apps/*/server.json",
  "results/e2e.json",
];

function pageSources(): Sources {
  return {
    entries: [join(pageFolder, "index.html"), join(pageFolder, "vite.config.ts")],
    others: globSync(shown, { cwd: root }).map((path) => join(root, path)),
  };
}

function reasonOf({ changed, touched }: Difference): string {
  const [first = "", ...more] = changed.length > 0 ? changed : touched;
  const others = more.length > 0 ? ` and ${more.length} more` : "";
  return `${relative(root, first).replaceAll("\\", "/")}${others} ${changed.length > 0 ? "changed" : "touched"}`;
}

function howOf({ code, signal }: ProcessExit): string {
  return signal ?? `code ${code}`;
}

function secondsSince(began: number): string {
  return styleText("dim", `(${((performance.now() - began) / 1000).toFixed(1)} s)`);
}

function say(line: string): void {
  console.log(line);
}

function complain(line: string): void {
  console.log(styleText("red", line));
}

function print(id: string, line: string): void {
  const { text, isRoutine } = readLog(line);
  console.log(styleText(isRoutine ? "dim" : "yellow", `${id}  ${text}`));
}
