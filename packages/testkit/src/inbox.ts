import { errorAt } from "./failure.ts";

/** How long to wait for anything unless a test says otherwise. */
export const defaultDeadlineMs = 5_000;

/** Options for waiting. */
export interface Await {
  /** The deadline in ms. Default: 5,000. */
  deadline?: number | undefined;
  /** A name for what is awaited, for the error message. Default: none. */
  awaited?: string | undefined;
}

interface Waiter<T> {
  wants: (item: T) => boolean;
  done: (item: T) => void;
  end: (why: string) => void;
}

/**
 * A queue of things that arrive in order, for callers that wait for them. Each item is taken once. An item that one
 * caller does not want stays for the next.
 */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #waiters = new Set<Waiter<T>>();
  readonly #story: () => string;
  #ended: string | undefined;

  /** `story` describes everything that happened, for the error messages. */
  constructor(story: () => string) {
    this.#story = story;
  }

  /** What has arrived and was not taken, oldest first. */
  get waiting(): readonly T[] {
    return this.#items;
  }

  /** Takes everything that has arrived. */
  drain(): T[] {
    return this.#items.splice(0);
  }

  add(item: T): void {
    const waiter = [...this.#waiters].find(({ wants }) => wants(item));
    if (waiter) waiter.done(item);
    else this.#items.push(item);
  }

  /** Ends the inbox: nothing more will come, and callers that are waiting get an error. */
  end(why: string): void {
    this.#ended ??= why;
    for (const waiter of [...this.#waiters]) waiter.end(why);
  }

  /**
   * Takes the oldest item that is wanted, now or when it arrives. Otherwise throws an error that says what arrived
   * instead.
   */
  take(awaited: string, wants: (item: T) => boolean, deadline = defaultDeadlineMs): Promise<T> {
    const index = this.#items.findIndex(wants);
    if (index >= 0) return Promise.resolve(this.#items.splice(index, 1)[0] as T);
    const caller = new Error();
    const taken = new Promise<T>((resolve, fail) => {
      const reject = (problem: string) => {
        settle();
        fail(errorAt(caller, new Error(`${problem}; ${this.#story()}`)));
      };
      const end = (why: string) => reject(`waited for ${awaited}, but ${why}`);
      const done = (item: T) => {
        settle();
        resolve(item);
      };
      const waiter = { wants, done, end };
      const timer = setTimeout(() => reject(`waited ${deadline} ms for ${awaited}`), deadline);
      const settle = () => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      this.#waiters.add(waiter);
      if (this.#ended !== undefined) end(this.#ended);
    });
    return forgettable(taken);
  }
}

/** Returns a promise that must settle in time. `story` describes what happened instead. */
export function within<T>(
  promise: Promise<T>,
  awaited: string,
  options: Await = {},
  story?: () => string,
): Promise<T> {
  const deadline = options.deadline ?? defaultDeadlineMs;
  const caller = new Error();
  const settled = new Promise<T>((resolve, reject) => {
    const late = () => [`waited ${deadline} ms for ${options.awaited ?? awaited}`, story?.()].filter(Boolean);
    const timer = setTimeout(() => reject(errorAt(caller, new Error(late().join("; ")))), deadline);
    const clear = () => clearTimeout(timer);
    promise.then(resolve, reject).then(clear, clear);
  });
  return forgettable(settled);
}

// A caller that awaits it sees the error. If a test ends without awaiting it, the next test must not fail.
function forgettable<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
