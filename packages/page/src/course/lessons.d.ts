declare module "virtual:lessons" {
  import type { LessonEntry } from "./lesson.ts";
  /** Every lesson, in order. */
  export const lessons: LessonEntry[];
}
