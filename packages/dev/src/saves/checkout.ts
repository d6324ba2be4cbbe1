import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Puts the repository into a new folder as somebody has it after cloning: nothing is installed and nothing built.
 * Changes that are not committed come along if git tracks the file. Returns the folder.
 */
export function checkOut(root: string): string {
  const folder = mkdtempSync(join(tmpdir(), "rosetta-saves-"));
  // Names a commit with the changes, or nothing if there are none. Nothing is stashed by that.
  const changes = execFileSync("git", ["stash", "create"], { cwd: root, encoding: "utf8" }).trim();
  const archive = execFileSync("git", ["archive", changes || "HEAD"], { cwd: root, maxBuffer: 2 ** 28 });
  execFileSync("tar", ["-x", "-f", "-", "-C", folder], { input: archive });
  return folder;
}
