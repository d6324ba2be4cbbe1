// What the hub is to know about a request when it decides whether the request may come in.
import type { IncomingMessage } from "node:http";
import { oncePerRequest, parseRequest, type RequestFacts } from "@rosetta/protocol";

/** Returns what the admission checks need to know about a request. Parses each request only once. */
export const factsOf = oncePerRequest((req: IncomingMessage): RequestFacts => {
  // Only Set-Cookie would be an array, and nobody asks for that.
  const header = (name: string) => req.headers[name] as string | undefined;
  return parseRequest({ method: req.method ?? "", url: req.url ?? "", version: req.httpVersion, header });
});

/** Returns the address of the connection's peer, or an empty string if the connection is already gone. */
export function remoteOf(req: IncomingMessage): string {
  return req.socket.remoteAddress ?? "";
}
