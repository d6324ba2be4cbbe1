import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import type { Plugin } from "vite";

/** How a file can be compressed, by what that adds to its name. Both compress as well as they can. */
const codings = {
  // 11 is the default of brotli.
  ".br": promisify(brotliCompress),
  ".gz": (file: Buffer) => promisify(gzip)(file, { level: 9 }),
};

/**
 * Writes compressed copies of each built file beside it: `index.html.br` and `index.html.gz`. Servers send them to those
 * who accept them. A copy that would not be smaller is left out. A build in development mode has none, because the dev
 * loop still changes its `index.html`, and its readers are near.
 */
export function compressedFiles(): Plugin {
  return {
    name: "rosetta-compressed-files",
    apply: (_config, { mode }) => mode !== "development",
    async writeBundle({ dir = "" }, bundle) {
      await Promise.all(Object.keys(bundle).map((name) => compress(join(dir, name))));
    },
  };
}

/** Writes the compressed copies of one file, as far as they are smaller. */
export async function compress(path: string): Promise<void> {
  const file = await readFile(path);
  for (const [extension, coded] of Object.entries(codings)) {
    const copy = await coded(file);
    if (copy.length < file.length) await writeFile(path + extension, copy);
  }
}
