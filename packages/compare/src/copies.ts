import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "@rosetta/manifest";
import { CommandError } from "./arguments.ts";

/**
 * Creates a folder for copies of the code, runs `work`, and removes the folder. Returns the exit code of `work`.
 * Ctrl-C aborts `signal`; then an error of `work` is ignored and the exit code is 130. Throws a `CommandError` if the folder
 * exists.
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
    console.error("stopped: the copies are removed, your code is unchanged");
    return 130;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// Two runs at once would use the same ports, so the folder is also the lock.
function claimFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const name = basename(folder);
    throw new CommandError(
      `${name}/ exists: another run is in progress. If not, one was killed, and you can remove the folder`,
    );
  }
}

/** Builds the page that the suite opens, as `pnpm e2e` does. Throws a `CommandError` if the build fails. */
export function buildPage(): void {
  const turbo = join(root, "node_modules/.bin/turbo");
  const { status } = spawnSync(turbo, ["run", "build", "--output-logs=errors-only"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new CommandError("the page could not be built: see pnpm build");
}
