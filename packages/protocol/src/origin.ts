// Hosts and origins, each in one canonical form (RFC 9110 §4.2.3, RFC 6454 §6.2).
import { parseAddress } from "./address.ts";

/** The host that a request is meant for. */
export interface HostName {
  /** A name in lower case without its final dot, an IPv4 address, or an IPv6 address in brackets. */
  name: string;
  /** Left out if none was given: the default port of the scheme, whichever that is. */
  port: number | undefined;
}

export type Scheme = "http" | "https";

const usualPorts = { http: 80, https: 443 } as const;

/** Parses a host with or without a port, as in `Host` (RFC 9110 §7.2). Returns `undefined` if it is malformed. */
export function parseHost(text: string): HostName | undefined {
  const [, literal, plain = "", digits = ""] = /^(?:\[([^\]]*)\]|([\w.-]+))(?::(\d*))?$/.exec(text) ?? [];
  const name = literal === undefined ? plain.toLowerCase().replace(/\.$/, "") : bracketed(literal);
  const port = digits === "" ? undefined : Number(digits);
  if (!name || (port ?? 0) > 65_535) return undefined;
  return { name, port };
}

/** Parses the authority of a URL; the scheme supplies a missing port. Returns `undefined` if it is malformed. */
export function parseAuthority(scheme: Scheme, text: string): HostName | undefined {
  const host = parseHost(text);
  return host && { name: host.name, port: host.port ?? usualPorts[scheme] };
}

/** Parses an origin (scheme, host and port, nothing else). Returns its canonical form, or `undefined` if malformed. */
export function parseOrigin(text: string): string | undefined {
  const [, scheme, authority = ""] = /^(https?):\/\/(.*)$/i.exec(text) ?? [];
  const host = parseHost(authority);
  return scheme && host && originOf(scheme.toLowerCase() as Scheme, host);
}

/** Returns an origin as browsers write it, without the default port of its scheme (RFC 6454 §6.2). */
export function originOf(scheme: Scheme, { name, port }: HostName): string {
  return port === undefined || port === usualPorts[scheme]
    ? `${scheme}://${name}`
    : `${scheme}://${name}:${port}`;
}

/** Returns the URL at which this machine reaches a server listening at `host`: loopback if it listens everywhere. */
export function urlOf(host: string, port: number): string {
  const address = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host.toLowerCase();
  return originOf("http", { name: address.includes(":") ? `[${address}]` : address, port });
}

/** Returns the port of an origin. */
export function portOf(origin: string): number {
  const [scheme = "", authority = ""] = origin.split("://");
  return parseHost(authority)?.port ?? usualPorts[scheme as Scheme];
}

/** Returns whether `host` belongs to one of `origins`. `Host` names no scheme, so either will do (RFC 9112 §3.3). */
export function isHostOf(host: HostName, origins: ReadonlySet<string>): boolean {
  return origins.has(originOf("http", host)) || origins.has(originOf("https", host));
}

function bracketed(literal: string): string | undefined {
  const address = literal.includes(":") ? parseAddress(literal) : undefined;
  return address && `[${address}]`;
}
