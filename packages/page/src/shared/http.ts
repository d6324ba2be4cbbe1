import { pause, Retry } from "./retry.ts";

/** A complete HTTP answer. */
export interface HttpAnswer {
  status: number;
  text: string;
  /** How long the server wants to be left alone, in milliseconds, if it said so in a header that this page can read. */
  retryAfterMs: number | undefined;
}

/** Asks once. Rejects as `fetch` does, and also if the answer breaks off. */
export async function ask(url: string, signal?: AbortSignal): Promise<HttpAnswer> {
  const response = await fetch(url, { cache: "no-store", ...(signal && { signal }) });
  // Read whatever the status: a body that nobody reads is aborted later, as a failed request.
  const text = await response.text();
  const retryAfterMs = readRetryAfter(response.headers.get("retry-after"), Date.now());
  return { status: response.status, text, retryAfterMs };
}

/** Timeouts, rate limits, a stopping server, a proxy without a server: the next request can succeed. */
const temporary = new Set([408, 425, 429, 502, 503, 504]);

/** Returns whether the same request can succeed later (RFC 9110 §15.6.4, RFC 6585 §4). */
export function isTemporary(status: number): boolean {
  return temporary.has(status);
}

/** The longest `Retry-After` that we follow (ms): people wait for the answer. */
const longestMs = 300_000;

/**
 * Returns the milliseconds that `Retry-After` asks for. The header is a number of seconds or a date (RFC 9110 §10.2.3).
 * `now` is the time of day in milliseconds.
 */
export function readRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const isDate = /^[A-Z]/.test(header);
  const ms = isDate ? Date.parse(header) - now : 1000 * Number(/^\d+$/.exec(header)?.[0] ?? Number.NaN);
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestMs);
}

/**
 * Asks until there is an answer that is not temporary, and returns it, or `undefined` once `signal` is aborted. Calls
 * `failed` after each failed attempt.
 */
export async function askPatiently(
  url: string,
  signal: AbortSignal,
  failed: () => void,
): Promise<HttpAnswer | undefined> {
  const retry = new Retry();
  while (!signal.aborted) {
    const answer = await ask(url, signal).catch(() => undefined);
    if (answer && !isTemporary(answer.status)) return answer;
    failed();
    await pause(retry.next(answer?.retryAfterMs), signal);
  }
  return undefined;
}
