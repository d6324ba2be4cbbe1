/** What there is to say after a look at the ports. */
export type Announcement = "servers" | "none yet" | undefined;

/** A set that came together within this time is told in one piece. */
const stableMs = 1_000;

/** Building the page and starting all servers takes less. */
const patienceMs = 60_000;

/**
 * Decides when the board speaks: when the set of servers has been the same for a while, is not empty and is not
 * the one it told last; and once, when there was none for a long time.
 */
export class Announcer {
  #began: number;
  #since: number;
  #current = "";
  #told = "";
  #complained = false;

  constructor(now: number) {
    this.#began = now;
    this.#since = now;
  }

  /** `servers` name each server and its port, in a fixed order; `now` is in milliseconds and only goes forward. */
  look(servers: string[], now: number): Announcement {
    const current = servers.join(" ");
    if (current !== this.#current) {
      this.#current = current;
      this.#since = now;
    }
    if (current === "") return this.#lookAtNothing(now);
    if (current === this.#told || now - this.#since < stableMs) return undefined;
    this.#told = current;
    return "servers";
  }

  #lookAtNothing(now: number): Announcement {
    if (this.#told !== "" || this.#complained || now - this.#began < patienceMs) return undefined;
    this.#complained = true;
    return "none yet";
  }
}
