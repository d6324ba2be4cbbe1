/** The announcement to make after the ports were checked, if any. */
export type Announcement = "servers" | "none yet" | undefined;

/** Servers that come up within this time are announced together. */
const stableMs = 1_000;

/** Building the page and starting all servers takes less than this. */
const patienceMs = 60_000;

/**
 * Decides when the board prints. It does so when the set of servers has been the same for a while, is not empty,
 * and differs from the one printed last. It also does so once when there was no server for a long time.
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

  /**
   * Returns what to announce, if anything. `servers` names each server and its port, in a fixed order. `now` is in
   * milliseconds and never goes back.
   */
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
