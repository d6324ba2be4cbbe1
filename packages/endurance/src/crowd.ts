import { Client, type ClientOptions, RequestError } from "@rosetta/client";
import { followStream } from "./follow-stream.ts";
import { type Acked, type History, type HistoryVerdict, judge, type Seen } from "./history.ts";

/** An author gives up a request after this many ms, which is longer than any fault lasts. */
const timeoutMs = 60_000;

interface Reader {
  seen: Seen[];
  /** When its last event came, in ms of `performance.now()`. */
  heardAt: number;
  /** The longest time without an event since silences were taken, in ms. */
  silence: number;
}

/** Honest clients in one room: authors that number what they publish, and readers that record what they see. */
export class Crowd {
  readonly #url: string;
  readonly #room: string;
  readonly #options: Partial<ClientOptions>;
  readonly #clients: Client[] = [];
  readonly #acked: Acked[] = [];
  readonly #readers: Reader[] = [];
  #published = 0;
  #publishing: Promise<void>[] = [];
  #isOver = false;
  readonly #closed = new AbortController();

  /** `options` are those of each client. */
  constructor(url: string, room: string, options: Partial<ClientOptions> = {}) {
    this.#url = url;
    this.#room = room;
    this.#options = options;
  }

  /** How many texts the authors wanted to publish so far. */
  get published(): number {
    return this.#published;
  }

  /** Returns the longest time without an event for each reader, in ms, and starts counting again. */
  takeSilences(): number[] {
    const now = performance.now();
    return this.#readers.map((reader) => {
      const silence = Math.max(reader.silence, now - reader.heardAt);
      reader.silence = 0;
      return silence;
    });
  }

  /** Adds a client that follows the room. */
  read(): Client {
    const saw = this.#addReader();
    const client = this.open();
    client.subscribe(
      this.#room,
      ({ epoch, offset, data }) => saw({ epoch, offset, text: data.kind === "chat" ? data.text : "" }),
      ({ recovered }) => {
        if (recovered === false) saw("told");
      },
    );
    return client;
  }

  /** Adds a reader that follows the room as an event stream, over HTTP. */
  readStream(): void {
    const { protocol, host } = new URL(this.#url);
    const origin = `${protocol.replace("ws", "http")}//${host}`;
    void followStream(origin, this.#room, this.#addReader(), this.#closed.signal);
  }

  /** Adds a client that publishes `perSecond` texts a second until the end. Each text is unique and requested once. */
  write(author: string, perSecond: number): Client {
    const client = this.open();
    this.#publishing.push(this.#publish(client, author, 1_000 / perSecond));
    return client;
  }

  /** Adds a client that is connected and does nothing. */
  open(): Client {
    const client = new Client(this.#url, { timeoutMs, ...this.#options });
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
    while (judge(this.history).missing > 0 && performance.now() < endAt) await pause(100);
    for (const client of this.#clients) client.close();
    this.#closed.abort();
    return judge(this.history);
  }

  /** The record of what the clients saw and did. */
  get history(): History {
    return { acked: this.#acked, readers: this.#readers.map(({ seen }) => seen) };
  }

  /** Returns the function that records everything that the new reader sees. */
  #addReader(): (seen: Seen) => void {
    const reader: Reader = { seen: [], heardAt: performance.now(), silence: 0 };
    this.#readers.push(reader);
    return (seen) => {
      reader.seen.push(seen);
      if (seen === "told") return;
      const now = performance.now();
      reader.silence = Math.max(reader.silence, now - reader.heardAt);
      reader.heardAt = now;
    };
  }

  async #publish(client: Client, author: string, everyMs: number): Promise<void> {
    const underWay = new Set<Promise<void>>();
    for (let number = 1; !this.#isOver; number++) {
      const text = `${author} ${number}`;
      this.#published += 1;
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
