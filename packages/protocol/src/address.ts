// Internet addresses. One address can be written in many ways; the rules here compare the canonical form of RFC 5952.

/** Returns an IP address in canonical form, or `undefined` for anything else, such as IPv4 with leading zeros. */
export function parseAddress(text: string): string | undefined {
  if (isIpv4(text)) return text;
  const groups = groupsOf(text);
  return groups && ipv6Text(groups);
}

/** Returns whether only this machine can reach `host`. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === "localhost") return true;
  return parseAddress(host) === "::1" || (ipv4Of(host)?.startsWith("127.") ?? false);
}

/**
 * Returns the address that a request counts for: an IPv4 address, or the /64 of an IPv6 address. Behind `proxies`
 * proxies, it is the address that the outermost one added to `X-Forwarded-For`. Everything to the left of it came from
 * the client and proves nothing. If the proxy added no address, the request counts for `remote`, the connection's peer.
 */
export function clientAddress(remote: string, forwardedFor: string | undefined, proxies: number): string {
  if (proxies === 0) return shareOfRemote(remote);
  const hop = (forwardedFor ?? "").split(",").at(-proxies);
  return shareOf(withoutPort(hop?.trim() ?? "")) ?? shareOfRemote(remote);
}

let newestRemote = { remote: "", share: "" };

// It is asked for three times before a WebSocket is open, so the newest answer is kept.
function shareOfRemote(remote: string): string {
  if (remote !== newestRemote.remote) newestRemote = { remote, share: shareOf(remote) ?? remote };
  return newestRemote.share;
}

// A peer that has one address of a /64 has all of them (RFC 4291 §2.5.4). Counted singly, they would never run out.
function shareOf(address: string): string | undefined {
  const plain = address.replace(/%.*/s, "");
  const dotted = ipv4Of(plain);
  if (dotted !== undefined) return dotted;
  const groups = groupsOf(plain);
  return groups && `${ipv6Text([...groups.slice(0, 4), 0, 0, 0, 0])}/64`;
}

// Some proxies append the port of the connection to the address (RFC 7239 §6 does the same).
function withoutPort(node: string): string {
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d*)?$/.exec(node) ?? [];
  return bracketed ?? dotted ?? node;
}

/** A number below 256, without leading zeros. */
const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`);

function isIpv4(text: string): boolean {
  return ipv4.test(text);
}

// A dual-stack socket shows 1.2.3.4 as ::ffff:1.2.3.4 (RFC 4291 §2.5.5.2). Behind a NAT64 translator it is
// 64:ff9b::1.2.3.4 (RFC 6052 §2.1).
function ipv4Of(text: string): string | undefined {
  if (isIpv4(text)) return text;
  const [, high, low] =
    /^(?:0:0:0:0:0:65535|100:65435:0:0:0:0):(\d+):(\d+)$/.exec(groupsOf(text)?.join(":") ?? "") ?? [];
  if (high === undefined || low === undefined) return undefined;
  return [high, low].flatMap((group) => [Number(group) >> 8, Number(group) & 255]).join(".");
}

/** Returns the eight groups of an IPv6 address (RFC 4291 §2.2). */
function groupsOf(text: string): number[] | undefined {
  const [left = [], right, ...others] = withoutDots(text)
    .split("::")
    .map((side) => (side === "" ? [] : side.split(":")));
  const missing = 8 - left.length - (right?.length ?? 0);
  if (others.length > 0 || (right === undefined ? missing !== 0 : missing < 1)) return undefined;
  const groups = [...left, ...Array<string>(missing).fill("0"), ...(right ?? [])];
  return groups.every((group) => /^[\da-f]{1,4}$/i.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined;
}

// The last two groups can be written as an IPv4 address.
function withoutDots(text: string): string {
  const [, before, dotted] = /^(.*:)([\d.]+)$/.exec(text) ?? [];
  if (before === undefined || dotted === undefined || !isIpv4(dotted)) return text;
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split(".").map(Number);
  return `${before}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

// RFC 5952 §4.2: `::` replaces the longest run of zero groups, or the first of several longest, but never a single one.
function ipv6Text(groups: number[]): string {
  for (let size = 8; size > 1; size--) {
    const at = groups.findIndex((_, index) => isRun(groups, index, size));
    if (at >= 0) return `${hex(groups.slice(0, at))}::${hex(groups.slice(at + size))}`;
  }
  return hex(groups);
}

function isRun(groups: number[], at: number, size: number): boolean {
  return at + size <= groups.length && groups.slice(at, at + size).every((group) => group === 0);
}

function hex(groups: number[]): string {
  return groups.map((group) => group.toString(16)).join(":");
}
