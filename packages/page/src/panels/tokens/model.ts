/** A model's answer, one token per word. It is shorter than one replay (32 events), so a newcomer gets all of it. */
export const answer: readonly string[] =
  "A token is a word or a part of one. Each goes out as an event, and keeps its number. So you can lose a connection, but never a word.".split(
    " ",
  );

/** One token on its way: its number, the total, and the word. */
export interface AnswerToken {
  /** Counts 1, 2, 3 … */
  number: number;
  of: number;
  word: string;
}

/** The text by which anybody in the topic cancels the answer. */
export const cancelText = "cancel";

// #region number
/** Writes a token as the text of an event: `7/30 part` */
export function textOfToken({ number, of, word }: AnswerToken): string {
  return `${number}/${of} ${word}`;
}

/** Puts an answer together from its tokens. One that comes twice counts once, because each has a number. */
export class AnswerText {
  /** By number. */
  readonly words = new Map<number, string>();
  /** How many tokens the answer has, once the first came. */
  of = 0;
  /** Tokens that came again and were dropped. */
  again = 0;
  isCancelled = false;

  read(text: string): void {
    const [, number, of, word = ""] = /^(\d+)\/(\d+) (.*)$/.exec(text) ?? [];
    if (text === cancelText) this.isCancelled = true;
    if (number === undefined) return;
    if (this.words.has(Number(number))) this.again += 1;
    this.words.set(Number(number), word);
    this.of = Number(of);
  }
  // #endregion number

  /** The words up to the newest; `…` stands for each that is missing. */
  get text(): string {
    return Array.from({ length: this.newest }, (_, index) => this.words.get(index + 1) ?? "…").join(" ");
  }

  get newest(): number {
    return Math.max(0, ...this.words.keys());
  }

  get missing(): number {
    return this.newest - this.words.size;
  }

  get isComplete(): boolean {
    return this.of > 0 && this.words.size === this.of;
  }
}
