// Hosts and origins. What means the same has one spelling here (RFC 9110 §4.2.3, RFC 6454 §6.2).
import { parseAddress } from "./address.ts";

/** Where a request wants to go. */
export interface HostName {
  /** A name in lower case without the dot of the root, an IPv4 address, or an IPv6 address in brackets. */
  name: string;
  /** Nothing if it is the usual one of the scheme, whichever that is. */
  port: number | undefined;
}

export type Scheme = "http" | "https";

const usualPorts = { http: 80, https: 443 } as const;

/** Reads a host with or without a port, as `Host` has it (RFC 9110 §7.2). Answers nothing if it is none. */
export function parseHost(text: string): HostName | undefined {
  const [, literal, plain = "", digits = ""] = /^(?:\[([^\]]*)\]|([\w.-]+))(?::(\d*))?$/.exec(text) ?? [];
  const name = literal === undefined ? plain.toLowerCase().replace(/\.$/, "") : bracketed(literal);
  const port = digits === "" ? undefined : Number(digits);
  if (!name || (port ?? 0) > 65_535) return undefined;
  return { name, port };
}

/** Reads the authority of a URL, whose scheme tells the port that is left out. Answers nothing if it is none. */
export function parseAuthority(scheme: Scheme, text: string): HostName | undefined {
  const host = parseHost(text);
  return host && { name: host.name, port: host.port ?? usualPorts[scheme] };
}

/** Reads an origin: scheme, host and port, and nothing else. Answers its one serialisation, or nothing if it is none. */
export function parseOrigin(text: string): string | undefined {
  const [, scheme, authority = ""] = /^(https?):\/\/(.*)$/i.exec(text) ?? [];
  const host = parseHost(authority);
  return scheme && host && originOf(scheme.toLowerCase() as Scheme, host);
}

/** An origin as browsers write it: the usual port of its scheme is left out (RFC 6454 §6.2). */
export function originOf(scheme: Scheme, { name, port }: HostName): string {
  return port === undefined || port === usualPorts[scheme]
    ? `${scheme}://${name}`
    : `${scheme}://${name}:${port}`;
}

/** The URL of a server that listens at `host`, by which this machine can ask it: of every address, the loopback one. */
export function urlOf(host: string, port: number): string {
  const address = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host.toLowerCase();
  return originOf("http", { name: address.includes(":") ? `[${address}]` : address, port });
}

/** The port of an origin. */
export function portOf(origin: string): number {
  const [scheme = "", authority = ""] = origin.split("://");
  return parseHost(authority)?.port ?? usualPorts[scheme as Scheme];
}

/** True if `host` is that of one of `origins`. It has no scheme, so it may be either (RFC 9112 §3.3). */
export function isHostOf(host: HostName, origins: ReadonlySet<string>): boolean {
  return origins.has(originOf("http", host)) || origins.has(originOf("https", host));
}

function bracketed(literal: string): string | undefined {
  const address = literal.includes(":") ? parseAddress(literal) : undefined;
  return address && `[${address}]`;
}
