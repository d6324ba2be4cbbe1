// The page of a project, built: `public/`. It is the room of `project/page`, whose source the project gets as well, or
// the course, which nobody would want to change outside of this repository.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "@rosetta/manifest";
import { build, type InlineConfig, type Plugin } from "vite";
import room from "../project/vite.config.ts";
import { fill } from "./template.ts";

type BuiltFiles = [path: string, content: Uint8Array | string][];

/** Builds the page with a room. `name` is its title. */
export function buildRoom(name: string): Promise<BuiltFiles> {
  // Within the build, because a compressed copy of each file is a part of it.
  const title: Plugin = { name: "title", transformIndexHtml: (html) => fill(html, { name }) };
  return built({
    ...room,
    plugins: [...(room.plugins ?? []), title],
    configFile: false,
    root: join(import.meta.dirname, "../project/page"),
  });
}

/** Builds the course. */
export function buildCourse(): Promise<BuiltFiles> {
  return built({ root: join(root, "packages/page") });
}

async function built(config: InlineConfig): Promise<BuiltFiles> {
  const outDir = mkdtempSync(join(tmpdir(), "eject-page-"));
  const cleanUp = (): void => rmSync(outDir, { recursive: true, force: true });
  process.once("exit", cleanUp);
  try {
    await build({ ...config, logLevel: "error", build: { ...config.build, outDir, emptyOutDir: true } });
    return readdirSync(outDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [
        join("public", path.slice(outDir.length + 1)).replaceAll("\\", "/"),
        readFileSync(path),
      ]);
  } finally {
    cleanUp();
    process.off("exit", cleanUp);
  }
}
