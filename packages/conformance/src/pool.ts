/** Does something with each item, so many at a time; yields what comes of them as it is done. */
export async function* pool<T, R>(
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
    // Whoever takes the results may be busy when it fails: it is told with the next one that is asked for.
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
