import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "@rosetta/manifest";
import { type Lesson, lessonsFolder, parseLesson } from "@rosetta/page/lessons";
import type { NamedRegion } from "@rosetta/page/regions";
import type { Finding } from "./app-sources.ts";
import { type ListedTest, type RegionPlace, titleForm } from "./tags.ts";

/** The sections that every lesson has below its question, in this order. */
const lessonParts = ["Do", "Notice", "Trap"];

/** A lesson is read beside the page that it explains, so what stands below its front matter is short. */
const mostLines = 40;

/** Returns the names of the page's panels, which are the keys of its register. */
export function panelNames(): string[] {
  const text = readFileSync(join(root, "packages/page/src/panels/register.ts"), "utf8");
  return [...text.matchAll(/^ {2}"?([a-z][a-z-]*)"?: \{$/gm)].map(([, name = ""]) => name);
}

/** Whatever a lesson can name. */
export interface Nameable {
  panels: string[];
  /** The regions of the apps. */
  places: RegionPlace[];
  /** The rungs, each with its regions: `3-heartbeat`, `3-heartbeat/heartbeat`. */
  rungs: ReadonlySet<string>;
  /** The regions of packages and of the browser's pages, by name. */
  named: ReadonlyMap<string, Pick<NamedRegion, "file" | "line">>;
  tests: ListedTest[];
}

/** Finds lessons that are malformed or name something that does not exist, and regions without a lesson. */
export function checkLessons(files: Map<string, string>, nameable: Nameable): Finding[] {
  const findings: Finding[] = [];
  const lessons: Lesson[] = [];
  for (const [file, text] of files) {
    try {
      const lesson = parseLesson(file, text);
      lessons.push(lesson);
      findings.push(...problemsOf(lesson, text, nameable).map((message) => at(file, message)));
    } catch (error) {
      findings.push(at(file, (error as Error).message));
    }
  }
  return [...findings, ...gaps(lessons), ...untaught(lessons, nameable)];
}

function problemsOf(lesson: Lesson, text: string, nameable: Nameable): string[] {
  const { panels, places, rungs, named, tests } = nameable;
  const regions = new Set(places.map(({ region }) => region));
  const ids = new Set(tests.map(({ title }) => titleForm.exec(title)?.groups?.id));
  const count = text.slice(text.indexOf("\n# ")).trim().split("\n").length;
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
    ...namesOf(lesson)
      .filter((name) => !named.has(name))
      .map((name) => `there is no region ${name}`),
    ...lesson.decided
      .filter(({ region }) => !lesson.regions.includes(region))
      .map(({ region, name }) => `${name} stands beside region ${region}, which the lesson does not name`),
    ...(lesson.rung === undefined || rungs.has(lesson.rung) ? [] : [`there is no rung ${lesson.rung}`]),
    ...lesson.tests.filter((test) => !ids.has(test)).map((test) => `there is no test ${test}`),
  ];
}

function gaps(lessons: Lesson[]): Finding[] {
  const index = lessons.findIndex(({ number }, at) => number !== at + 1);
  const found = lessons[index];
  if (!found) return [];
  return [at(`${found.name}.md`, `lesson ${found.number} stands where ${index + 1} is due`)];
}

/** Returns the regions outside of the apps that a lesson shows. */
function namesOf({ browser, decided }: Lesson): string[] {
  return [...browser, ...decided.map(({ name }) => name)];
}

function untaught(lessons: Lesson[], { places, named }: Nameable): Finding[] {
  const taught = new Set(lessons.flatMap((lesson) => [...lesson.regions, ...namesOf(lesson)]));
  const others = [...named].map(([region, { file, line }]) => ({ region, file, line }));
  const first = new Map(
    [...places, ...others].filter(({ region }) => !taught.has(region)).map((place) => [place.region, place]),
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
