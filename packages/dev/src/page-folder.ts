import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

const reloadScript = join(import.meta.dirname, "../page/reload.js");
const reloadName = "reload.js";

/**
 * The folder from which servers serve the page during a run. It is never empty: builds are made elsewhere, and then
 * their files are put in, `index.html` last.
 */
export class PageFolder {
  /** What the servers mount at `/`. */
  readonly path: string;
  readonly #reloadTag: string;
  /** The files below `assets/` of the last two builds: a page that is open may still ask for those of its own. */
  #builds: ReadonlySet<string>[] = [];

  /** Creates it. Pages hear at `eventsUrl` that they are out of date. */
  constructor(path: string, eventsUrl: string) {
    this.path = path;
    const source = `./assets/${reloadName}?events=${encodeURIComponent(eventsUrl)}`;
    this.#reloadTag = `<script type="module" src="${source}"></script>`;
    mkdirSync(join(path, "assets"), { recursive: true });
    copyFileSync(reloadScript, join(path, "assets", reloadName));
  }

  /** Puts a build in, which must be on the same disk and is used up by that. Returns false if the page stays the same. */
  publish(build: string): boolean {
    const index = join(this.path, "index.html");
    this.#replaceSteps(build);
    // Behind the page's own scripts: the page knows its build by the first of them.
    const text = readFileSync(join(build, "index.html"), "utf8").replace(
      "</head>",
      `${this.#reloadTag}\n  </head>`,
    );
    if (existsSync(index) && readFileSync(index, "utf8") === text) return false;
    const assets = new Set(readdirSync(join(build, "assets")));
    for (const name of assets) this.#putIn(build, name);
    writeFileSync(join(build, "index.html"), text);
    // Nobody is served half a file: a rename replaces it in one step.
    renameSync(join(build, "index.html"), index);
    this.#builds = [assets, ...this.#builds].slice(0, 2);
    this.#removeOlder();
    return true;
  }

  // The pages in `steps` have no hash in their names: copied one by one, and each replaced in one step.
  #replaceSteps(build: string): void {
    for (const name of globSync("steps/**/*.{html,css,js}", { cwd: build })) {
      mkdirSync(dirname(join(this.path, name)), { recursive: true });
      renameSync(join(build, name), join(this.path, name));
    }
  }

  // Its name contains a hash of what it is, so one that is there already is the same.
  #putIn(build: string, name: string): void {
    const target = join(this.path, "assets", name);
    if (!existsSync(target)) renameSync(join(build, "assets", name), target);
  }

  #removeOlder(): void {
    for (const name of readdirSync(join(this.path, "assets"))) {
      if (name === reloadName || this.#builds.some((assets) => assets.has(name))) continue;
      rmSync(join(this.path, "assets", name));
    }
  }
}
