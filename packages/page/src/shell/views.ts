import { html, type TemplateResult } from "lit";

/** The part of a lesson that a narrow screen shows. */
export type View = "do" | "wire" | "code" | "all";

/** Draws the choice of what a narrow screen shows. */
export function views(shown: View, show: (view: View) => void): TemplateResult {
  const button = (view: View, label: string) =>
    html`<button aria-pressed=${view === shown} @click=${() => show(view)}>${label}</button>`;
  return html`
    <nav class="views" aria-label="Show">
      ${button("do", "Do")} ${button("wire", "Wire")} ${button("code", "Code")}
    </nav>
  `;
}
