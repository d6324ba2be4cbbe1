/** The client's policy after a close: try again, or give up and say why. */
export type ClosePolicy = "retry" | "stop";

/** The close codes of the application, and those of RFC 6455 §7.4.1 that it sends or meets. */
export const Close = {
  /** The connection was ended as the client asked. */
  Normal: 1000,
  /** The user left the page, or the server goes away for good. */
  GoingAway: 1001,
  /** The peer broke the rules of RFC 6455. */
  ProtocolError: 1002,
  /** A binary message where only text is allowed. */
  Unsupported: 1003,
  /** Never on the wire: the peer closed without a code (RFC 6455 §7.4.1). */
  NoStatus: 1005,
  /** Never on the wire: the connection was lost without a close frame (RFC 6455 §7.4.1). */
  Abnormal: 1006,
  /** Text that is not UTF-8. */
  InvalidPayload: 1007,
  /** A message in more than `limits.fragments` fragments, or a peer that is refused for another reason. */
  PolicyViolation: 1008,
  /** A message over `limits.messageBytes`. */
  TooBig: 1009,
  /** A handler threw. The server itself goes on. */
  InternalError: 1011,
  /** The server restarts: come back, but not all at once. */
  Restart: 1012,
  /** The server has no place for this connection now: it is full, or a room that it follows has to make way. */
  TryAgainLater: 1013,
  /** The client got no answer to its ping. */
  Silent: 4001,
  /** The reader is too slow: more than `limits.queueBytes` wait for it. */
  Slow: 4002,
  /** The client went on sending after `error rate_limited`. */
  RateLimited: 4003,
  /** No `hello` within `limits.helloMs`. */
  HelloTimeout: 4004,
  /** A message was not complete `limits.messageMs` after its first byte. */
  MessageTimeout: 4005,
  /** `limits.badMessages` messages in a row that could not be read. */
  BadMessages: 4500,
  /** A newer connection sent `hello` with the same `client`. */
  Replaced: 4509,
} as const;

/** A close code of the application, by its name. */
export type CloseName = keyof typeof Close;

const names = new Map<number, CloseName>(
  Object.entries(Close).map(([name, code]) => [code, name as CloseName]),
);

/** Returns the name of a close code, or `undefined` for one that the application does not know. */
export function closeName(code: number): CloseName | undefined {
  return names.get(code);
}

/**
 * Returns what a client does after a close. For a code that the client does not know, the range decides, so that
 * servers can add codes: on 4000–4499 it retries, on 4500–4999 it stops.
 *
 * 1000 and 1005 are final only if the end was agreed on (we closed, or `bye {final: true}` came): proxies and
 * balancers send them too.
 */
export function closePolicy(code: number, agreed: boolean): ClosePolicy {
  if (agreed) return "stop";
  if (code >= 4500) return "stop";
  if (code >= 4000) return "retry";
  return final.has(code) ? "stop" : "retry";
}

// 1002, 1003, 1007, 1009, 1010: sending the same bytes again would end the same way. 1008: the server refuses us.
// 1015, which is never on the wire: the certificate is wrong (RFC 6455 §7.4.1).
const final = new Set([1002, 1003, 1007, 1008, 1009, 1010, 1015]);
