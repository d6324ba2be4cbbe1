import { lessons } from "virtual:lessons";
import { css, html, nothing, type TemplateResult } from "lit";
import type { LessonEntry } from "./lesson.ts";
import type { CourseProgress } from "./progress.ts";

/** Draws all lessons in their groups, with the minutes that each takes, and which are done. */
export function courseList(
  { done }: CourseProgress,
  current: unknown,
  addressOf: (lesson: number) => string,
): TemplateResult {
  const groups = Map.groupBy(lessons, ({ group }) => group);
  return html`
    <ol class="groups">
      ${[...groups].map(
        ([group, members]) => html`
          <li>
            <h3>${group}</h3>
            <ol>${members.map((entry) => lessonLink(entry, done.includes(entry.number), entry.number === current, addressOf))}</ol>
          </li>
        `,
      )}
    </ol>
  `;
}

function lessonLink(
  { number, title, minutes }: LessonEntry,
  isDone: boolean,
  isCurrent: boolean,
  addressOf: (lesson: number) => string,
): TemplateResult {
  return html`
    <li>
      <a href=${addressOf(number)} aria-current=${isCurrent ? "page" : nothing} data-done=${isDone}>
        <span class="mark-done" aria-hidden="true">${isDone ? "✓" : number}</span>
        <span><span class="hidden">${number} </span>${title}${isDone ? html`<span class="hidden"> (done)</span>` : nothing}</span>
        <span class="minutes number">${minutes} min</span>
      </a>
    </li>
  `;
}

/** Returns the minutes that all lessons together take. */
export function courseMinutes(): number {
  return lessons.reduce((sum, { minutes }) => sum + minutes, 0);
}

/** The style of the list. */
export const courseListStyle = css`
  .groups {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 16.5rem), 1fr));
    gap: 1.25rem 2rem;
  }

  .groups h3 {
    margin-block-end: 0.25rem;
    color: var(--muted);
    font-weight: 500;
  }

  .groups a {
    display: grid;
    grid-template-columns: 1.5rem minmax(0, 1fr) max-content;
    gap: 0.625rem;
    align-items: center;
    margin-inline: -0.5rem;
    padding: 0.375rem 0.5rem;
    border-radius: var(--round);
    color: inherit;
    font-weight: 500;
    line-height: 1.35;
    text-decoration: none;
  }

  .groups a:hover {
    background: color-mix(in srgb, var(--accent) 9%, transparent);
  }

  .groups a[aria-current] {
    color: var(--accent);
    box-shadow: inset 3px 0 var(--accent);
  }

  .mark-done {
    display: grid;
    place-items: center;
    block-size: 1.5rem;
    border: 1px solid var(--edge);
    border-radius: 50%;
    color: var(--muted);
    font: 600 var(--text-1) / 1 var(--sans);
    font-variant-numeric: tabular-nums;
  }

  [data-done="true"] .mark-done {
    border-color: var(--good);
    background: var(--good);
    color: var(--paper);
  }

  .minutes {
    color: var(--muted);
    font-size: var(--text-1);
    font-weight: 400;
  }
`;
