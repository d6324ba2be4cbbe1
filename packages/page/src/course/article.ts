import { lessons } from "virtual:lessons";
import { html, nothing, type TemplateResult } from "lit";
import type { LessonEntry, LessonText } from "./lesson.ts";

/** Draws a lesson with the ways to its neighbours, or only its heading as long as there is no text. */
export function lessonArticle(
  lesson: number | "all",
  text: LessonText | undefined,
  addressOf: (lesson: number) => string,
): TemplateResult {
  const index = lessons.findIndex(({ number }) => number === lesson);
  const entry = lessons[index];
  if (!entry || !text) {
    return html`<h2 id="lesson" class="hidden" tabindex="-1">${entry?.title ?? "Everything"}</h2>`;
  }
  const turn = (to: LessonEntry | undefined, words: string) =>
    to ? html`<a href=${addressOf(to.number)}>${words} ${to.title}</a>` : nothing;
  return html`
    <article class="lesson" aria-labelledby="lesson">
      <h2 id="lesson" tabindex="-1">${entry.number}. ${entry.title}</h2>
      <div class="question">${text.question}</div>
      ${text.sections.map(
        ({ title, body }) =>
          html`<section class="part" data-part=${title}><h3>${title}</h3>${body}</section>`,
      )}
      <p class="turn">${turn(lessons[index - 1], "Back to")} ${turn(lessons[index + 1], "Next:")}</p>
    </article>
  `;
}
