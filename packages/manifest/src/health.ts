import { get } from "node:http";

/** The program that answers on a port: a server of this repository, by its id, something else, or nothing. */
export type Occupant = { server: string } | "foreign" | "nothing";

/** Returns who answered `/healthz`. A server of ours that is not well, such as one that drains, counts as nothing. */
export function readHealth(status: number, body: string, known: string[]): Occupant {
  const { status: health, server } = Object(parse(body)) as { status?: unknown; server?: unknown };
  if (typeof server !== "string" || !known.includes(server)) return "foreign";
  return status === 200 && health === "ok" ? { server } : "nothing";
}

/** Where a server might listen: an address or a name of this machine, and a port. */
export interface HostAndPort {
  host: string;
  port: number;
}

/**
 * Requests `/healthz`. An answer that is not complete after `timeoutMs` (default 1,000) is foreign. No answer at
 * all counts as nothing. Never rejects.
 */
export async function askHealth(place: HostAndPort, known: string[], timeoutMs = 1_000): Promise<Occupant> {
  const answer = await ask(place, "/healthz", timeoutMs);
  return typeof answer === "object" ? readHealth(answer.status, answer.body, known) : answer;
}

/** Asks a server for its own URL, because it knows what its host name resolved to. Never rejects. */
export async function askUrl(place: HostAndPort, timeoutMs = 1_000): Promise<string> {
  const answer = await ask(place, "/servers.json", timeoutMs);
  return (typeof answer === "object" && readUrl(answer.body)) || urlOf(place);
}

/** Returns the URL that a list of servers gives for its sender, if it gives one. */
export function readUrl(body: string): string | undefined {
  const list = parse(body);
  const own: unknown = Array.isArray(list) ? list.find((entry) => Object(entry).self === true) : undefined;
  const { url } = Object(own) as { url?: unknown };
  return typeof url === "string" ? url : undefined;
}

function urlOf({ host, port }: HostAndPort): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function ask(
  place: HostAndPort,
  path: string,
  timeoutMs: number,
): Promise<{ status: number; body: string } | "foreign" | "nothing"> {
  // Bounds the whole exchange: Node's own timeout starts again with every byte.
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve) => {
    // No agent: a connection kept alive would make a server wait for us when it stops.
    const request = get({ ...place, path, agent: false, signal }, (response) => {
      let body = "";
      // Something answers there, even if the rest of the answer fails.
      request.prependOnceListener("error", () => resolve("foreign"));
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
        if (body.length > mostCharacters) request.destroy();
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("close", () => resolve("foreign"));
    });
    request.on("error", () => resolve("nothing"));
  });
}

const mostCharacters = 4_096;

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
