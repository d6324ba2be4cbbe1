// What `pnpm dev` adds to the page of its run. Any other page has none of it.

/** What a page can order. */
export type DevFault = "restart" | "kill" | "freeze";

/** What a run lets its pages do to its servers. */
export interface FaultOffer {
  /** Those that the system can cause. */
  faults: DevFault[];
  /** Ids of the servers that it can do it to. */
  servers: string[];
  /** Milliseconds that a fault lasts. */
  awayMs: { kill: number; freeze: number };
  /** By the id of a server: where it is found through a slow link. */
  slowUrls: Record<string, string>;
}

/** Returns an address that the run has put into the page, by its name. */
function addressOf(name: string): string | undefined {
  const meta = globalThis.document?.querySelector<HTMLMetaElement>(`meta[name="rosetta-${name}"]`);
  return meta?.content;
}

const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** Returns where faults can be ordered, if they can: not by a page that was opened on another machine. */
export function faultsUrl(): string | undefined {
  return loopback.test(location.hostname) ? addressOf("faults") : undefined;
}

/** Returns the one address of all servers, if they are one application. */
export function balancerUrl(): string | undefined {
  return addressOf("balancer");
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
