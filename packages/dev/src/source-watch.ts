import { dirname } from "node:path";
import { watch as watchPaths } from "chokidar";
import { type Difference, differenceOf, type Snapshot } from "./sources.ts";

/** What to watch, and whom to tell. */
export interface SourceWatchOptions<Name extends string> {
  /** What things were made of before. */
  since: ReadonlyMap<Name, Snapshot>;
  /** Returns what they are made of now. */
  read(): ReadonlyMap<Name, Snapshot>;
  /** Called for each thing whose files are not what they were the last time. */
  changed(name: Name, difference: Difference): void;
}

/** What others wrote: many files, and links to more of them. */
const foreign = /[\\/]node_modules(?:[\\/]|$)/;

/** Milliseconds without an event after which files are read: an editor writes, renames and deletes in one go. */
const settleMs = 40;

/**
 * Watches the files that things are made of. The watcher only says when to look. What has changed is found out by
 * comparing, so it does not matter how an editor saves a file, nor that some other project links or unlinks it.
 */
export class SourceWatch<Name extends string> {
  readonly #options: SourceWatchOptions<Name>;
  // One folder deeper than the files are, for the first file in a new folder.
  readonly #watcher = watchPaths([], { ignoreInitial: true, depth: 1, ignored: foreign });
  readonly #folders = new Set<string>();
  #snapshots: ReadonlyMap<Name, Snapshot>;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  private constructor(options: SourceWatchOptions<Name>) {
    this.#options = options;
    this.#snapshots = options.since;
  }

  /** Resolves when it watches. Tells at once what has changed already. */
  static async start<Name extends string>(options: SourceWatchOptions<Name>): Promise<SourceWatch<Name>> {
    const watch = new SourceWatch(options);
    const ready = new Promise<void>((resolve) => watch.#watcher.once("ready", resolve));
    watch.#watcher.on("all", () => watch.#lookSoon());
    watch.#follow();
    await ready;
    watch.#look();
    return watch;
  }

  /** What things were made of when it looked last. */
  get snapshots(): ReadonlyMap<Name, Snapshot> {
    return this.#snapshots;
  }

  /** Ends it. Nothing is told after this. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#watcher.close();
  }

  #lookSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), settleMs);
  }

  #look(): void {
    if (this.#isStopped) return;
    const before = this.#snapshots;
    this.#snapshots = this.#options.read();
    this.#follow();
    for (const [name, snapshot] of this.#snapshots) {
      const difference = differenceOf(before.get(name) ?? new Map(), snapshot);
      if (difference.changed.length + difference.touched.length > 0) this.#options.changed(name, difference);
    }
  }

  // Folders rather than files: in them it also sees what is new, and what takes the place of a file.
  #follow(): void {
    const all = [...this.#snapshots.values()].flatMap((snapshot) => [...snapshot.keys()].map(dirname));
    const fresh = [...new Set(all)].filter((folder) => !this.#folders.has(folder));
    for (const folder of fresh) this.#folders.add(folder);
    if (fresh.length > 0) this.#watcher.add(fresh);
  }
}
