import { join } from "node:path";
import { root } from "@rosetta/manifest";
import { Marked, type Tokens } from "marked";
import type { Plugin } from "vite";
import { wholeFiles } from "../src/course/code-view.ts";
import { LessonCodeMaker } from "./lesson-code.ts";
import {
  type GuessSource,
  type Lesson,
  lessonsFolder,
  parseLesson,
  readLessonFiles,
} from "./lesson-files.ts";
import { SourceFiles } from "./source-files.ts";

const index = "virtual:lessons";
const folder = join(root, lessonsFolder);
// A reader who looks something up comes back to a page that is still connected.
const markdown = new Marked({
  renderer: {
    link({ href, tokens }) {
      return `<a href="${href}" target="_blank" rel="noreferrer">${this.parser.parseInline(tokens)}</a>`;
    },
  },
});

/**
 * Makes modules of the lessons. `virtual:lessons` lists them, each with the way to load the rest: its text as Lit
 * templates, so that the page never turns a string into HTML. The code behind it, from the sources themselves, is a file
 * of its own that the page loads later.
 */
export function lessons(): Plugin {
  let isDevLoop = false;
  let sources = new SourceFiles();
  let maker: LessonCodeMaker;
  return {
    name: "rosetta-lessons",
    configResolved({ mode }) {
      isDevLoop = mode === "development";
    },
    buildStart() {
      sources = new SourceFiles();
      // A page that leaves this machine must not tell where it was built. In the dev loop its links open the editor.
      maker = new LessonCodeMaker(sources, isDevLoop ? root : undefined);
    },
    resolveId: (id) => (id === index ? `\0${index}` : undefined),
    load(id) {
      return id === `\0${index}` ? indexModule(readLessons()) : undefined;
    },
    transform(code, id) {
      if (!id.startsWith(folder)) return undefined;
      const lesson = parseLesson(id.slice(folder.length + 1), code);
      const source = JSON.stringify(maker.make(lesson));
      const asset = this.emitFile({ type: "asset", name: `${lesson.name}.json`, source });
      return { code: lessonModule(lesson, `import.meta.ROLLUP_FILE_URL_${asset}`), map: null };
    },
    // Files that are shown whole, each for itself, because few of them are ever asked for.
    generateBundle() {
      for (const [file, lines] of sources.all) {
        this.emitFile({
          type: "asset",
          fileName: `${wholeFiles}/${file}.json`,
          source: JSON.stringify(lines),
        });
      }
    },
  };
}

function readLessons(): Lesson[] {
  return [...readLessonFiles()].map(([file, text]) => parseLesson(file, text));
}

function indexModule(all: Lesson[]): string {
  const entries = all.map(({ number, name, title, group, minutes, panels }) => {
    const facts = JSON.stringify({ number, title, group, minutes, panels });
    return `{ ...${facts}, load: () => import(${JSON.stringify(join(folder, `${name}.md`))}) }`;
  });
  return `export const lessons = [\n${entries.join(",\n")}\n];\n`;
}

function lessonModule({ body, guess, tests }: Lesson, codeUrl: string): string {
  const [question = "", ...parts] = body.split(/^## /m);
  const sections = parts.map((part): [title: string, text: string] => {
    const end = part.indexOf("\n");
    return [part.slice(0, end).trim(), part.slice(end)];
  });
  const [[, steps = ""] = [], ...rest] = sections;
  const bodies = rest.map(([title, text]) => `{ title: ${JSON.stringify(title)}, body: ${template(text)} }`);
  return `import { html } from "lit";
export const question = ${template(question)};
export const steps = [${stepsOf(steps).join(", ")}];
export const guess = ${guess ? guessOf(guess) : "undefined"};
export const sections = [${bodies.join(", ")}];
export const tests = ${JSON.stringify(tests)};
export const code = ${codeUrl};
`;
}

// A step can end in what a panel tells when it is done: `Send `stop`. {sendText:stop}`
function stepsOf(text: string): string[] {
  const [list] = markdown.lexer(text.trim());
  if (list?.type !== "list") throw new Error("the steps of a lesson are a numbered list");
  return (list as Tokens.List).items.map((item) => {
    const [, step = "", done] = /^([\s\S]*?)(?:\s*\{([^{}]+)\})?$/.exec(item.text.trim()) ?? [];
    return `{ text: ${inline(step)}${done ? `, done: ${JSON.stringify(done)}` : ""} }`;
  });
}

function guessOf({ question, choices, answer, because, seen }: GuessSource): string {
  const rest = JSON.stringify({ choices, answer, seen });
  return `{ ...${rest}, question: ${inline(question)}, because: ${inline(because)} }`;
}

function inline(text: string): string {
  return literal(markdown.parseInline(text, { async: false }));
}

/** Writes Markdown as a Lit template, and escapes what a template literal would take for its own. */
function template(text: string): string {
  return literal(markdown.parse(text.trim(), { async: false }));
}

function literal(made: string): string {
  return `html\`${made.trim().replace(/[\\`]|\$\{/g, (found) => `\\${found}`)}\``;
}
