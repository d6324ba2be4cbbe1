// How a page orders the failures that `pnpm dev` can cause. Loaded only where it can.
import { faultsUrl } from "./dev-run.ts";

/** A fault that a page can order. */
export type DevFault = "restart" | "kill" | "freeze";

/** The faults that a run lets its pages order. */
export interface FaultOffer {
  /** Those that this system can cause. */
  faults: DevFault[];
  /** Ids of the servers that can be made to fail. */
  servers: string[];
  /** Those of them that are up. */
  up: string[];
  /** Milliseconds that a fault lasts. */
  awayMs: { kill: number; freeze: number };
  /** By the id of a server: its address through a slow link. */
  slowUrls: Record<string, string>;
}

/** Asks which faults can be ordered. Returns `undefined` if none can, or without an answer. */
export async function askFaultDesk(): Promise<FaultOffer | undefined> {
  const url = faultsUrl();
  if (url === undefined) return undefined;
  try {
    const response = await fetch(url, { cache: "no-store" });
    return response.ok ? ((await response.json()) as FaultOffer) : undefined;
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
  const response = await fetch(faultsUrl() ?? "", {
    method: "POST",
    body: JSON.stringify({ server, request }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`pnpm dev answered ${response.status}`);
  return JSON.parse(text);
}

/** Makes a server fail. Rejects if that was not accepted. */
export async function orderFault(server: string, fault: DevFault): Promise<void> {
  const response = await fetch(faultsUrl() ?? "", {
    method: "POST",
    body: JSON.stringify({ server, fault }),
  });
  // A body that nobody reads is aborted later, as a failed request.
  await response.text();
  if (!response.ok) throw new Error(`pnpm dev answered ${response.status}`);
}
