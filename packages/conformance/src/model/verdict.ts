// What can be said of a peer in a case.

/**
 * `pass`: as it should be. `non-strict`: allowed, but not the best. `fail`: against the clause. `unsupported`: the
 * peer does not offer what the case is about. `info`: there is no right or wrong, and the report says what the peer
 * does.
 */
export type Verdict = "pass" | "non-strict" | "info" | "unsupported" | "fail";

/**
 * Why a failure is worse than any other. `death`: the peer did not survive the case. `stall`: it no longer answers
 * anybody. `invention`: it sent bytes that nobody had sent it, perhaps from its memory.
 */
export type Gravity = "death" | "stall" | "invention";

/** A verdict on one half of a case, and why. */
export interface Judgement {
  verdict: Verdict;
  /** Nothing if there is nothing to explain. */
  why?: string;
}

/** The result of a case: what the peer did with what it got, and how the connection ended. */
export interface Opinion {
  behaviour: Judgement;
  close: Judgement;
  /** Set if the failure is worse than any other. */
  grave?: Gravity;
  /** True if the peer sent something that it must not, whatever it was answering. */
  broken?: true;
}
