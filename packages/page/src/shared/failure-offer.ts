// What a page and `pnpm dev` say to each other about failures.

/** A failure that a page can order. */
export type OrderedFailure = "restart" | "kill" | "freeze";

/** The failures that a run lets its pages order. */
export interface FailureOffer {
  /** Those that this system can cause. */
  failures: OrderedFailure[];
  /** Ids of the servers that can be made to fail. */
  servers: string[];
  /** Those of them that are up. */
  up: string[];
  /** Milliseconds that a failure lasts. */
  awayMs: { kill: number; freeze: number };
  /** By the id of a server: its address through a slow link. */
  slowUrls: Record<string, string>;
}
