import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runProgram } from "@rosetta/testkit/process";
import { type DevFacts, PageFolder } from "./page-folder.ts";

/** What became of a build. */
export type Built =
  /** The page differs from the one before, or is the first. */
  | "new"
  /** The page is the same as before. */
  | "same"
  /** A later build has taken its place. */
  | "overtaken"
  /** The build failed after it wrote this. The page before stays. */
  | { output: string };

/** Builds the page of a run. `dist` is left alone: it belongs to `pnpm build`. */
export class Page {
  readonly #package: string;
  readonly #temporary = mkdtempSync(join(tmpdir(), "rosetta-dev-"));
  readonly #folder: PageFolder;
  #build = new AbortController();

  /** `folder` is that of the package with the page. */
  constructor(folder: string, facts: DevFacts) {
    this.#package = folder;
    this.#folder = new PageFolder(join(this.#temporary, "page"), facts);
  }

  /** The folder that servers mount at `/`. */
  get root(): string {
    return this.#folder.path;
  }

  /** Builds the page, each time in a new process, so that a change of the build itself counts, too. */
  async build(): Promise<Built> {
    this.#build.abort();
    this.#build = new AbortController();
    const { signal } = this.#build;
    const folder = mkdtempSync(join(this.#temporary, "build-"));
    // In this mode the page knows where the repository is, so that its links can open the editor.
    const options = ["--mode", "development", "--outDir", folder, "--emptyOutDir", "--logLevel", "warn"];
    try {
      const command = [process.execPath, viteOf(this.#package), "build", ...options];
      const { code, output } = await runProgram(command, { cwd: this.#package, signal });
      if (code !== 0) return { output };
      return this.#folder.publish(folder) ? "new" : "same";
    } catch (error) {
      if (signal.aborted) return "overtaken";
      throw error;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Removes the page, and ends a build that is under way. */
  remove(): void {
    this.#build.abort();
    rmSync(this.#temporary, { recursive: true, force: true });
  }
}

function viteOf(folder: string): string {
  return join(
    dirname(createRequire(join(folder, "package.json")).resolve("vite/package.json")),
    "bin/vite.js",
  );
}
