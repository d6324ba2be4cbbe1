import { html, nothing, type TemplateResult } from "lit";
import { scriptOf } from "../shared/servers.ts";
import { codeStyle } from "./code.css.ts";
import type { CodeColumn, CodeExcerpt, CodePlace, CodeServer, CodeToken } from "./code.ts";
import { codeStripStyle } from "./code-strip.css.ts";
import { editorUrl, piecesOf, textOf } from "./code-view.ts";

/** The styles of figures and of what stands around them. */
export const figureStyles = [codeStyle, codeStripStyle];

/** What figures need to know, and the functions that they call. */
export interface FigureContext {
  /** The words of the glossary that are explained. */
  terms: readonly string[];
  /** Those of them that are still to be reached by the keyboard in this row: the first of each. */
  reachable: Set<string>;
  /** The repository on the visitor's machine, if the page was built there. */
  folder: string | undefined;
  /** The code that was copied last. */
  copied: string | undefined;
  copy(text: string): void;
  showFile(place: CodePlace): void;
}

/** Draws one region as it reads in one server, or in several. */
export function columnFigure(region: string, column: CodeColumn, context: FigureContext): TemplateResult {
  const { servers, lines, same } = column;
  const names = servers.map(({ title }, index) => between(index, servers.length) + title).join("");
  const [first] = servers;
  // Lines that several servers share have the colour of none.
  const script = first && servers.length === 1 ? scriptOf(first.place) : nothing;
  const caption = html`${servers.map((server, index) => nameOf(server, between(index, servers.length)))}${servers.length > 1 ? ": the same" : nothing}`;
  return html`
    <figure data-script=${script}>
      ${captionOf(caption, servers, textOf(lines), context)}
      <pre role="group" aria-label="${region} in ${names}"><code>${lines.map((line, at) =>
        lineOf(line, context, same[at] === true),
      )}</code></pre>
    </figure>
  `;
}

/** Draws code that is the same for all servers. */
export function excerptFigure(excerpt: CodeExcerpt, context: FigureContext): TemplateResult {
  const { name, title, lines, page } = excerpt;
  const link = page ? html`<a href=${page} target="_blank" rel="noreferrer">Open this page</a>` : nothing;
  return html`
    <figure>
      ${captionOf(html`${title} ${link}`, [excerpt], textOf(lines), context)}
      <pre role="group" aria-label="${name} in ${title}"><code>${lines.map((line) => lineOf(line, context))}</code></pre>
    </figure>
  `;
}

function captionOf(
  names: TemplateResult,
  places: CodePlace[],
  text: string,
  { folder, copied, copy, showFile }: FigureContext,
): TemplateResult {
  return html`
    <figcaption>
      <span class="names">${names}</span>
      <ul class="places">
        ${places.map((place) => {
          const url = editorUrl(place, folder, location.hostname);
          return html`<li>
            <button class="place" title="Show the whole file" @click=${() => showFile(place)}
              >${place.file}:${place.line}</button
            >${url ? html`<a href=${url}>Edit</a>` : nothing}
          </li>`;
        })}
      </ul>
      <button class="small" @click=${() => copy(text)}>${copied === text ? "Copied" : "Copy"}</button>
    </figcaption>
  `;
}

function nameOf({ title, place }: CodeServer, before: string): TemplateResult {
  return html`${before}<b data-script=${scriptOf(place)}>${title}</b>`;
}

// In a list of names: `a, b and c`.
function between(index: number, count: number): string {
  if (index === 0) return "";
  return index === count - 1 ? " and " : ", ";
}

/** Draws a line of code. In place of `null` it draws a gap in which another column has a line. */
export function lineOf(
  tokens: CodeToken[] | null,
  context: Pick<FigureContext, "terms" | "reachable">,
  same = false,
): TemplateResult {
  if (!tokens) return html`<span class="line gap"></span>`;
  return html`<span class=${same ? "line same" : "line"}>${tokens.map((token) => tokenOf(token, context))}</span>`;
}

function tokenOf(token: CodeToken, context: Pick<FigureContext, "terms" | "reachable">): unknown {
  const [kind] = token;
  const pieces = piecesOf(token, context.terms).map(({ text, term }) => {
    if (term) return termOf(text, term, context);
    return kind === "" ? breakable(text) : text;
  });
  return kind === "" ? pieces : html`<span class=${kind}>${pieces}</span>`;
}

// One of a kind is enough for the keyboard: in every place, a row would have dozens of stops.
function termOf(text: string, term: string, { reachable }: Pick<FigureContext, "reachable">): TemplateResult {
  if (!reachable.delete(term)) return html`<dfn data-term=${term}>${text}</dfn>`;
  return html`<dfn data-term=${term} tabindex="0" aria-describedby="term-${term}">${text}</dfn>`;
}

// A chain of calls has no blanks to break at; it breaks before a dot, rather than within a word.
function breakable(text: string): unknown[] {
  return text.split(/(?=\.\w)/).map((part, index) => (index === 0 ? part : [html`<wbr />`, part]));
}
