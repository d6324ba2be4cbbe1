import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { root } from "@rosetta/manifest";
import { EjectError } from "./arguments.ts";
import type { ProjectFiles } from "./closure.ts";

/** Throws an `EjectError` if a project cannot be written to this folder. */
export function checkFolder(folder: string): void {
  // Inside, pnpm would take the project for a part of this workspace.
  if (isInside(folder)) {
    throw new EjectError(`${folder} is inside this repository: choose a folder outside of it`);
  }
  if (!existsSync(folder)) return;
  if (isEmptyFolder(folder)) return;
  throw new EjectError(`${folder} exists and is not an empty folder: choose another`);
}

/**
 * Writes files to a folder, all or none: they are written beside it, and the whole is renamed at the end. If the process
 * exits meanwhile, it leaves nothing.
 */
export function writeProject(folder: string, files: ProjectFiles): void {
  mkdirSync(dirname(folder), { recursive: true });
  const beside = mkdtempSync(join(dirname(folder), `.${basename(folder)}-`));
  const cleanUp = (): void => rmSync(beside, { recursive: true, force: true });
  process.once("exit", cleanUp);
  try {
    // A temporary folder is for its owner only.
    chmodSync(beside, 0o755);
    for (const [path, content] of files) write(join(beside, path), content);
    // Windows does not rename over a folder, not even over an empty one.
    rmSync(folder, { recursive: true, force: true });
    renameSync(beside, folder);
  } finally {
    cleanUp();
    process.off("exit", cleanUp);
  }
}

function write(file: string, content: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function isInside(folder: string): boolean {
  const path = relative(root, folder);
  // On Windows, the path to another drive is absolute.
  return path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}

function isEmptyFolder(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch {
    return false;
  }
}
