import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { applied, type Mutant } from "./mutant.ts";

/**
 * What the suite needs of a package's folder although git ignores it: its dependencies, whose links are relative
 * (`@rosetta/hub` in a copy is the copy's own hub), the built page, and the libraries of the pages of a ladder.
 */
const ignoredButNeeded = ["node_modules", "dist", "steps/lib"];

/**
 * Copies the repository as it is now, uncommitted changes included: every file that git tracks or would add, and
 * what the suite needs of the others.
 */
export function copyRepository(root: string, copy: string): void {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  const files = listed.split("\0").filter((file) => file !== "" && existsSync(join(root, file)));
  for (const folder of new Set(files.map(dirname))) mkdirSync(join(copy, folder), { recursive: true });
  for (const file of files) cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  for (const folder of workspaces(root)) {
    for (const part of ignoredButNeeded) {
      const from = join(root, folder, part);
      if (existsSync(from))
        cpSync(from, join(copy, folder, part), { recursive: true, verbatimSymlinks: true });
    }
  }
}

/** Puts the mistake into the copy. Returns the function that takes it out again. */
export function mutate(copy: string, mutant: Mutant): () => void {
  const path = join(copy, mutant.file);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, applied(text, mutant));
  return () => writeFileSync(path, text);
}

function workspaces(root: string): string[] {
  const below = (folder: string) => readdirSync(join(root, folder)).map((name) => join(folder, name));
  return [...below("packages"), ...below("apps"), "e2e"];
}
