/** Runs an action on each item, at most `width` at a time. Yields the results as they are done. */
export async function* concurrently<T, R>(
  items: readonly T[],
  width: number,
  act: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const waiting = items[Symbol.iterator]();
  const running = new Map<number, Promise<{ index: number; result: R }>>();
  let started = 0;
  const start = () => {
    const next = waiting.next();
    if (next.done) return;
    const index = started++;
    const acting = act(next.value).then((result) => ({ index, result }));
    // The consumer may be busy when an action fails, so the failure comes with the next result that is asked for.
    acting.catch(() => {});
    running.set(index, acting);
  };
  for (let index = 0; index < width; index++) start();
  while (running.size > 0) {
    const { index, result } = await Promise.race(running.values());
    running.delete(index);
    start();
    yield result;
  }
}
