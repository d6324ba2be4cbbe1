// The command behind `pnpm -C packages/page run words`: writes every text of the page into one file, lesson by lesson, for
// somebody who wants to read them all in one go.
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "@rosetta/manifest";
import { readTerms } from "./glossary.ts";
import { lessonsFolder, parseLesson, readLessonFiles } from "./lesson-files.ts";
import { textsIn, wordsOf } from "./words.ts";

const page = join(root, "packages/page");
const target = join(root, "results/words.md");
const isShown = (file: string): boolean => !/\.(?:test|testing|css|d)\.ts$/.test(file);
const unread = new Set(globSync("src/**/*.ts", { cwd: page }).filter(isShown).sort());

const lessons = [...readLessonFiles()].flatMap(([file, text]) => {
  const { title, panels } = parseLesson(file, text);
  const inPanels = panels.flatMap((panel) => sectionsOf(`src/panels/${panel}/`));
  return [`# ${title}`, `${lessonsFolder}/${file}`, text, ...inPanels];
});
const index = textsIn(readFileSync(join(page, "index.html"), "utf8"));
const around = ["# Around the lessons", ...index, ...sectionsOf("src/")];
const terms = Object.entries(readTerms()).map(([word, meaning]) => `- ${word}: ${meaning}`);
mkdirSync(dirname(target), { recursive: true });
writeFileSync(
  target,
  `${[...lessons, ...around, "# Explained in the code", terms.join("\n")].join("\n\n")}\n`,
);
console.log(target);

/** Returns the texts of all files below a folder, those of each file only once. */
function sectionsOf(folder: string): string[] {
  const files = [...unread].filter((file) => file.startsWith(folder));
  return files.flatMap((file) => {
    unread.delete(file);
    const words = wordsOf(file, readFileSync(join(page, file), "utf8"));
    if (words.length === 0) return [];
    return [`## ${file}`, words.map(({ line, text }) => `- ${line}: ${text}`).join("\n")];
  });
}
