import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Returns the repository as an archive (tar). Changes that are not committed come along if git tracks the file.
 */
export function archiveOf(root: string): Buffer {
  // Names a commit with the changes, or nothing if there are none. Nothing is stashed by that.
  const changes = execFileSync("git", ["stash", "create"], { cwd: root, encoding: "utf8" }).trim();
  return execFileSync("git", ["archive", changes || "HEAD"], { cwd: root, maxBuffer: 2 ** 28 });
}

/** Unpacks an archive into a new folder. As after a clone, nothing is installed or built there yet. */
export function checkOut(archive: Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), "rosetta-saves-"));
  execFileSync("tar", ["-x", "-f", "-", "-C", folder], { input: archive });
  return folder;
}
