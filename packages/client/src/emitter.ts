/**
 * Something that went wrong without a caller to tell. It may quote what an `error` of the server says, but no other
 * message, and never the client's secret.
 */
export interface ClientProblem {
  /**
   * `message`: the server sent what the protocol does not know. `server`: it reported an error that belongs to
   * no request. `subscription`: it refused one. `listener`: a listener of this client threw `error`.
   */
  what: "message" | "server" | "subscription" | "listener";
  /** The reason in words, for people. */
  reason: string;
  /** What a listener threw, or the `RequestError` of a refused subscription. */
  error?: unknown;
}

/** Listeners by event name. One that throws is reported as `problem` and keeps nobody else from listening. */
export class Emitter<Events extends { problem: ClientProblem }> {
  readonly #entries = new Set<{ name: keyof Events; listener: (event: never) => void }>();

  /** Returns the function that takes the listener away: at once, even while an event goes round. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const entry = { name, listener };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  /**
   * Tells those who listen now; false if nobody does.
   * @param isNews false once a listener has made the event outdated: the others are not told any more.
   */
  emit<Name extends keyof Events>(name: Name, event: Events[Name], isNews = () => true): boolean {
    const entries = [...this.#entries].filter((entry) => entry.name === name);
    for (const entry of entries) {
      if (isNews() && this.#entries.has(entry))
        this.guard(() => entry.listener(event as never), name === "problem");
    }
    return entries.length > 0;
  }

  /** Runs foreign code. */
  guard(run: () => void, isReport = false): void {
    try {
      run();
    } catch (error) {
      // To report a failed report would go on for ever.
      if (!isReport) this.report({ what: "listener", reason: "a listener threw", error });
    }
  }

  /** Reports a problem. If nobody listens, it goes to the console, because silence would hide it. */
  report(problem: ClientProblem): void {
    if (!this.emit("problem", problem as Events["problem"])) console.error(problem);
  }
}

/** The methods of an emitter that a part of the client needs. */
export type Reporter = Pick<Emitter<{ problem: ClientProblem }>, "guard" | "report">;
