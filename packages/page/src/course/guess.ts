import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
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
      <fieldset ?data-open=${this.isOpen}>
        <legend><span class="label">Guess first</span> ${question}</legend>
        <div class="options">${choices.map((choice, index) => this.#option(choice, index))}</div>
      </fieldset>
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
    const isAnswer = this.#isTold && choice === this.guess.answer;
    const isMiss = this.#isTold && choice === this.chosen && !isAnswer;
    return html`
      <label class="option" data-verdict=${isAnswer ? "answer" : isMiss ? "miss" : "open"} for="option-${index}">
        <input
          type="radio"
          name="guess"
          id="option-${index}"
          .checked=${choice === this.chosen}
          ?disabled=${this.#isTold}
          @change=${() => (this.chosen = choice)}
        />
        ${choice}
      </label>
    `;
  }

  #verdict(): TemplateResult {
    const { answer, because } = this.guess;
    if (!this.#isTold) {
      if (this.chosen === undefined) return html``;
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
        padding: 0.75rem 0.875rem;
        border: 1px dashed var(--edge);
        border-radius: var(--round);
        font-size: var(--text-2);
        text-wrap: pretty;
      }

      .toggle {
        display: none;
      }

      legend {
        font-weight: 500;
      }

      /* The question is one press away, so that what it is about is on the first screen. */
      @media (width < 60rem) {
        :host {
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

        fieldset,
        [role="status"] {
          margin-inline: 0.625rem;
        }

        fieldset:not([data-open]),
        legend .label {
          display: none;
        }

        [data-open] {
          margin-block-end: 0.5rem;
        }
      }

      legend .label {
        display: block;
        color: var(--muted);
        font-size: var(--text-1);
      }

      .options {
        display: flex;
        flex-wrap: wrap;
        gap: 0.375rem;
        margin-block-start: 0.5rem;
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

      .option:has(:disabled) {
        border-color: var(--line);
        background: none;
        color: var(--muted);
        cursor: default;
      }

      .option[data-verdict="answer"] {
        border-color: var(--good);
        color: var(--good);
      }

      .option[data-verdict="miss"] {
        text-decoration: line-through;
      }

      [role="status"]:focus {
        outline: none;
      }

      .hint,
      .told {
        margin-block-start: 0.5rem;
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
