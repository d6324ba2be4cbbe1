import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "@rosetta/manifest";
import type { Plugin } from "vite";
import { browserSteps } from "./named-regions.ts";

const folder = join(root, browserSteps);

/**
 * Adds the pages of `packages/client/steps` to the build, as `/steps/…`. There each page is one file, to be read and
 * copied as a whole. The servers' policy forbids inline code, so here its script and its style get files of their own.
 * Left out is `index.html`: it is for servers that have no other page, and stacks disagree on what `/steps` is if
 * the folder has an index.
 */
export function stepPages(): Plugin {
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const pages = () => globSync("[0-9]-*.html", { cwd: folder });
  return {
    name: "rosetta-step-pages",
    generateBundle() {
      const emit = (name: string, source: string) =>
        this.emitFile({ type: "asset", fileName: `steps/${name}`, source });
      for (const page of pages()) {
        for (const [name, source] of split(page.replace(".html", ""), read(page))) emit(name, source);
      }
      // Nobody who installs without scripts has them, and then the pages with Alpine and htmx do not work.
      const libraries = globSync("*.js", { cwd: join(folder, "lib") });
      for (const name of libraries) emit(`lib/${name}`, read(`lib/${name}`));
    },
  };
}

// A page has at most one style and one script, both indented by six spaces.
function split(name: string, page: string): Map<string, string> {
  const files = new Map<string, string>();
  const move = (extension: string, code: string): string => {
    files.set(`${name}.${extension}`, code.replace(/^ {6}/gm, "").trimStart());
    return `${name}.${extension}`;
  };
  const html = page
    .replace(/<style>(.*?) *<\/style>/s, (_, css) => `<link rel="stylesheet" href="${move("css", css)}" />`)
    .replace(
      /<script type="module">(.*?) *<\/script>/s,
      (_, js) => `<script type="module" src="${move("js", js)}"></script>`,
    );
  return files.set(`${name}.html`, html);
}
