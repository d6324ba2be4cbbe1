/**
 * Does the work for all items, `size` at a time; `slot` (from 0) is never used by two at once.
 * If one fails, what has begun is awaited, nothing more begins, and the first error is thrown.
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
