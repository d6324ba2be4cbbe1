import { join } from "node:path";
import { root } from "@rosetta/manifest";
import { Marked } from "marked";
import type { Plugin } from "vite";
import { codeFiles, codeRows } from "./code-rows.ts";
import { type Lesson, lessonsFolder, parseLesson, readLessonFiles } from "./lesson-files.ts";

const index = "virtual:lessons";
const folder = join(root, lessonsFolder);
const markdown = new Marked();

/**
 * Makes modules of the lessons. `virtual:lessons` lists them, each with the way to load the rest: its text as Lit
 * templates, so that the page never turns a string into HTML, and the code behind it, from the servers' own sources.
 */
export function lessons(): Plugin {
  return {
    name: "rosetta-lessons",
    resolveId: (id) => (id === index ? `\0${index}` : undefined),
    load(id) {
      if (id !== `\0${index}`) return undefined;
      for (const file of codeFiles()) this.addWatchFile(file);
      return indexModule(readLessons());
    },
    transform(code, id) {
      if (!id.startsWith(folder)) return undefined;
      for (const file of codeFiles()) this.addWatchFile(file);
      return { code: lessonModule(parseLesson(id.slice(folder.length + 1), code)), map: null };
    },
  };
}

function readLessons(): Lesson[] {
  return [...readLessonFiles()].map(([file, text]) => parseLesson(file, text));
}

function indexModule(all: Lesson[]): string {
  const entries = all.map(({ number, name, title, panels }) => {
    const load = `() => import(${JSON.stringify(join(folder, `${name}.md`))})`;
    return `{ number: ${number}, title: ${JSON.stringify(title)}, panels: ${JSON.stringify(panels)}, load: ${load} }`;
  });
  return `export const lessons = [\n${entries.join(",\n")}\n];\n`;
}

function lessonModule({ body, regions, tests }: Lesson): string {
  const [question = "", ...parts] = body.split(/^## /m);
  const sections = parts.map((part) => {
    const end = part.indexOf("\n");
    return `{ title: ${JSON.stringify(part.slice(0, end).trim())}, body: ${template(part.slice(end))} }`;
  });
  return `import { html } from "lit";
export const question = ${template(question)};
export const sections = [${sections.join(", ")}];
export const tests = ${JSON.stringify(tests)};
export const code = ${JSON.stringify(codeRows(regions))};
`;
}

/** Writes Markdown as a Lit template, and escapes what a template literal would take for its own. */
function template(text: string): string {
  const made = markdown.parse(text.trim(), { async: false });
  return `html\`${made.trim().replace(/[\\`]|\$\{/g, (found) => `\\${found}`)}\``;
}
