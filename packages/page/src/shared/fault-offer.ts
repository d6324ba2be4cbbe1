// How a page orders the failures that `pnpm dev` can cause. Loaded only where it can.
import { faultsUrl } from "./dev-run.ts";

/** What a page can order. */
export type DevFault = "restart" | "kill" | "freeze";

/** What a run lets its pages do to its servers. */
export interface FaultOffer {
  /** Those that the system can cause. */
  faults: DevFault[];
  /** Ids of the servers that it can do it to. */
  servers: string[];
  /** Those of them that are up. */
  up: string[];
  /** Milliseconds that a fault lasts. */
  awayMs: { kill: number; freeze: number };
  /** By the id of a server: where it is found through a slow link. */
  slowUrls: Record<string, string>;
}

/** Asks what can be ordered. Returns `undefined` if nothing can, or nobody answers. */
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
