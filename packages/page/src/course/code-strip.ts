import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { scriptOf } from "../shared/servers.ts";
import { theme } from "../shared/theme.css.ts";
import type { CodeColumn, CodeRow, CodeServer, CodeTest, CodeToken } from "./code.ts";

/** The code behind a lesson: each region in every server, side by side, with the tests that prove it. */
export class CodeStrip extends LitElement {
  static override properties = {
    rows: { attribute: false },
    first: { attribute: false },
    dimmed: { state: true },
  };
  declare rows: CodeRow[];
  /** Ids of the tests that the lesson names. */
  declare first: string[];
  /** Whether lines that all servers share step back. */
  declare dimmed: boolean;

  constructor() {
    super();
    this.rows = [];
    this.first = [];
    this.dimmed = true;
  }

  protected override render(): TemplateResult {
    return html`
      <section aria-labelledby="title">
        <header>
          <h2 id="title">The code</h2>
          <p class="intro">What runs on each server when you do this, from the files themselves.</p>
          <label class="choice">
            <input type="checkbox" .checked=${this.dimmed} @change=${this.#onDim} />Dim the lines that all servers share
          </label>
        </header>
        ${this.rows.map((row) => this.#row(row))}
      </section>
    `;
  }

  #onDim(event: Event): void {
    this.dimmed = (event.target as HTMLInputElement).checked;
  }

  #row(row: CodeRow): TemplateResult {
    return html`
      <article aria-labelledby="region-${row.region}" ?data-dimmed=${this.dimmed}>
        <h3 id="region-${row.region}"><code>${row.region}</code></h3>
        <div class="columns">${row.columns.map((column) => columnOf(row.region, column))}</div>
        ${this.#tests(row)}
      </article>
    `;
  }

  #tests({ tests, ran, columns }: CodeRow): TemplateResult {
    if (!tests) {
      return html`<p class="hint">Which tests prove it, and whether they pass here: run <code>pnpm e2e</code> once.</p>`;
    }
    const sorted = tests.toSorted((a, b) => this.#rank(a) - this.#rank(b));
    const servers = columns.flatMap((column) => column.servers).toSorted((a, b) => a.place - b.place);
    return html`
      <details>
        <summary>${summaryOf(tests, servers.length)} <span class="muted">${ran ? `Run on ${dayOf(ran)}.` : nothing}</span></summary>
        <ul>
          ${sorted.map((test) => testOf(test, servers))}
        </ul>
      </details>
    `;
  }

  #rank({ id }: CodeTest): number {
    const place = this.first.indexOf(id);
    return place === -1 ? this.first.length : place;
  }

  static override styles = [
    theme,
    css`
      header {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 2rem;
        align-items: baseline;
      }

      .intro {
        margin: 0;
        flex: 1 1 16rem;
      }

      article {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.5rem;
        padding-block: 0.75rem 1rem;
        border-block-start: 1px solid var(--line);
      }

      h3 code {
        font-size: 1rem;
      }

      .columns {
        display: grid;
        gap: 1rem 2rem;
      }

      figure {
        display: grid;
        gap: 0.375rem;
        align-content: start;
        grid-template-columns: minmax(0, 1fr);
        margin: 0;
        min-inline-size: 0;
      }

      figure:not([data-script]) {
        --accent: var(--muted);
      }

      figcaption {
        display: grid;
        align-content: start;
        font-size: 0.875rem;
      }

      figcaption b {
        color: var(--accent);
        font-weight: 600;
        font-family: var(--display);
      }

      pre {
        margin: 0;
        padding: 0.75rem;
        border-radius: 3px;
        background: var(--field);
        border: 1px solid var(--line);
        box-shadow: inset 3px 0 var(--accent);
        font-size: 0.8125rem;
        line-height: 1.6;
      }

      pre code {
        display: grid;
        font-size: inherit;
      }

      /* A line that is too long goes on further in, so that it is not taken for the next. */
      .line {
        min-block-size: 1.6em;
        padding-inline-start: 4ch;
        text-indent: -4ch;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }

      [data-dimmed] .same,
      [data-dimmed] .same span {
        color: var(--muted);
        font-weight: 400;
      }

      .k {
        color: var(--lapis);
        font-weight: 600;
      }

      .s {
        color: var(--good);
      }

      .c {
        color: var(--muted);
        font-style: italic;
      }

      .f {
        color: var(--warn);
      }

      .n,
      .t {
        color: var(--ochre);
      }

      summary {
        inline-size: fit-content;
        min-block-size: 1.75rem;
        font-size: 0.875rem;
        cursor: pointer;
      }

      li {
        display: flex;
        flex-wrap: wrap;
        gap: 0 0.75rem;
        padding-block: 0.1875rem;
        font-size: 0.875rem;
      }

      li .what {
        flex: 1 1 18rem;
      }

      @media (width >= 60rem) {
        .columns {
          grid-auto-flow: column;
          grid-auto-columns: minmax(0, 1fr);
          grid-template-rows: max-content max-content;
          row-gap: 0.375rem;
        }

        /* The code of all columns begins at one height, below the longest heading. */
        figure {
          grid-row: span 2;
          grid-template-rows: subgrid;
        }

        pre {
          align-self: start;
        }
      }

      /* Four columns would be too narrow for code, so they stand two by two. */
      @media (60rem <= width < 100rem) {
        .columns:has(> :nth-child(4)) {
          grid-auto-flow: row;
          grid-template: none / repeat(2, minmax(0, 1fr));
        }

        .columns:has(> :nth-child(4)) > :nth-child(n + 3) {
          margin-block-start: 0.625rem;
        }
      }
    `,
  ];
}

function columnOf(region: string, { servers, lines, same }: CodeColumn): TemplateResult {
  const names = servers.map(({ title }, index) => between(index, servers.length) + title).join("");
  const [first] = servers;
  // Lines that several servers share have the colour of none.
  const script = first && servers.length === 1 ? scriptOf(first.place) : nothing;
  return html`
    <figure data-script=${script}>
      <figcaption>
        <span>${servers.map((server, index) => nameOf(server, between(index, servers.length)))}${servers.length > 1 ? ": the same" : nothing}</span>
        ${servers.map(({ file, line }) => html`<span class="muted break">${file}:${line}</span>`)}
      </figcaption>
      <pre role="group" aria-label="${region} in ${names}"><code>${lines.map((line, at) =>
        lineOf(line, same[at] === true),
      )}</code></pre>
    </figure>
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

function lineOf(tokens: CodeToken[], same: boolean): TemplateResult {
  return html`<span class=${same ? "line same" : "line"}
    >${tokens.map(([kind, text]) => (kind === "" ? breakable(text) : html`<span class=${kind}>${text}</span>`))}</span
  >`;
}

// A chain of calls has no blanks to break at; it breaks before a dot, rather than within a word.
function breakable(text: string): unknown[] {
  return text.split(/(?=\.\w)/).map((part, index) => (index === 0 ? part : [html`<wbr />`, part]));
}

const marks: Record<string, { sign: string; tone: string }> = {
  passed: { sign: "✓", tone: "good" },
  deviates: { sign: "≠", tone: "warn" },
  failed: { sign: "✗", tone: "bad" },
};

function testOf(test: CodeTest, servers: CodeServer[]): TemplateResult {
  return html`
    <li>
      <code>${test.id}</code>
      <span class="what">${test.level} ${test.title}</span>
      ${servers.map(({ app, title }) => {
        const verdict = test.verdicts[app] ?? "not run";
        const { sign, tone } = marks[verdict] ?? { sign: "–", tone: "muted" };
        return html`<span class=${tone} title="${title}: ${verdict}"
          ><span aria-hidden="true">${sign}</span><span class="hidden">${title}: ${verdict}</span></span
        >`;
      })}
    </li>
  `;
}

function summaryOf(tests: CodeTest[], servers: number): string {
  const verdicts = tests.flatMap((test) => Object.values(test.verdicts));
  const count = (wanted: string) => verdicts.filter((verdict) => verdict === wanted).length;
  const rest = [
    count("deviates") > 0 ? `${count("deviates")} deviate as declared` : "",
    count("failed") > 0 ? `${count("failed")} failed` : "",
  ].filter(Boolean);
  const all = `${tests.length} ${tests.length === 1 ? "test proves" : "tests prove"} it`;
  return `${all} on ${servers} servers: ${[`${count("passed")} passed`, ...rest].join(", ")}.`;
}

function dayOf(date: string): string {
  return date.slice(0, 10);
}

customElements.define("rosetta-code-strip", CodeStrip);
