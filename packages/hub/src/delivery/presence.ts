import type { EventData } from "@rosetta/protocol";
import type { Platform } from "../port.ts";

const intervalMs = 500;
const shownMembers = 100;
/** Approximate size of an event in bytes: a fixed part, and a part per name. */
const [eventBytes, memberBytes] = [200, 15];
/** Bytes per millisecond that one room's presence may send to all its followers together: 64 KiB a second. */
const bytesPerMs = 64;

/**
 * Publishes who is in a room, at most twice a second: in a busy room only the newest list is worth sending. A longer
 * list or more followers make it rarer. Otherwise one member who keeps joining and leaving would cause a thousand times
 * that traffic.
 */
export class Presence {
  readonly #platform: Platform;
  readonly #members: (room: string) => string[];
  readonly #watchers: (room: string) => number;
  readonly #publish: (topic: string, data: EventData) => void;
  /** Rooms whose presence was published within the interval, and whether they have changed since. */
  readonly #resting = new Map<string, boolean>();

  constructor(
    platform: Platform,
    members: (room: string) => string[],
    watchers: (room: string) => number,
    publish: (topic: string, data: EventData) => void,
  ) {
    this.#platform = platform;
    this.#members = members;
    this.#watchers = watchers;
    this.#publish = publish;
  }

  /** Notes that somebody came to the room or left it. */
  changed(room: string): void {
    if (this.#resting.has(room)) this.#resting.set(room, true);
    else this.#tell(room);
  }

  #tell(room: string): void {
    const members = this.#members(room);
    const shown = members.slice(0, shownMembers);
    const bytes = (eventBytes + memberBytes * shown.length) * this.#watchers(room);
    this.#resting.set(room, false);
    this.#platform.after(Math.max(intervalMs, bytes / bytesPerMs), () => {
      const changed = this.#resting.get(room);
      this.#resting.delete(room);
      if (changed) this.#tell(room);
    });
    this.#publish(`presence/${room}`, { kind: "presence", count: members.length, members: shown });
  }
}
