import { lessons } from "virtual:lessons";
import { html, nothing, type TemplateResult } from "lit";
import type { Route } from "./route.ts";

/** The part of the page that a phone shows at a time. */
export type View = "do" | "wire" | "code" | "all";

/** A place to skip to, by its id. */
export type SkipTarget = "panels" | "wire" | "code";

/** The content of the header, and the functions that it calls. */
export interface HeaderParts {
  /** The lesson that is shown. */
  current: Route["lesson"];
  view: View;
  addressOf(lesson: Route["lesson"]): string;
  skipTo(event: Event, place: SkipTarget): void;
  show(view: View): void;
  /** The choice of the servers. */
  servers: TemplateResult;
}

/** The page's name. */
export const siteTitle: TemplateResult = html`
  <div class="name">
    <h1>WebSocket Rosetta</h1>
    <p>One application, written for several servers.</p>
  </div>
`;

/**
 * Draws the head of the page: ways to skip it, the page's name, the servers, the course, and on a phone what to show.
 */
export function header(parts: HeaderParts): TemplateResult {
  const { current, view, servers } = parts;
  return html`
    <header>
      <nav class="skips" aria-label="Skip">
        ${skip(parts, "panels", "Skip to the panels")} ${skip(parts, "wire", "Skip to the wire log")}
        ${current === "all" ? nothing : skip(parts, "code", "Skip to the code")}
      </nav>
      ${siteTitle} ${servers}
      <nav class="course" aria-label="Course">
        <ol>
          ${lessons.map(({ number, title }) => link(parts, number, html`<b class="number">${number}</b> ${title}`))}
          ${link(parts, "all", "Everything")}
        </ol>
      </nav>
      ${
        view === "all"
          ? nothing
          : html`<div class="views" role="group" aria-label="Show">
            ${viewButton(parts, "do", "Do")} ${viewButton(parts, "wire", "Wire")} ${viewButton(parts, "code", "Code")}
          </div>`
      }
    </header>
  `;
}

function skip({ skipTo }: HeaderParts, place: SkipTarget, label: string): TemplateResult {
  return html`<a class="skip" href="#${place}" @click=${(event: Event) => skipTo(event, place)}>${label}</a>`;
}

function link({ current, addressOf }: HeaderParts, lesson: Route["lesson"], label: unknown): TemplateResult {
  return html`<li><a href=${addressOf(lesson)} aria-current=${current === lesson ? "page" : nothing}>${label}</a></li>`;
}

function viewButton({ view, show }: HeaderParts, shown: View, label: string): TemplateResult {
  return html`<button aria-pressed=${view === shown} @click=${() => show(shown)}>${label}</button>`;
}
