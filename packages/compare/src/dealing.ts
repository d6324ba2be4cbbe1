import type { ListedTest } from "./tags.ts";

/** Not a region: no server changes what the test finds out, so any of them will do. */
export const anyServer = "any-server";

/**
 * The one server that a whole run puts a test to, by the number in its id; `undefined` if it is put to all of them.
 * Neighbours come to different servers, so that each serves a part of the tests.
 */
export function dealtTo(
  { title, tags }: Pick<ListedTest, "title" | "tags">,
  servers: readonly string[],
): string | undefined {
  if (!tags.includes(anyServer)) return undefined;
  const number = Number(/^\S+-(\d+) /.exec(title)?.[1] ?? 0);
  return servers[number % servers.length];
}
