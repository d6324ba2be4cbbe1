import { Client, type FrameEvent } from "@rosetta/client";
import type { Audience } from "@rosetta/protocol";

/** A message that somebody in a room received. */
export interface HeardMessage {
  /** In the room's log: `<epoch>:<offset>`. */
  place: string;
  from: string;
  to: Audience;
  text: string;
}

/** Lines kept of what a friend received. */
const kept = 50;

/** A second client of this page, with a connection and a name of its own, in one room. */
export class Friend {
  /** Oldest first. */
  heard: HeardMessage[] = [];
  readonly #client: Client;
  readonly #topic: string;

  constructor(url: string, room: string, tap: (frame: FrameEvent) => void, changed: () => void) {
    this.#client = new Client(url);
    this.#topic = `room/${room}`;
    this.#client.on("frame", tap);
    this.#client.on("state", changed);
    this.#client.subscribe(this.#topic, ({ epoch, offset, from = "", to = "all", data }) => {
      if (data.kind !== "chat") return;
      this.#add({ place: `${epoch}:${offset}`, from, to, text: data.text });
      changed();
    });
    this.#client.open();
  }

  /** Given by the server; nothing before that. */
  get name(): string | undefined {
    return this.#client.welcome?.member;
  }

  async say(text: string, to: Audience): Promise<void> {
    await this.#client.publish(this.#topic, text, to);
  }

  leave(): void {
    this.#client.close();
  }

  // After a reconnect the server may send some of them again.
  #add(line: HeardMessage): void {
    if (this.heard.some(({ place }) => place === line.place)) return;
    this.heard = [...this.heard, line].slice(-kept);
  }
}
