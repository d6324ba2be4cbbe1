import { Client, RequestError } from "@rosetta/client";
import { type Acked, type History, type HistoryVerdict, judge, type Seen } from "./history.ts";

/** An author gives up a request after this many ms, which is longer than any fault lasts. */
const timeoutMs = 60_000;

/** Honest clients in one room: authors that number what they publish, and readers that record what they see. */
export class Crowd {
  readonly #url: string;
  readonly #room: string;
  readonly #clients: Client[] = [];
  readonly #acked: Acked[] = [];
  readonly #readers: Seen[][] = [];
  readonly #silences: number[] = [];
  #publishing: Promise<void>[] = [];
  #isOver = false;

  constructor(url: string, room: string) {
    this.#url = url;
    this.#room = room;
  }

  /** The longest time without an event, for each reader, in ms. */
  get silences(): readonly number[] {
    return this.#silences;
  }

  /** Adds a client that follows the room. */
  read(): Client {
    const seen: Seen[] = [];
    const index = this.#readers.push(seen) - 1;
    let heardAt = performance.now();
    const client = this.open();
    client.subscribe(
      this.#room,
      ({ epoch, offset, data }) => {
        const now = performance.now();
        this.#silences[index] = Math.max(this.#silences[index] ?? 0, now - heardAt);
        heardAt = now;
        seen.push({ epoch, offset, text: data.kind === "chat" ? data.text : "" });
      },
      ({ recovered }) => {
        if (recovered === false) seen.push("told");
      },
    );
    return client;
  }

  /** Adds a client that publishes `perSecond` texts a second until the end. Each text is unique and requested once. */
  write(author: string, perSecond: number): Client {
    const client = this.open();
    this.#publishing.push(this.#publish(client, author, 1_000 / perSecond));
    return client;
  }

  /** Adds a client that is connected and does nothing. */
  open(): Client {
    const client = new Client(this.#url, { timeoutMs });
    client.on("problem", () => {});
    this.#clients.push(client);
    client.open();
    return client;
  }

  /** Resolves when every client is open. Rejects after `deadlineMs` (default 60,000). */
  async ready(deadlineMs = 60_000): Promise<void> {
    const endAt = performance.now() + deadlineMs;
    while (this.#clients.some(({ state }) => state.name !== "open")) {
      if (performance.now() > endAt) {
        const states = this.#clients.map(({ state }) => state.name).join(", ");
        throw new Error(`not all clients are open after ${deadlineMs} ms: ${states}`);
      }
      await pause(50);
    }
  }

  /** Stops publishing, waits until every reader has caught up, for at most `deadlineMs` (default 30,000), and judges. */
  async end(deadlineMs = 30_000): Promise<HistoryVerdict> {
    this.#isOver = true;
    await Promise.all(this.#publishing);
    const endAt = performance.now() + deadlineMs;
    while (judge(this.#history).missing > 0 && performance.now() < endAt) await pause(100);
    for (const client of this.#clients) client.close();
    return judge(this.#history);
  }

  get #history(): History {
    return { acked: this.#acked, readers: this.#readers };
  }

  async #publish(client: Client, author: string, everyMs: number): Promise<void> {
    const underWay = new Set<Promise<void>>();
    for (let number = 1; !this.#isOver; number++) {
      const text = `${author} ${number}`;
      const published = client.publish(this.#room, text).then(
        ({ epoch, offset }) => void this.#acked.push({ epoch, offset, text }),
        // The author knows that it failed. Whether it was published is unknown, and nothing was promised.
        (error) => {
          if (!(error instanceof RequestError)) throw error;
        },
      );
      underWay.add(published);
      published.finally(() => underWay.delete(published));
      await pause(everyMs);
    }
    await Promise.all(underWay);
  }
}

/** Resolves after `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
