import { type IncomingMessage, request } from "node:http";

/** A request with headers that a browser would not let a page choose, such as `Origin`. */
export interface MadeUpRequest {
  /** Begins with `/`. */
  path: string;
  headers: Record<string, string>;
}

/** What a server answered to it. */
export interface MadeUpAnswer {
  status: number;
  /** The beginning of the body. Empty if the server let the request in: an event stream would never end. */
  text: string;
}

/** Milliseconds that a server has for its answer. */
const answerMs = 3_000;

/** The most characters of a body. A refusal is a sentence. */
const mostCharacters = 1_000;

/** Reads a request that a page made up. Returns `undefined` if it is none. */
export function readMadeUpRequest(value: unknown): MadeUpRequest | undefined {
  const { path, headers } = Object(value) as { path?: unknown; headers?: unknown };
  if (typeof path !== "string" || !path.startsWith("/")) return undefined;
  const texts = Object.entries(Object(headers));
  const isText = texts.every((entry): entry is [string, string] => typeof entry[1] === "string");
  return isText ? { path, headers: Object.fromEntries(texts) } : undefined;
}

/** Sends a request to a server, as a program does that says whatever it likes. Rejects without an answer. */
export async function sendMadeUpRequest(
  url: string,
  { path, headers }: MadeUpRequest,
): Promise<MadeUpAnswer> {
  const { hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const signal = AbortSignal.timeout(answerMs);
  const asking = request({ hostname, port, path, headers, signal, agent: false, setHost: false });
  asking.on("response", resolve).on("upgrade", resolve).on("error", reject).end();
  try {
    const response = await promise;
    const status = response.statusCode ?? 0;
    return { status, text: status < 400 ? "" : await textOf(response) };
  } finally {
    asking.destroy();
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) {
    text += chunk;
    if (text.length >= mostCharacters) break;
  }
  return text.slice(0, mostCharacters).trim();
}
