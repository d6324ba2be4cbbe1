/** A tag, but not a region: the test does not depend on the server, so one server is enough. */
export const anyServer = "any-server";

/**
 * Returns the one server that a whole run uses for a test, by the number in its id; `undefined` if it uses all of them.
 * Consecutive tests run on different servers, so each server gets a share. `all`: every test is dealt out. Default: only
 * those that do not depend on the server.
 */
export function dealtTo(
  { title, tags }: { title: string; tags: readonly string[] },
  servers: readonly string[],
  all = false,
): string | undefined {
  if (!all && !tags.includes(anyServer)) return undefined;
  const number = Number(/^\S+-(\d+) /.exec(title)?.[1] ?? 0);
  return servers[number % servers.length];
}
