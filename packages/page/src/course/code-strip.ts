import { adoptStyles, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { copyText } from "../shared/clipboard.ts";
import { askPatiently } from "../shared/http.ts";
import { theme } from "../shared/theme.css.ts";
import type { CodeExcerpt, CodePlace, CodeRow, CodeServer, CodeTest, LessonCode } from "./code.ts";
import type { FigureContext } from "./code-figure.ts";
import { jsonOf, summaryOf } from "./code-view.ts";

/** Code of more lines than this is folded: on a phone, where columns stand below each other, and everywhere. */
const foldedAbove = { onPhone: 14, everywhere: 30 } as const;

/** The code behind a lesson: the browser's, then each server's, side by side, with the tests that prove it. */
export class CodeStrip extends LitElement {
  static override properties = {
    source: { attribute: false },
    first: { attribute: false },
    code: { state: true },
    trouble: { state: true },
    dimmed: { state: true },
    unfolded: { state: true },
    copied: { state: true },
    whole: { state: true },
    isSeen: { state: true },
  };
  /** Where the lesson's code is. */
  declare source: string | undefined;
  /** Ids of the tests that the lesson names. */
  declare first: string[];
  declare code: LessonCode | undefined;
  /** Why it cannot be shown. Empty if nothing is wrong. */
  declare trouble: string;
  /** Whether lines that all servers share step back. */
  declare dimmed: boolean;
  /** The regions of which every line is shown, though they are long. */
  declare unfolded: ReadonlySet<string>;
  /** The text that was copied last. */
  declare copied: string | undefined;
  /** The file that is shown as a whole. */
  declare whole: CodePlace | undefined;
  /** Whether the reader has scrolled down to the code, so that it is worth its bytes. */
  declare isSeen: boolean;
  #asked = new AbortController();
  /** What draws the code. It is loaded together with the first. */
  #figures: typeof import("./code-figure.ts") | undefined;
  #observer = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) this.isSeen = true;
  });

  constructor() {
    super();
    this.first = [];
    this.trouble = "";
    this.dimmed = true;
    this.unfolded = new Set();
    this.isSeen = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#asked.abort();
    this.#observer.disconnect();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("source")) this.#await();
    else if (changed.has("isSeen") && this.isSeen) void this.#load();
  }

  protected override updated(): void {
    // As many rows as there are lines and a caption. In a style sheet this number cannot be written.
    for (const columns of this.renderRoot.querySelectorAll<HTMLElement>(".columns")) {
      columns.style.setProperty("--rows", String(Number(columns.dataset.lines) + 1));
    }
  }

  // Loaded when it comes into view. So it delays nothing that stands above, and a phone loads it only when asked to.
  #await(): void {
    this.#asked.abort();
    [this.code, this.trouble, this.unfolded, this.isSeen] = [undefined, "", new Set(), false];
    this.#observer.disconnect();
    this.#observer.observe(this);
  }

  async #load(): Promise<void> {
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    this.#observer.disconnect();
    if (!this.source) return;
    const answer = await askPatiently(this.source, signal, () => {
      this.trouble = "The server does not answer. The code will appear as soon as it does.";
    });
    if (signal.aborted || !answer) return;
    const isReady = await this.#loadFigures();
    if (signal.aborted) return;
    this.code = isReady ? jsonOf<LessonCode>(answer) : undefined;
    this.trouble = this.code ? "" : "The server has no code for this page any more. Load the page again.";
  }

  /** Returns false if they cannot be had. */
  async #loadFigures(): Promise<boolean> {
    if (this.#figures) return true;
    try {
      const [figures, { TermTip }] = await Promise.all([import("./code-figure.ts"), import("./term-tip.ts")]);
      if (!this.#figures) {
        new TermTip(this, (term) => this.code?.terms[term]);
        adoptStyles(this.renderRoot as ShadowRoot, [theme, ...figures.figureStyles]);
      }
      this.#figures = figures;
      return true;
    } catch {
      return false;
    }
  }

  async #copy(text: string): Promise<void> {
    this.copied = (await copyText(text)) ? text : undefined;
  }

  async #showFile(place: CodePlace): Promise<void> {
    try {
      await import("./whole-file.ts");
      this.whole = place;
    } catch {
      this.trouble = "Whole files cannot be shown now. Load the page again.";
    }
  }

  #context(): FigureContext {
    const terms = Object.keys(this.code?.terms ?? {});
    return {
      terms,
      reachable: new Set(terms),
      folder: this.code?.folder,
      copied: this.copied,
      copy: (text) => void this.#copy(text),
      showFile: (place) => void this.#showFile(place),
    };
  }

  protected override render(): TemplateResult {
    return html`
      <section aria-labelledby="title" class=${this.dimmed ? "dimmed" : nothing}>
        <div class="head">
          <h2 id="title">The code</h2>
          <p class="intro">Taken from the source files. Press a path to see its whole file.</p>
          <label class="choice">
            <input type="checkbox" .checked=${this.dimmed} @change=${this.#onDim} />Dim the lines that all servers share
          </label>
        </div>
        <p class="bad" role="status">${this.trouble}</p>
        ${this.code ? this.#parts(this.code) : nothing}
        <p class="hidden" role="status">${this.copied ? "Copied" : nothing}</p>
        <div class="tip" popover="manual"></div>
        <rosetta-whole-file
          .place=${this.whole}
          .folder=${this.code?.folder}
          @closed=${() => (this.whole = undefined)}
        ></rosetta-whole-file>
      </section>
    `;
  }

  #onDim(event: Event): void {
    this.dimmed = (event.target as HTMLInputElement).checked;
  }

  #parts(code: LessonCode): unknown {
    const { browser, rung, rows, terms, ran } = code;
    return [
      part("In the browser", nothing, this.#excerpts(browser, this.#context())),
      rung &&
        part(
          "On the server, in one file",
          html`Step ${rung.name.replace("-", ", ")}. It imports nothing of ours, so what you see is what there is.`,
          this.#row(rung.row, "step "),
        ),
      part(
        "In the application",
        html`What each server writes itself. ${ran ? `The tests ran on ${ran.slice(0, 10)}.` : html`The tests have no verdicts yet: run <code>pnpm e2e</code> once.`}`,
        rows.map((row) => this.#row(row)),
      ),
      Object.entries(terms).map(([term, meaning]) => html`<p id="term-${term}" hidden>${meaning}</p>`),
    ];
  }

  #excerpts(excerpts: CodeExcerpt[], context: FigureContext): TemplateResult {
    return html`
      <div class=${excerpts.length === 1 ? "excerpts alone" : "excerpts"}>
        ${excerpts.map((excerpt) => this.#figures?.excerptFigure(excerpt, context))}
      </div>
    `;
  }

  #row(row: CodeRow, prefix = ""): TemplateResult {
    const { region, columns, decided } = row;
    const name = `${prefix}${region}`;
    const context = this.#context();
    const count = columns[0]?.lines.length ?? 0;
    const most = Math.max(count, ...decided.map(({ lines }) => lines.length));
    const isFolded = most > foldedAbove.onPhone && !this.unfolded.has(name);
    const length = most > foldedAbove.everywhere ? "long" : "";
    return html`
      <article aria-label=${name} class="${length} ${isFolded ? "folded" : ""}">
        <h4>${region}</h4>
        <div class="row">
          <div class="columns" data-count=${columns.length} data-lines=${count}>
            ${columns.map((column) => this.#figures?.columnFigure(name, column, context))}
          </div>
          ${
            decided.length > 0
              ? html`<div class="decided">
                <h5>Decided once, for all servers</h5>
                ${this.#excerpts(decided, context)}
              </div>`
              : nothing
          }
        </div>
        ${
          most > foldedAbove.onPhone
            ? html`<button class="small unfold" aria-expanded=${!isFolded} @click=${() => this.#fold(name)}
              >${isFolded ? `Show all ${most} lines` : "Show less"}</button
            >`
            : nothing
        }
        ${this.#tests(row)}
      </article>
    `;
  }

  #fold(name: string): void {
    const others = [...this.unfolded].filter((other) => other !== name);
    this.unfolded = new Set(this.unfolded.has(name) ? others : [...others, name]);
  }

  #tests({ tests, columns }: CodeRow): TemplateResult | typeof nothing {
    if (tests.length === 0) return nothing;
    const sorted = tests.toSorted((a, b) => this.#rank(a) - this.#rank(b));
    const servers = columns.flatMap((column) => column.servers).toSorted((a, b) => a.place - b.place);
    return html`
      <details>
        <summary>${summaryOf(tests, servers.length)}</summary>
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

  static override styles = [theme];
}

function part(title: string, words: unknown, content: unknown): TemplateResult {
  return html`
    <div class="part">
      <header>
        <h3>${title}</h3>
        ${words === nothing ? nothing : html`<p>${words}</p>`}
      </header>
      ${content}
    </div>
  `;
}

const marks: Record<string, { sign: string; tone: string }> = {
  passed: { sign: "✓", tone: "good" },
  deviates: { sign: "≠", tone: "warn" },
  failed: { sign: "✗", tone: "bad" },
};

function testOf({ id, level, title, verdicts }: CodeTest, servers: CodeServer[]): TemplateResult {
  const hasRun = Object.keys(verdicts).length > 0;
  return html`
    <li>
      <code>${id}</code>
      <span class="what">${level} ${title}</span>
      ${hasRun ? servers.map((server) => verdictOf(server, verdicts[server.app] ?? "not run")) : nothing}
    </li>
  `;
}

function verdictOf({ title }: CodeServer, verdict: string): TemplateResult {
  const { sign, tone } = marks[verdict] ?? { sign: "–", tone: "muted" };
  return html`<span class=${tone} title="${title}: ${verdict}"
    ><span aria-hidden="true">${sign}</span><span class="hidden">${title}: ${verdict}</span></span
  >`;
}

customElements.define("rosetta-code-strip", CodeStrip);
