import { spawn } from "node:child_process";
import { cpSync, readdirSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** A command that failed. The message is the command and the end of what it printed. */
export class CommandFailed extends Error {}

/** Milliseconds after which a command counts as failed. An installation from a slow registry takes less. */
const patienceMs = 300_000;

/**
 * Runs a command line in a folder, as somebody would who has just that folder. Resolves with the milliseconds it took.
 * Rejects with `CommandFailed` if its exit code is not 0.
 */
export async function run(folder: string, line: string): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(line, { cwd: folder, env: strangersEnvironment(), shell: true, timeout: patienceMs });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new CommandFailed(`${line} ended with ${code}\n${output.slice(-2_000)}`);
  return performance.now() - startedAt;
}

/** The environment of a stranger: nothing of what runs this (pnpm, Vite), and the pinned Node first on the path. */
export function strangersEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|INIT_CWD|NODE_PATH|NODE_ENV)/i.test(name),
  );
  const path = (process.env.PATH ?? "").split(delimiter).filter((part) => !part.includes("node_modules"));
  return Object.fromEntries([
    ...kept.filter((entry): entry is [string, string] => entry[1] !== undefined),
    ["PATH", [dirname(process.execPath), ...path].join(delimiter)],
  ]);
}

/** Returns the bytes of all files in a folder. Links are not followed: pnpm has many to each package. */
export function sizeOf(folder: string): number {
  const sizes = readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sizeOf(path);
    return entry.isFile() ? statSync(path).size : 0;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Copies a project without what was installed in it. */
export function copyProject(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (path) => !path.includes("node_modules") });
}
