import type { LitElement, ReactiveController } from "lit";

/** Milliseconds in which a pointer can go from a word to its explanation. */
const leaveMs = 200;
/** Pixels between an explanation and the edge of the window. */
const edge = 8;

/**
 * Explains words on focus and under the pointer: `<dfn data-term="…">` in the element's shadow root. The explanation is
 * a popover with the class `tip`. It stays while the pointer is on it, and goes with Escape (WCAG 2.2, 1.4.13).
 */
export class TermTip implements ReactiveController {
  readonly #host: LitElement;
  readonly #meaningOf: (term: string) => string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The word that is explained. */
  #word: HTMLElement | undefined;

  /** `meaningOf` returns what a word means. */
  constructor(host: LitElement, meaningOf: (term: string) => string | undefined) {
    this.#host = host;
    this.#meaningOf = meaningOf;
    host.addController(this);
  }

  hostConnected(): void {
    const root = this.#host.renderRoot;
    for (const name of ["focusin", "pointerover"]) root.addEventListener(name, this.#enter);
    for (const name of ["focusout", "pointerout"]) root.addEventListener(name, this.#leave);
    root.addEventListener("keydown", this.#onKey);
    addEventListener("scroll", this.#place, { passive: true });
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
    removeEventListener("scroll", this.#place);
  }

  get #tip(): HTMLElement | null {
    return this.#host.renderRoot.querySelector(".tip");
  }

  #enter = ({ target }: Event): void => {
    const element = target as HTMLElement;
    if (element === this.#tip) return clearTimeout(this.#timer);
    const word = element.closest<HTMLElement>("dfn");
    const meaning = this.#meaningOf(word?.dataset.term ?? "");
    if (!word || meaning === undefined) return;
    clearTimeout(this.#timer);
    this.#show(word, meaning);
  };

  #show(word: HTMLElement, meaning: string): void {
    const tip = this.#tip;
    if (!tip) return;
    this.#word = word;
    tip.textContent = meaning;
    tip.showPopover();
    this.#place();
  }

  // Below the word, or above it where there is no room. A focus often scrolls, and then the popover goes along.
  #place = (): void => {
    const tip = this.#tip;
    if (!tip || !this.#word) return;
    const { left, top, bottom } = this.#word.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = tip;
    const rightmost = document.documentElement.clientWidth - offsetWidth - edge;
    tip.style.left = `${Math.max(edge, Math.min(left, rightmost))}px`;
    tip.style.top = `${bottom + offsetHeight < innerHeight ? bottom : top - offsetHeight}px`;
  };

  #leave = (): void => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#hide, leaveMs);
  };

  #onKey = (event: Event): void => {
    if ((event as KeyboardEvent).key === "Escape") this.#hide();
  };

  #hide = (): void => {
    this.#word = undefined;
    this.#tip?.hidePopover();
  };
}
