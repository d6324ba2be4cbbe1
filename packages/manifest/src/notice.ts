import { isEverywhere, portIn } from "./dev.ts";
import type { HostAndPort, Occupant } from "./health.ts";
import type { Manifest } from "./manifest.ts";

/** A port that was checked, and what answered. */
export interface Asked {
  place: HostAndPort;
  answer: Occupant;
}

/** A server that is up. */
export interface Up {
  manifest: Manifest;
  place: HostAndPort;
}

/**
 * Returns where to look for servers: at the address of `HOST`, on the ports of all manifests and of `PORT` and
 * `PORTS`.
 */
export function placesOf(manifests: Manifest[], env: Record<string, string | undefined>): HostAndPort[] {
  const port = Number(env.PORT);
  const extra = Number.isInteger(port) && port > 0 && port < 65_536 ? [port] : [];
  const given = manifests.flatMap(({ id }) => portIn(env.PORTS, id) ?? []).map(Number);
  const ports = new Set([...manifests.map((manifest) => manifest.port), ...extra, ...given]);
  const host = hostOf(env.HOST || "127.0.0.1");
  return [...ports].map((each) => ({ host, port: each }));
}

// A server that listens on every address is reached on loopback.
function hostOf(host: string): string {
  if (!isEverywhere(host)) return host;
  return host === "::" ? "::1" : "127.0.0.1";
}

/** Returns the servers among the answers, in the order of the manifests. */
export function upOf(asked: Asked[], manifests: Manifest[]): Up[] {
  return manifests.flatMap((manifest) =>
    asked.filter(({ answer }) => idOf(answer) === manifest.id).map(({ place }) => ({ manifest, place })),
  );
}

/** A server that is up, and the URL it gives for itself. */
export interface ListedServer {
  manifest: Manifest;
  url: string;
}

/** Lists the servers that are up: where to open them, and where to read them. */
export function printUp(
  rows: ListedServer[],
  paint: (colour: "bold" | "cyan" | "dim", text: string) => string,
): string {
  const titles = Math.max(...rows.map(({ manifest }) => manifest.title.length));
  const urls = Math.max(...rows.map(({ url }) => url.length));
  const lines = rows.map(({ manifest: { id, title, runtime }, url }) =>
    [
      paint("bold", title.padEnd(titles)),
      paint("cyan", url.padEnd(urls)),
      runtime.padEnd(4),
      `apps/${id}/src`,
    ].join("  "),
  );
  return ["", ...lines, paint("dim", "Ctrl-C stops all"), ""].join("\n");
}

/** Says what to look at when no server came up. */
export function printNone(asked: Asked[]): string {
  const foreign = asked.filter(({ answer }) => answer === "foreign").map(({ place }) => place.port);
  const taken = foreign.map(
    (port) => `Port ${port} belongs to another program; PORT=4000 pnpm dev uses 4000 and the ports after it.`,
  );
  return [
    `No server answers on port ${asked.map(({ place }) => place.port).join(", ")}.`,
    ...taken,
    "Look above for the error of the server, or of the page's build.",
  ].join("\n");
}

function idOf(answer: Occupant): string | undefined {
  return typeof answer === "object" ? answer.server : undefined;
}
