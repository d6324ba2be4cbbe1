import type { EventData } from "@rosetta/protocol";
import type { Host } from "./port.ts";

const intervalMs = 500;
const shownMembers = 100;

/** Who is in a room, told at most twice a second: in a busy room only the newest list is worth sending. */
export class Presence {
  readonly #host: Host;
  readonly #members: (room: string) => string[];
  readonly #publish: (topic: string, data: EventData) => void;
  /** Rooms told of within the interval, and whether they changed since. */
  readonly #resting = new Map<string, boolean>();

  constructor(
    host: Host,
    members: (room: string) => string[],
    publish: (topic: string, data: EventData) => void,
  ) {
    this.#host = host;
    this.#members = members;
    this.#publish = publish;
  }

  /** Somebody came to the room or left it. */
  changed(room: string): void {
    if (this.#resting.has(room)) this.#resting.set(room, true);
    else this.#tell(room);
  }

  #tell(room: string): void {
    this.#resting.set(room, false);
    this.#host.after(intervalMs, () => {
      const changed = this.#resting.get(room);
      this.#resting.delete(room);
      if (changed) this.#tell(room);
    });
    const members = this.#members(room);
    const shown = members.slice(0, shownMembers);
    this.#publish(`presence/${room}`, { kind: "presence", count: members.length, members: shown });
  }
}
