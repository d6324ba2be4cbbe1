import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";

const reloadScript = join(import.meta.dirname, "../page/reload.js");
const reloadName = join("assets", "reload.js");

/** The facts about a run that its pages know. */
export interface DevFacts {
  /** The address of the events that report new code. */
  eventsUrl: string;
  /** Addresses by name, which it finds as `<meta name="rosetta-…">`. */
  facts: Readonly<Record<string, string>>;
}

/**
 * The folder from which servers serve the page during a run. It is never empty: builds are made elsewhere, and then
 * their files are put in, `index.html` last.
 */
export class PageFolder {
  /** What the servers mount at `/`. */
  readonly path: string;
  readonly #tags: string;
  /** The files of the last two builds: a page that is open may still ask for those of its own. */
  #builds: ReadonlySet<string>[] = [];

  constructor(path: string, { eventsUrl, facts }: DevFacts) {
    this.path = path;
    const source = `./assets/reload.js?events=${encodeURIComponent(eventsUrl)}`;
    const metas = Object.entries(facts).map(
      ([name, content]) => `<meta name="rosetta-${name}" content="${content}">`,
    );
    this.#tags = [`<script type="module" src="${source}"></script>`, ...metas].join("\n    ");
    mkdirSync(join(path, "assets"), { recursive: true });
    copyFileSync(reloadScript, join(path, reloadName));
  }

  /** Puts a build in, which must be on the same disk and is used up by that. Returns false if the page stays the same. */
  publish(build: string): boolean {
    this.#addTags(join(build, "index.html"));
    const names = filesIn(build);
    const fresh = names.filter((name) => !isSame(join(build, name), join(this.path, name)));
    for (const name of fresh) this.#putIn(build, name);
    this.#builds = [new Set(names), ...this.#builds].slice(0, 2);
    this.#removeOlder();
    return fresh.length > 0;
  }

  #addTags(index: string): void {
    // Behind the page's own scripts: the page knows its build by the first of them.
    const text = readFileSync(index, "utf8").replace("</head>", `${this.#tags}\n  </head>`);
    writeFileSync(index, text);
  }

  // A rename takes one step, so nobody is served half a file.
  #putIn(build: string, name: string): void {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    renameSync(join(build, name), join(this.path, name));
  }

  #removeOlder(): void {
    for (const name of filesIn(this.path)) {
      if (name === reloadName || this.#builds.some((files) => files.has(name))) continue;
      rmSync(join(this.path, name));
    }
  }
}

/** Returns the names of all files below a folder, `index.html` last. */
function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  return names.sort((a, b) => Number(a === "index.html") - Number(b === "index.html"));
}

function isSame(one: string, other: string): boolean {
  return existsSync(other) && readFileSync(one).equals(readFileSync(other));
}
