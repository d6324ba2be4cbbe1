import type { TemplateResult } from "lit";
import type { PanelName } from "../panels/register.ts";

/** A lesson as the list of them knows it. */
export interface LessonEntry {
  /** Counts 1, 2, 3 … */
  number: number;
  title: string;
  /** The part of the course that it belongs to. Lessons of one group follow each other. */
  group: string;
  /** How long it takes, roughly. */
  minutes: number;
  panels: PanelName[];
  /** Loads its text. */
  load(): Promise<LessonText>;
}

/** Something to do in a lesson. */
export interface LessonStep {
  text: TemplateResult;
  /** What a panel tells when it is done. Without it, the step only says where to look. */
  done?: string;
}

/** A question to guess at before the reader tries it out. */
export interface LessonGuess {
  question: TemplateResult;
  choices: string[];
  /** One of the choices. */
  answer: string;
  because: TemplateResult;
  /** What a panel tells when the reader has seen the answer. */
  seen: string;
}

/** The text of a lesson, made into templates when the page is built. */
export interface LessonText {
  question: TemplateResult;
  steps: LessonStep[];
  guess: LessonGuess | undefined;
  /** Notice and Trap. */
  sections: { title: string; body: TemplateResult }[];
  /** Ids of the tests to look at first. */
  tests: string[];
  /** Where the code behind it is, a `LessonCode` in JSON. */
  code: string;
}
