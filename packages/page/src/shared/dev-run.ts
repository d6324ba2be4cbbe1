// Reads what `pnpm dev` adds to the pages of its run. Other pages have none of it.

/** Returns an address that the run has put into the page, by its name. */
function addressOf(name: string): string | undefined {
  const meta = globalThis.document?.querySelector<HTMLMetaElement>(`meta[name="rosetta-${name}"]`);
  return meta?.content;
}

const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** Returns where failures can be ordered, if they can: not by a page that was opened on another machine. */
export function failuresUrl(): string | undefined {
  return loopback.test(location.hostname) ? addressOf("failures") : undefined;
}

/** Returns the one address of all servers, if they are one application. */
export function balancerUrl(): string | undefined {
  return addressOf("balancer");
}
