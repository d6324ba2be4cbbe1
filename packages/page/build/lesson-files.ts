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
  guess?: GuessSource;
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

/** A question to guess at, as its lesson's file has it. */
export interface GuessSource {
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
  const facts = factsOf(new FrontMatter(file, head));
  return { number: Number(digits), name: `${digits}-${name}`, title, body: body.trim(), ...facts };
}

/** The form of a line, for those whose name does not show it. */
const examples: Record<string, string> = { browser: "1-echo/talk" };

/** The lines at the beginning of a lesson's file, such as `panels: echo, frames`. */
class FrontMatter {
  readonly #file: string;
  readonly #values: Map<string, string>;

  constructor(file: string, text: string) {
    this.#file = file;
    const lines = text.matchAll(/^(\w+): (.+)$/gm);
    this.#values = new Map([...lines].map(([, key = "", value = ""]) => [key, value.trim()]));
  }

  find(key: string): string | undefined {
    return this.#values.get(key);
  }

  get(key: string): string {
    return this.find(key) ?? this.refuse(`the front matter has no "${key}: ${examples[key] ?? "…"}"`);
  }

  list(key: string, separator = ","): string[] {
    return this.get(key)
      .split(separator)
      .map((item) => item.trim());
  }

  refuse(problem: string): never {
    throw new Error(`${this.#file}: ${problem}`);
  }
}

function factsOf(front: FrontMatter): Omit<Lesson, "number" | "name" | "title" | "body"> {
  const minutes = Number(front.get("minutes"));
  if (!Number.isInteger(minutes)) front.refuse("minutes is a whole number");
  const rung = front.find("rung");
  const guess = guessIn(front);
  return {
    group: front.get("group"),
    minutes,
    panels: front.list("panels"),
    browser: front.list("browser"),
    ...(rung && { rung }),
    regions: front.list("regions"),
    decided:
      front.find("decided") === undefined ? [] : front.list("decided").map((pair) => decision(front, pair)),
    tests: front.list("tests"),
    ...(guess && { guess }),
  };
}

function decision(front: FrontMatter, pair: string): Lesson["decided"][number] {
  const [, region, name] = /^(\S+) = (\S+)$/.exec(pair) ?? [];
  if (!region || !name) return front.refuse('"decided" is like "ping = hub/heartbeat, close = hub/close"');
  return { region, name };
}

function guessIn(front: FrontMatter): GuessSource | undefined {
  const question = front.find("guess");
  if (question === undefined) return undefined;
  const [choices, answer] = [front.list("choices", "|"), front.get("answer")];
  if (!choices.includes(answer)) front.refuse("the answer is none of the choices");
  return { question, choices, answer, because: front.get("because"), seen: front.get("seen") };
}
