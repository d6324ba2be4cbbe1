// How a page orders the failures that `pnpm dev` can cause. Loaded only where it can.
import { failuresUrl } from "./dev-run.ts";
import type { FailureOffer, OrderedFailure } from "./failure-offer.ts";

/** Asks which failures can be ordered. Returns `undefined` if none can, or without an answer. */
export async function askFailureDesk(): Promise<FailureOffer | undefined> {
  const url = failuresUrl();
  if (url === undefined) return undefined;
  try {
    const response = await fetch(url, { cache: "no-store" });
    return response.ok ? ((await response.json()) as FailureOffer) : undefined;
  } catch {
    return undefined;
  }
}

/** What a server answered to a request that a page made up. */
export interface ServerAnswer {
  status: number;
  /** Why it refused the request, if it did. */
  text: string;
}

/**
 * Lets `pnpm dev` send a server a request whose headers a page may not choose itself. Rejects if the server did not
 * answer.
 */
export async function askServer(
  server: string,
  path: string,
  headers: ReadonlyMap<string, string>,
): Promise<ServerAnswer> {
  const request = { path, headers: Object.fromEntries(headers) };
  const response = await fetch(failuresUrl() ?? "", {
    method: "POST",
    body: JSON.stringify({ server, request }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`pnpm dev answered ${response.status}`);
  return JSON.parse(text);
}

/** Makes a server fail. Rejects if that was not accepted. */
export async function orderFailure(server: string, failure: OrderedFailure): Promise<void> {
  const response = await fetch(failuresUrl() ?? "", {
    method: "POST",
    body: JSON.stringify({ server, failure }),
  });
  // A body that nobody reads is aborted later, as a failed request.
  await response.text();
  if (!response.ok) throw new Error(`pnpm dev answered ${response.status}`);
}
