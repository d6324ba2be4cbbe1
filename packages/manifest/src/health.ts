import { get } from "node:http";

/** What answers on a port: a server of this house by its id, something else, or nothing. */
export type Answer = { server: string } | "foreign" | "nothing";

/** Who is behind an answer of `/healthz`. One that is ours but not well, as while it drains, is nothing. */
export function readHealth(status: number, body: string, known: string[]): Answer {
  const { status: health, server } = parse(body);
  if (typeof server !== "string" || !known.includes(server)) return "foreign";
  return status === 200 && health === "ok" ? { server } : "nothing";
}

/** Asks `/healthz` of a port on this machine. Never throws. */
export function askHealth(port: number, known: string[], timeoutMs = 1_000): Promise<Answer> {
  return new Promise((resolve) => {
    // No agent: a connection kept alive would make a server wait for us when it stops.
    const request = get(
      { host: "127.0.0.1", port, path: "/healthz", agent: false, timeout: timeoutMs },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          body += text;
          if (body.length > mostCharacters) request.destroy();
        });
        response.on("end", () => resolve(readHealth(response.statusCode ?? 0, body, known)));
        response.on("close", () => resolve("foreign"));
      },
    );
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve("nothing"));
  });
}

const mostCharacters = 4_096;

function parse(body: string): { status?: unknown; server?: unknown } {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
