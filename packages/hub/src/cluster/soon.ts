/**
 * A value that is here, or a promise of it. What a server decides alone it has at once; only what others have to know or
 * to decide is waited for.
 */
export type Soon<T> = T | Promise<T>;

/** Goes on with a value: at once if it is here, otherwise when it comes. */
export function soon<T, R>(value: Soon<T>, next: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
