import { hexBytes } from "./format.ts";

/**
 * Returns random bytes in hex. `crypto.randomUUID` would not do: a page from another machine does not have it without
 * TLS.
 */
export function randomHex(bytes: number): string {
  return hexBytes(crypto.getRandomValues(new Uint8Array(bytes))).replaceAll(" ", "");
}
