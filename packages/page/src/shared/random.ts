import { hexBytes } from "./format.ts";

/** Random bytes in hex. Not by `crypto.randomUUID`, which a page from another machine does not have without TLS. */
export function randomHex(bytes: number): string {
  return hexBytes(crypto.getRandomValues(new Uint8Array(bytes))).replaceAll(" ", "");
}
