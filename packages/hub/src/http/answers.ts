/** An answer over HTTP, as the stack may write it. */
export interface Answer {
  /** The HTTP status code. */
  status: number;
  /** The headers of this answer, by name. Those of every response to an admitted request come from `Hub.admit`. */
  headers: Record<string, string>;
  /** The text to send; empty if there is none. */
  body: string;
}

/** Returns an answer in plain text. A `Content-Type` among the headers replaces the usual one. */
export function text(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return { status, headers: { "Content-Type": "text/plain; charset=utf-8", ...headers }, body };
}

/** Returns an answer in JSON. `body` is a value, or text that is JSON already. */
export function json(status: number, body: object | string, headers: Record<string, string> = {}): Answer {
  const encoded = typeof body === "string" ? body : JSON.stringify(body);
  return { status, headers: { "Content-Type": "application/json", ...headers }, body: encoded };
}

/** Tells every cache not to keep an answer. */
export const uncached = { "Cache-Control": "no-store" } as const;

/** The answer where nothing is served. */
export const notFound: Answer = text(404, "not found\n");
