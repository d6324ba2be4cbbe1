import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "./house.ts";
import { root } from "./playwright.ts";
import { type ListedTest, type RegionPlace, titleForm } from "./tags.ts";

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

/** The sections that every lesson has below its question, in this order. */
export const lessonParts = ["Do", "Notice", "Trap"];

/** A lesson is read beside the page that it explains, so it stays short. */
const mostLines = 40;

/** Returns the files of the lessons, in order. */
export function readLessonFiles(): Map<string, string> {
  const folder = join(root, lessonsFolder);
  const names = readdirSync(folder).filter((name) => name.endsWith(".md"));
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Returns the names of the page's panels, which are the keys of its register. */
export function panelNames(): string[] {
  const text = readFileSync(join(root, "packages/page/src/panels/register.ts"), "utf8");
  return [...text.matchAll(/^ {2}"?([a-z][a-z-]*)"?: \{$/gm)].map(([, name = ""]) => name);
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

/** Finds lessons that are malformed or name something that does not exist, and regions without a lesson. */
export function checkLessons(
  files: Map<string, string>,
  panels: string[],
  places: RegionPlace[],
  tests: ListedTest[],
): Finding[] {
  const findings: Finding[] = [];
  const lessons: Lesson[] = [];
  for (const [file, text] of files) {
    try {
      const lesson = parseLesson(file, text);
      lessons.push(lesson);
      findings.push(...problemsOf(lesson, text, panels, places, tests).map((message) => at(file, message)));
    } catch (error) {
      findings.push(at(file, (error as Error).message));
    }
  }
  return [...findings, ...gaps(lessons), ...untaught(lessons, places)];
}

function problemsOf(
  lesson: Lesson,
  text: string,
  panels: string[],
  places: RegionPlace[],
  tests: ListedTest[],
): string[] {
  const regions = new Set(places.map(({ region }) => region));
  const ids = new Set(tests.map(({ title }) => titleForm.exec(title)?.groups?.id));
  const count = text.trimEnd().split("\n").length;
  const parts = [...lesson.body.matchAll(/^## (.+)$/gm)].map(([, part]) => part);
  return [
    ...(count > mostLines ? [`${count} lines: at most ${mostLines}`] : []),
    ...(parts.join() === lessonParts.join()
      ? []
      : [`its parts are ${parts.join(", ")}: ${lessonParts.join(", ")}`]),
    ...lesson.panels.filter((panel) => !panels.includes(panel)).map((panel) => `there is no panel ${panel}`),
    ...lesson.regions
      .filter((region) => !regions.has(region))
      .map((region) => `there is no region ${region}`),
    ...lesson.tests.filter((test) => !ids.has(test)).map((test) => `there is no test ${test}`),
  ];
}

function gaps(lessons: Lesson[]): Finding[] {
  const index = lessons.findIndex(({ number }, at) => number !== at + 1);
  const found = lessons[index];
  if (!found) return [];
  return [at(`${found.name}.md`, `lesson ${found.number} stands where ${index + 1} is due`)];
}

function untaught(lessons: Lesson[], places: RegionPlace[]): Finding[] {
  const taught = new Set(lessons.flatMap(({ regions }) => regions));
  const first = new Map(
    places.filter(({ region }) => !taught.has(region)).map((place) => [place.region, place]),
  );
  return [...first.values()].map(({ region, file, line }) => ({
    file,
    line,
    message: `region ${region} is in no lesson: name it in the front matter of one in ${lessonsFolder}`,
  }));
}

function at(file: string, message: string): Finding {
  return { file: `${lessonsFolder}/${file}`, line: 1, message };
}
