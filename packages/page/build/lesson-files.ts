import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "@rosetta/manifest";

/** A lesson of the page: a question, the panels to try it with, the regions behind it, and the tests that prove it. */
export interface Lesson {
  /** Its place in the course: 1, 2, 3 … */
  number: number;
  /** `07-closing` */
  name: string;
  title: string;
  /** The part of the course that it belongs to. */
  group: string;
  /** How long it takes, roughly. */
  minutes: number;
  guess?: LessonGuess;
  panels: string[];
  /** What of the browser's code it begins with, such as `1-echo/talk`: a page of `packages/client/steps`, or a package. */
  browser: string[];
  /** A rung of the ladders, or a region of one: `1-echo`, `3-heartbeat/heartbeat`. Absent if none has the subject. */
  rung?: string;
  /** The regions of the apps behind it. */
  regions: string[];
  /** What is decided once for all servers, beside one of the regions. */
  decided: { region: string; name: string }[];
  /** Ids of tests, such as `CLOSE-01`. */
  tests: string[];
  /** The Markdown below the title. */
  body: string;
}

/** A question to guess at before the reader tries it out. */
export interface LessonGuess {
  question: string;
  choices: string[];
  /** One of the choices. */
  answer: string;
  /** Why it is so, in Markdown. */
  because: string;
  /** What a panel tells when the reader has seen the answer, as in a step. */
  seen: string;
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
  if (!digits || !name) throw new Error(`${file}: a lesson's file is called like 07-closing.md`);
  const [, head = "", title, body] = /^---\n([\s\S]*?)\n---\n+# (.+)\n([\s\S]*)$/.exec(text) ?? [];
  if (!title || !body)
    throw new Error(`${file}: begin with front matter between lines of ---, then # a title`);
  const facts = { ...frontMatter(file, head), ...codeFacts(file, head) };
  return { number: Number(digits), name: `${digits}-${name}`, title, body: body.trim(), ...facts };
}

/** The code that a lesson shows, apart from regions of the apps. */
type CodeFacts = Pick<Lesson, "browser" | "rung" | "decided">;

function frontMatter(
  file: string,
  head: string,
): Omit<Lesson, "number" | "name" | "title" | "body" | keyof CodeFacts> {
  const lines = head.split("\n");
  const find = (key: string) => lines.find((line) => line.startsWith(`${key}: `))?.slice(key.length + 2);
  const value = (key: string): string => {
    const found = find(key);
    if (!found) throw new Error(`${file}: the front matter has no "${key}: …"`);
    return found.trim();
  };
  const list = (key: string, separator = ", ") =>
    value(key)
      .split(separator)
      .map((item) => item.trim());
  const minutes = Number(value("minutes"));
  if (!Number.isInteger(minutes)) throw new Error(`${file}: minutes is a whole number`);
  const question = find("guess");
  const lesson = { group: value("group"), minutes };
  const lists = { panels: list("panels"), regions: list("regions"), tests: list("tests") };
  if (!question) return { ...lesson, ...lists };
  const guess = {
    question,
    choices: list("choices", " | "),
    answer: value("answer"),
    because: value("because"),
    seen: value("seen"),
  };
  if (!guess.choices.includes(guess.answer)) throw new Error(`${file}: the answer is none of the choices`);
  return { ...lesson, ...lists, guess };
}

function codeFacts(file: string, head: string): CodeFacts {
  const value = (key: string) => new RegExp(`^${key}: (.+)$`, "m").exec(head)?.[1]?.trim();
  const [browser, rung, decided] = [value("browser"), value("rung"), value("decided")];
  if (!browser) throw new Error(`${file}: the front matter has no "browser: 1-echo/talk"`);
  const pairs = (decided?.split(", ") ?? []).map((pair) => {
    const [, region, name] = /^(\S+) = (\S+)$/.exec(pair) ?? [];
    if (!region || !name)
      throw new Error(`${file}: "decided" is like "ping = hub/heartbeat, close = hub/close"`);
    return { region, name };
  });
  return { browser: browser.split(", "), decided: pairs, ...(rung && { rung }) };
}
