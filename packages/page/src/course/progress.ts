/** How far the reader has come, on this machine. */
export interface CourseProgress {
  /** The lessons whose steps are done, in order. */
  done: number[];
  /** The lesson that was open last. */
  last?: number;
}

/** The part of `Storage` that is needed. */
export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const key = "rosetta-progress";

/** Keeps the progress in the browser's storage. If storage is forbidden, it lasts as long as the page. */
export class ProgressBook {
  #progress: CourseProgress;
  readonly #shelf: Shelf | undefined;

  /** `shelf` is where it is kept. Without one, it lasts as long as the page. */
  constructor(shelf: Shelf | undefined) {
    this.#shelf = shelf;
    this.#progress = readProgress(attempt(() => shelf?.getItem(key)));
  }

  get progress(): CourseProgress {
    return this.#progress;
  }

  /** Notes that a lesson was opened. */
  opened(lesson: number): void {
    this.#keep({ ...this.#progress, last: lesson });
  }

  /** Notes that all steps of a lesson are done. */
  finished(lesson: number): void {
    const done = [...new Set([...this.#progress.done, lesson])].sort((a, b) => a - b);
    this.#keep({ ...this.#progress, done });
  }

  /** Forgets everything. */
  reset(): void {
    this.#progress = { done: [] };
    attempt(() => this.#shelf?.removeItem(key));
  }

  #keep(progress: CourseProgress): void {
    this.#progress = progress;
    attempt(() => this.#shelf?.setItem(key, JSON.stringify(progress)));
  }
}

// The stored value may come from another edition of the page, or from somebody's developer tools.
function readProgress(text: string | null | undefined): CourseProgress {
  const { done, last } = Object(attempt(() => JSON.parse(text ?? "null"))) as Record<string, unknown>;
  return {
    done: Array.isArray(done) ? done.filter(isLesson) : [],
    ...(isLesson(last) && { last }),
  };
}

function isLesson(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 1000;
}

/** Returns the browser's storage. A browser that blocks it throws an error at the mere mention of it. */
export function browserShelf(): Shelf | undefined {
  return attempt(() => localStorage);
}

function attempt<Value>(action: () => Value): Value | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
