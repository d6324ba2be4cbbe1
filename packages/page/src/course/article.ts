import { lessons } from "virtual:lessons";
import { html, nothing, type TemplateResult } from "lit";
import type { CoursePlace } from "./course-place.ts";
import type { LessonEntry, LessonText } from "./lesson.ts";

/** A lesson as it is shown, with how far the reader has come in it. */
export interface Article {
  lesson: CoursePlace;
  /** Nothing while it is being loaded, and for *All panels*. */
  text: LessonText | undefined;
  /** For each step, whether it is done. */
  done: boolean[];
  /** What the panels have told of. */
  told: ReadonlySet<string>;
  /** Whether a narrow screen shows every step, instead of the one that is next. */
  showsAllSteps: boolean;
  toggleSteps(): void;
  addressOf(lesson: CoursePlace): string;
}

/** Draws what comes before the panels: the question, what to guess at, and what to do. */
export function beforePanels(article: Article): TemplateResult {
  const { lesson, text } = article;
  const index = lessons.findIndex(({ number }) => number === lesson);
  const entry = lessons[index];
  if (!entry || !text) {
    return html`<h2 id="lesson" class="hidden" tabindex="-1">${entry?.title ?? "All panels"}</h2>`;
  }
  return html`
    <div class="opening">
      <h2 id="lesson" tabindex="-1">${entry.number}. ${entry.title}</h2>
      <p class="eyebrow">${entry.group}<span class="number"> · ${entry.minutes} min</span></p>
      <div class="question">${text.question}</div>
    </div>
    ${text.guess ? html`<rosetta-guess .guess=${text.guess} ?seen=${article.told.has(text.guess.seen)}></rosetta-guess>` : nothing}
    <div class="beside"><div class="guide">${stepsOf(article, text)}</div></div>
  `;
}

/** Draws what comes after the panels: what to notice, the trap, and the ways to the neighbours. */
export function afterPanels({ lesson, text, addressOf }: Article): TemplateResult | typeof nothing {
  const index = lessons.findIndex(({ number }) => number === lesson);
  if (index === -1 || !text) return nothing;
  const next = lessons[index + 1];
  return html`
    <div class="closing">
      ${text.sections.map(
        ({ title, body }) =>
          html`<section class="part" data-part=${title}><h3>${title}</h3>${body}</section>`,
      )}
      <p class="turn">
        ${backTo(lessons[index - 1], addressOf)}
        <a class="onward" href=${addressOf(next?.number ?? "next")}
          ><span>Next</span> ${next ? next.title : "Where to go from here"}</a
        >
      </p>
    </div>
  `;
}

function backTo(entry: LessonEntry | undefined, addressOf: Article["addressOf"]): TemplateResult {
  if (!entry) return html`<a href=${addressOf("start")}><span>Back</span> Start</a>`;
  return html`<a href=${addressOf(entry.number)}><span>Back</span> ${entry.title}</a>`;
}

function stepsOf({ done, showsAllSteps, toggleSteps }: Article, { steps }: LessonText): TemplateResult {
  const next = done.indexOf(false);
  const count = done.filter(Boolean).length;
  return html`
    <section class="part" data-part="Do" ?data-all=${showsAllSteps}>
      <div class="apart">
        <h3>Do</h3>
        <span class="muted number" role="status" aria-label="Steps done">${count} of ${steps.length} done</span>
        <button class="small all-steps" aria-expanded=${showsAllSteps} @click=${toggleSteps}>All steps</button>
      </div>
      <ol>
        ${steps.map(
          ({ text }, index) => html`
            <li data-done=${done[index] === true} aria-current=${index === next ? "step" : nothing}>
              <span class="tick" aria-hidden="true">${done[index] ? "✓" : index + 1}</span>
              <div>${text}${done[index] ? html`<span class="hidden"> (done)</span>` : nothing}</div>
            </li>
          `,
        )}
      </ol>
    </section>
  `;
}
