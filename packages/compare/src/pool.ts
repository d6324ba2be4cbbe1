/**
 * Runs the work for all items, `size` at a time. No two use the same `slot` (from 0) at once. If one fails, nothing
 * more starts, what has started is awaited, and the first error is thrown.
 */
export async function pool<Item, Result>(
  items: Item[],
  size: number,
  work: (item: Item, slot: number) => Promise<Result>,
): Promise<Result[]> {
  const queue = [...items.entries()];
  const results: Result[] = [];
  const lane = async (slot: number) => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [at, item] = next;
      try {
        results[at] = await work(item, slot);
      } catch (error) {
        queue.length = 0;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: size }, (_, slot) => lane(slot)));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
  return results;
}
