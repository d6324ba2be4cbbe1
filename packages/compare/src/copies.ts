import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { Refusal } from "./arguments.ts";
import { root } from "./playwright.ts";

/**
 * Gives `work` a folder for copies of the code and removes it afterwards, also after Ctrl-C: then `signal` is
 * aborted, whatever `work` throws is left out, and the exit code is 130.
 */
export async function withCopies(
  folder: string,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  claimFolder(folder);
  const ending = new AbortController();
  const end = () => ending.abort();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  try {
    return await work(ending.signal);
  } catch (error) {
    if (!ending.signal.aborted) throw error;
    console.error("stopped: the copies are gone, the code is as it was");
    return 130;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// Two runs at once would meet on the same ports, so the folder is the lock as well.
function claimFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const name = basename(folder);
    throw new Refusal(`${name}/ exists: another run is under way, or one was killed; then remove the folder`);
  }
}

/** Builds the page, which the suite opens; `pnpm e2e` does it first, too. */
export function buildPage(): void {
  const turbo = join(root, "node_modules/.bin/turbo");
  const { status } = spawnSync(turbo, ["run", "build", "--output-logs=errors-only"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new Refusal("the page could not be built: see pnpm build");
}
