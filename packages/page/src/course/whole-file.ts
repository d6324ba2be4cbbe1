import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { copyText } from "../shared/clipboard.ts";
import { askPatiently } from "../shared/http.ts";
import { baseOf } from "../shared/servers.ts";
import { theme } from "../shared/theme.css.ts";
import { codeStyle } from "./code.css.ts";
import type { CodePlace, CodeToken } from "./code.ts";
import { lineOf } from "./code-figure.ts";
import { editorUrl, jsonOf, textOf, wholeFileUrl } from "./code-view.ts";

/** A whole file of the repository, in a window of its own. It opens once it has a place to show. */
export class WholeFile extends LitElement {
  static override properties = {
    place: { attribute: false },
    folder: { attribute: false },
    lines: { state: true },
    trouble: { state: true },
    isCopied: { state: true },
  };
  /** The file, and the line to begin at. `undefined` as long as none is open. */
  declare place: CodePlace | undefined;
  /** The repository on the visitor's machine, if the page was built there. */
  declare folder: string | undefined;
  declare lines: CodeToken[][] | undefined;
  declare trouble: string;
  declare isCopied: boolean;
  #asked = new AbortController();

  constructor() {
    super();
    this.trouble = "";
    this.isCopied = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#asked.abort();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("lines") && this.lines) this.#scroll();
    if (!changed.has("place") || !this.place) return;
    this.renderRoot.querySelector("dialog")?.showModal();
    void this.#load(this.place);
  }

  async #load({ file }: CodePlace): Promise<void> {
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    [this.lines, this.trouble, this.isCopied] = [undefined, "", false];
    const url = `${baseOf(location.href)}/${wholeFileUrl(file)}`;
    const answer = await askPatiently(url, signal, () => {
      this.trouble = "The server does not answer. The file will appear as soon as it does.";
    });
    if (signal.aborted || !answer) return;
    this.lines = jsonOf<CodeToken[][]>(answer);
    this.trouble = this.lines ? "" : `The server has no such file (${answer.status}).`;
  }

  #scroll(): void {
    this.renderRoot.querySelector(".here")?.scrollIntoView({ block: "center" });
  }

  get #text(): string {
    return textOf(this.lines ?? []);
  }

  async #copy(): Promise<void> {
    this.isCopied = await copyText(this.#text);
  }

  #save(): void {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([this.#text], { type: "text/plain" }));
    link.download = this.place?.file.split("/").at(-1) ?? "";
    link.click();
    URL.revokeObjectURL(link.href);
  }

  // The place is kept by whoever opened this, and is to be forgotten.
  #onClose(): void {
    this.#asked.abort();
    this.place = undefined;
    this.lines = undefined;
    this.dispatchEvent(new Event("closed"));
  }

  protected override render(): TemplateResult {
    const { place, lines, folder } = this;
    const url = place && editorUrl(place, folder, location.hostname);
    return html`
      <dialog aria-labelledby="file" @close=${this.#onClose}>
        <header>
          <h2 id="file"><code>${place?.file}</code></h2>
          ${url ? html`<a href=${url}>Open in VS Code</a>` : nothing}
          ${
            lines
              ? html`<button class="small" @click=${() => void this.#copy()}>${this.isCopied ? "Copied" : "Copy"}</button>
                <button class="small" @click=${() => this.#save()}>Save</button>`
              : nothing
          }
          <form method="dialog"><button class="small">Close</button></form>
        </header>
        <p class="hint" role="status">${this.trouble || (lines ? nothing : "Loading")}</p>
        ${
          lines
            ? html`<pre role="group" aria-label=${place?.file ?? ""} tabindex="0"><code>${lines.map(
                (line, at) => this.#line(line, at + 1),
              )}</code></pre>`
            : nothing
        }
      </dialog>
    `;
  }

  #line(tokens: CodeToken[], number: number): TemplateResult {
    const isHere = number === this.place?.line;
    return html`<span class=${isHere ? "numbered here" : "numbered"}><i aria-hidden="true">${number}</i>${lineOf(tokens, none)}</span>`;
  }

  static override styles = [
    theme,
    codeStyle,
    css`
      dialog {
        inline-size: min(64rem, 100vw - 2rem);
        block-size: min(60rem, 100dvh - 2rem);
        max-block-size: none;
        padding: 0;
        border: 1px solid var(--edge);
        border-radius: var(--round, 3px);
        background: var(--paper);
        color: var(--ink);
      }

      dialog[open] {
        display: grid;
        grid-template: max-content max-content minmax(0, 1fr) / minmax(0, 1fr);
      }

      dialog::backdrop {
        background: rgb(0 0 0 / 45%);
      }

      header {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
        align-items: center;
        padding: 0.75rem 1rem;
      }

      h2 {
        flex: 1 1 16rem;
        font-size: 0.9375rem;
        overflow-wrap: anywhere;
      }

      a {
        color: var(--lapis);
        font-size: 0.875rem;
      }

      p {
        padding-inline: 1rem;
      }

      pre {
        overflow: auto;
        border-width: 1px 0 0;
        border-radius: 0;
        box-shadow: none;
      }

      pre:focus-visible {
        outline-offset: -3px;
      }

      .numbered {
        display: grid;
        grid-template-columns: 4ch minmax(0, 1fr);
        gap: 1ch;
      }

      .numbered i {
        color: var(--muted);
        font-style: normal;
        text-align: end;
        user-select: none;
      }

      .here {
        background: color-mix(in srgb, var(--lapis) 14%, transparent);
      }
    `,
  ];
}

const none = { terms: [], reachable: new Set<string>() };

customElements.define("rosetta-whole-file", WholeFile);
