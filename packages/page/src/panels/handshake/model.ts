/** Appended to the key before it is hashed (RFC 6455 §1.3): a text that no other protocol has a reason to know. */
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Returns what a browser would put into `Sec-WebSocket-Key`: 16 random bytes in base64 (RFC 6455 §4.1, 7). */
export function randomKey(): string {
  return base64(crypto.getRandomValues(new Uint8Array(16)));
}

/** Returns the `Sec-WebSocket-Accept` that proves that the key was understood (RFC 6455 §4.2.2, 5.4). */
export async function acceptOf(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key + guid));
  return base64(new Uint8Array(digest));
}

/** A line of a request or an answer, and what it is for. */
export type Line = [line: string, meaning: string];

/** Returns the request that a browser writes for `new WebSocket(url, protocol)` from a page of `origin`. */
export function requestLines(url: string, origin: string, key: string, protocol: string): Line[] {
  const { host, pathname } = new URL(url);
  return [
    [`GET ${pathname} HTTP/1.1`, "an ordinary GET request"],
    [`Host: ${host}`, "the name that the browser used"],
    [`Origin: ${origin}`, "which page asks"],
    ["Connection: Upgrade", "the next line is for this hop only"],
    ["Upgrade: websocket", "please switch to WebSocket"],
    ["Sec-WebSocket-Version: 13", "the only version in use"],
    [`Sec-WebSocket-Key: ${key}`, "16 random bytes"],
    [`Sec-WebSocket-Protocol: ${protocol}`, "subprotocols to choose from"],
  ];
}

/** Returns the answer of a server that agrees. */
export function answerLines(accept: string, protocol: string): Line[] {
  return [
    ["HTTP/1.1 101 Switching Protocols", "agreed: HTTP ends here"],
    ["Connection: Upgrade", ""],
    ["Upgrade: websocket", ""],
    [`Sec-WebSocket-Accept: ${accept}`, "computed from the key"],
    [`Sec-WebSocket-Protocol: ${protocol}`, "the chosen subprotocol"],
  ];
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
