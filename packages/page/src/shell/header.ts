import { lessons } from "virtual:lessons";
import { html, nothing, type TemplateResult } from "lit";
import { courseList } from "../course/course-list.ts";
import type { LessonEntry } from "../course/lesson.ts";
import type { CourseProgress } from "../course/progress.ts";
import type { Route } from "./route.ts";

/** A place to skip to, by its id. */
export type SkipTarget = "panels" | "wire" | "code";

/** The content of the header, and the functions that it calls. */
export interface HeaderParts {
  /** The lesson that is shown. */
  current: Route["lesson"];
  progress: CourseProgress;
  /** The places on this page that one can skip to, with what each is called. */
  skips: [place: SkipTarget, name: string][];
  addressOf(lesson: Route["lesson"]): string;
  skipTo(event: Event, place: SkipTarget): void;
  /** The choice of the servers. */
  servers: TemplateResult;
}

/** The page's name, with the way to its start. */
export function siteTitle(address: string): TemplateResult {
  return html`<h1><a href=${address}>${mark}<span class="name">WebSocket Rosetta</span></a></h1>`;
}

/** Draws the head of the page: ways to skip it, the page's name, the course, the servers. */
export function header(parts: HeaderParts): TemplateResult {
  const { skips, addressOf, servers } = parts;
  return html`
    <header>
      <nav class="skips" aria-label="Skip">${skips.map(([place, name]) => skip(parts, place, name))}</nav>
      ${siteTitle(addressOf("start"))} ${course(parts)} ${servers}
    </header>
  `;
}

function course(parts: HeaderParts): TemplateResult {
  const { current, progress, addressOf } = parts;
  const index = lessons.findIndex(({ number }) => number === current);
  return html`
    <nav class="course" aria-label="Course">
      ${turn(parts, lessons[index - 1], "Previous lesson", "M10 3 5 8l5 5")}
      <button class="contents" popovertarget="contents">
        <span class="where">${nameOf(current)}</span>
        <span class="count number">${progress.done.length} of ${lessons.length} done</span>
      </button>
      ${turn(parts, lessons[index + 1], "Next lesson", "m6 3 5 5-5 5")}
      <div id="contents" popover>
        ${courseList(progress, current, addressOf)}
        <p class="rest">
          <a href=${addressOf("next")} aria-current=${current === "next" ? "page" : nothing}>Where to go from here</a>
          <a href=${addressOf("all")} aria-current=${current === "all" ? "page" : nothing}>All panels</a>
        </p>
      </div>
    </nav>
  `;
}

function nameOf(current: Route["lesson"]): TemplateResult | string {
  const entry = lessons.find(({ number }) => number === current);
  if (entry) return html`<b class="number">${entry.number}</b> ${entry.title}`;
  return current === "all" ? "All panels" : "Lessons";
}

function turn(
  { current, addressOf }: HeaderParts,
  to: LessonEntry | undefined,
  what: string,
  path: string,
): TemplateResult | typeof nothing {
  if (typeof current !== "number") return nothing;
  const arrow = html`<svg viewBox="0 0 16 16" aria-hidden="true"><path d=${path} /></svg>`;
  if (!to) return html`<span class="turn-to">${arrow}</span>`;
  const label = `${what}: ${to.title}`;
  return html`<a class="turn-to" href=${addressOf(to.number)} aria-label=${label} title=${label}>${arrow}</a>`;
}

function skip({ skipTo }: HeaderParts, place: SkipTarget, name: string): TemplateResult {
  return html`<a class="skip" href="#${place}" @click=${(event: Event) => skipTo(event, place)}>Skip to ${name}</a>`;
}

// The stone with its three scripts, as in the icon.
const mark = html`
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <path class="stone" d="M5 3h17l6 5v19l-3 2H4V7z" />
    <path d="M9 11h9m3 0h2" /><path d="M9 17h4m3 0h7" /><path d="M9 23h7m3 0h4" />
  </svg>
`;
