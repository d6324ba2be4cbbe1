import { html, type TemplateResult } from "lit";

/** Shows a stack by its parts: the framework is large, and its partners stand below or behind it. */
export function nameOf(title: string): TemplateResult {
  const [framework, ...partners] = title.split(" + ");
  if (partners.length === 0) return html`${framework}`;
  return html`${framework}<span class="partner"><span class="hidden"> + </span>${partners.join(" + ")}</span>`;
}
