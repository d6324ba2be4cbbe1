import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { theme } from "../shared/theme.css.ts";
import type { LessonGuess } from "./lesson.ts";

/** A question to guess at. The answer is told once the reader has seen it happen, or asks for it. */
export class LessonGuessing extends LitElement {
  static override properties = {
    guess: { attribute: false },
    seen: { type: Boolean },
    chosen: { state: true },
    isAsked: { state: true },
    isOpen: { state: true },
  };
  declare guess: LessonGuess;
  /** Whether the reader has seen the answer happen. */
  declare seen: boolean;
  declare chosen: string | undefined;
  /** Whether the reader asked for the answer. */
  declare isAsked: boolean;
  /** Whether a narrow screen shows the question. */
  declare isOpen: boolean;

  constructor() {
    super();
    this.isOpen = false;
    this.seen = false;
    this.isAsked = false;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("guess")) return;
    this.chosen = undefined;
    this.isAsked = false;
    this.isOpen = false;
  }

  get #isTold(): boolean {
    return this.isAsked || (this.seen && this.chosen !== undefined);
  }

  protected override render(): TemplateResult {
    const { question, choices } = this.guess;
    return html`
      <button class="small toggle" aria-expanded=${this.isOpen} @click=${() => (this.isOpen = !this.isOpen)}>
        <b>Guess first</b> <span class="muted">${question}</span>
      </button>
      <div class="guess" role="radiogroup" aria-labelledby="question" ?data-open=${this.isOpen}>
        <p id="question"><span class="label">Guess first</span> ${question}</p>
        ${
          this.#isTold
            ? nothing
            : html`<div class="options">${choices.map((choice, index) => this.#option(choice, index))}</div>`
        }
      </div>
      <div role="status" aria-label="Your guess" tabindex="-1">${this.#verdict()}</div>
    `;
  }

  // The button is gone once it was pressed, so the focus moves to what it brought.
  async #ask(): Promise<void> {
    this.isAsked = true;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("[role=status]")?.focus();
  }

  #option(choice: string, index: number): TemplateResult {
    return html`
      <label class="option" for="option-${index}">
        <input
          type="radio"
          name="guess"
          id="option-${index}"
          .checked=${choice === this.chosen}
          @change=${() => (this.chosen = choice)}
        />
        ${choice}
      </label>
    `;
  }

  #verdict(): TemplateResult | typeof nothing {
    const { answer, because } = this.guess;
    if (!this.#isTold) {
      if (this.chosen === undefined) return nothing;
      return html`<p class="hint">
        You guess ${this.chosen}. Now try it.
        <button class="small" @click=${this.#ask}>Tell me</button>
      </p>`;
    }
    const isRight = this.chosen === answer;
    return html`<p class="told">
      <b class=${isRight ? "good" : "warn"}>${isRight ? `Right: ${answer}.` : `You guessed ${this.chosen}. It is ${answer}.`}</b>
      ${because}
    </p>`;
  }

  static override styles = [
    theme,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem 1rem;
        align-items: center;
        padding: 0.625rem 0.875rem;
        border: 1px dashed var(--edge);
        border-radius: var(--round);
        font-size: var(--text-2);
        text-wrap: pretty;
      }

      .toggle {
        display: none;
      }

      .guess {
        display: flex;
        flex: 1;
        flex-wrap: wrap;
        gap: 0.5rem 1rem;
        align-items: center;
      }

      #question {
        flex: 1 1 18rem;
        font-weight: 500;
      }

      /* The answer takes the place of the hint, so that nothing below moves when it comes. */
      [role="status"] {
        flex-basis: 100%;
      }

      [role="status"]:empty {
        display: none;
      }

      /* The question is one press away, so that what it is about is on the first screen. */
      @media (width < 60rem) {
        :host {
          display: block;
          padding: 0.25rem;
        }

        .toggle {
          display: block;
          inline-size: 100%;
          overflow: hidden;
          border-color: transparent;
          text-align: start;
          text-overflow: ellipsis;
        }

        .toggle[aria-expanded="true"] span {
          display: none;
        }

        .guess,
        [role="status"] {
          margin-inline: 0.625rem;
        }

        .guess:not([data-open]),
        .label {
          display: none;
        }

        [data-open] {
          margin-block-end: 0.5rem;
        }
      }

      .label {
        margin-inline-end: 0.375rem;
        color: var(--muted);
        font-weight: 600;
      }

      .options {
        display: flex;
        flex-wrap: wrap;
        gap: 0.375rem;
      }

      .option {
        position: relative;
        padding: 0.3125rem 0.75rem;
        border: 1px solid var(--edge);
        border-radius: 1rem;
        font-weight: 500;
        cursor: pointer;
      }

      .option input {
        position: absolute;
        inset: 0;
        inline-size: 100%;
        block-size: 100%;
        opacity: 0;
        cursor: inherit;
      }

      .option:hover,
      .option:has(:checked) {
        border-color: var(--accent);
        color: var(--accent);
      }

      .option:has(:checked) {
        background: color-mix(in srgb, var(--accent) 10%, transparent);
      }

      .option:has(:focus-visible) {
        outline: 3px solid var(--accent);
        outline-offset: 2px;
      }

      [role="status"]:focus {
        outline: none;
      }

      .hint {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 0.5rem;
        align-items: center;
      }
    `,
  ];
}

customElements.define("rosetta-guess", LessonGuessing);
