import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "@rosetta/manifest";

/** A lesson of the page: a question, the panels to try it with, the regions behind it, and the tests that prove it. */
export interface Lesson {
  /** Its place in the course: 1, 2, 3 … */
  number: number;
  /** `07-goodbye` */
  name: string;
  title: string;
  panels: string[];
  regions: string[];
  /** Ids of tests, such as `CLOSE-01`. */
  tests: string[];
  /** The Markdown below the title. */
  body: string;
}

/** The path from the root of the repository. */
export const lessonsFolder = "packages/page/lessons";

/** Returns the files of the lessons, in order. */
export function readLessonFiles(): Map<string, string> {
  const folder = join(root, lessonsFolder);
  const names = readdirSync(folder).filter((name) => name.endsWith(".md"));
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Parses a lesson. Throws an error with the file and what is wrong. */
export function parseLesson(file: string, text: string): Lesson {
  const [, digits, name] = /^((?:\d\d))-([a-z-]+)\.md$/.exec(file) ?? [];
  if (!digits || !name) throw new Error(`${file}: a lesson's file is called like 07-goodbye.md`);
  const [, head = "", title, body] = /^---\n([\s\S]*?)\n---\n+# (.+)\n([\s\S]*)$/.exec(text) ?? [];
  if (!title || !body)
    throw new Error(`${file}: begin with front matter between lines of ---, then # a title`);
  const facts = frontMatter(file, head);
  return { number: Number(digits), name: `${digits}-${name}`, title, body: body.trim(), ...facts };
}

function frontMatter(file: string, head: string): Pick<Lesson, "panels" | "regions" | "tests"> {
  const lines = head.split("\n");
  const list = (key: string): string[] => {
    const value = lines.find((line) => line.startsWith(`${key}: `))?.slice(key.length + 2);
    if (!value) throw new Error(`${file}: the front matter has no "${key}: a, b"`);
    return value.split(", ").map((item) => item.trim());
  };
  return { panels: list("panels"), regions: list("regions"), tests: list("tests") };
}
