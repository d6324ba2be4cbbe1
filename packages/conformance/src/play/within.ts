// Waiting with a deadline.

/** Resolves with the promise's value, or with nothing if time was up first. `ms`: `Infinity` waits for ever. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  if (ms === Number.POSITIVE_INFINITY) return promise;
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const deadline = setTimeout(resolve, ms, undefined);
  return Promise.race([promise, late]).finally(() => clearTimeout(deadline));
}

/** Returns whether something finishes in time. */
export async function finishes(promise: Promise<void>, ms: number): Promise<boolean> {
  return (
    (await within(
      promise.then(() => true),
      ms,
    )) ?? false
  );
}
