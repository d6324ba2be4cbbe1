import type { TemplateResult } from "lit";
import type { PanelName } from "../panels/register.ts";
import type { CodeRow } from "./code.ts";

/** A lesson as the list of them knows it. */
export interface LessonEntry {
  /** Counts 1, 2, 3 … */
  number: number;
  title: string;
  panels: PanelName[];
  /** Loads its text and the code behind it. */
  load(): Promise<LessonText>;
}

/** The text of a lesson, made into templates when the page is built. */
export interface LessonText {
  question: TemplateResult;
  /** Do, Notice, Trap. */
  sections: { title: string; body: TemplateResult }[];
  /** Ids of the tests to look at first. */
  tests: string[];
  code: CodeRow[];
}
