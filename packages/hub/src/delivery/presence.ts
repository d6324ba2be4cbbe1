import { presenceOf, type Roster } from "../cluster/cluster.ts";
import type { Soon } from "../cluster/soon.ts";
import type { Platform } from "../port.ts";
import type { Draft } from "./log.ts";

const intervalMs = 500;
const shownMembers = 100;
/** Approximate size of an event in bytes: a fixed part, and a part per name. */
const [eventBytes, memberBytes] = [200, 19];
/** Bytes per millisecond that one room's presence may send to all its followers together: 64 KiB a second. */
const bytesPerMs = 64;

interface PresenceOptions {
  platform: Platform;
  /** Returns who is in the room on this server. */
  members(room: string): string[];
  /** Returns how many sockets of this server follow the room's presence. */
  watchers(room: string): number;
  /** Tells the other servers who is in the room here. Returns who is there on all, or `undefined` if those are all. */
  roster(room: string, members: string[]): Soon<Roster | undefined>;
  /** Appends an event, unless there is one of this rank or a higher one. Rejects if the log cannot take it. */
  append(topic: string, draft: Pick<Draft, "data" | "rank" | "life">): Promise<unknown>;
  /** Called when the other servers could not be told. They will be. */
  failed(error: unknown): void;
}

/**
 * Publishes who is in a room, at most twice a second: in a busy room only the newest list is worth sending. A longer
 * list or more followers make it rarer. Otherwise one member who keeps joining and leaving would cause a thousand times
 * that traffic.
 */
export class Presence {
  readonly #options: PresenceOptions;
  /** Rooms whose presence was published within the interval, and whether they have changed since. */
  readonly #resting = new Map<string, boolean>();

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** Notes that somebody came to the room or left it. */
  changed(room: string): void {
    if (this.#resting.has(room)) this.#resting.set(room, true);
    else this.#tell(room);
  }

  #tell(room: string): void {
    const { members, roster, failed } = this.#options;
    const here = members(room);
    const whole = roster(room, here);
    if (!(whole instanceof Promise)) return this.#publish(room, here);
    this.#resting.set(room, false);
    whole.then(
      (all) => this.#publish(room, all?.members ?? here, all && { rank: all.version, life: all.life }),
      (error) => {
        failed(error);
        // The change has not reached the others, so it has to be published again.
        this.#rest(room, intervalMs, true);
      },
    );
  }

  // The change has not reached the others, so it has to be published again.
  #again(room: string): void {
    if (this.#resting.has(room)) this.#resting.set(room, true);
    else this.#rest(room, intervalMs, true);
  }

  #publish(room: string, members: string[], order?: Pick<Draft, "rank" | "life">): void {
    const shown = members.slice(0, shownMembers);
    const bytes = (eventBytes + memberBytes * shown.length) * this.#options.watchers(room);
    this.#rest(room, Math.max(intervalMs, bytes / bytesPerMs));
    const data = { kind: "presence", count: members.length, members: shown } as const;
    this.#options.append(presenceOf(room), { data, ...order }).catch((error) => {
      this.#options.failed(error);
      this.#again(room);
    });
  }

  #rest(room: string, ms: number, changed = this.#resting.get(room) ?? false): void {
    this.#resting.set(room, changed);
    this.#options.platform.after(ms, () => {
      const hasChanged = this.#resting.get(room);
      this.#resting.delete(room);
      if (hasChanged) this.#tell(room);
    });
  }
}
