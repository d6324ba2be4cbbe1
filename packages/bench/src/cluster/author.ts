// A client that publishes, waits for each `ack`, and knows how long it took.

import { FrameCounter } from "../generator/counter.ts";
import type { Link } from "../generator/link.ts";
import { openSocket } from "../generator/open-socket.ts";
import { Outbox } from "../generator/outbox.ts";
import { hello, json } from "../generator/waves.ts";
import { maskedText } from "../generator/write-frames.ts";
import type { PeerAddress } from "../generator-job.ts";

/** The text of each event: as long as a line in a chat. */
const text = "a line in a chat is about this long, more or less";

/** One connection at `/ws`. Every message of the server answers the oldest request that waits: it follows no topic. */
export class Author {
  readonly #outbox = new Outbox();
  readonly #waiting: (() => void)[] = [];
  readonly #counter = new FrameCounter((opcode) => {
    if (opcode === 1) this.#waiting.shift()?.();
  });
  #link: Link | undefined;
  #requests = 0;

  private constructor() {}

  /** Connects and says hello. */
  static async open(peer: PeerAddress): Promise<Author> {
    const author = new Author();
    author.#link = await openSocket(peer, {
      data: (bytes) => author.#counter.push(bytes),
      drain: () => author.#outbox.drain(),
      closed: () => {},
    });
    author.#outbox.open(author.#link);
    await author.#ask(hello());
    return author;
  }

  /** Publishes so many events, with at most `depth` under way. Resolves with the time of each until its ack, in ms. */
  async publish(topic: string, count: number, depth: number): Promise<number[]> {
    const times: number[] = [];
    let asked = 0;
    const lane = async (): Promise<void> => {
      while (asked < count) {
        asked += 1;
        const sentAt = performance.now();
        await this.#request({ type: "publish", topic, to: "all", text });
        times.push(performance.now() - sentAt);
      }
    };
    await Promise.all(Array.from({ length: depth }, lane));
    return times;
  }

  /** Follows a topic. Only for a connection that publishes nothing: from now on, events come, too. */
  async subscribe(topic: string): Promise<void> {
    await this.#request({ type: "subscribe", topic });
  }

  end(): void {
    this.#link?.end();
  }

  #request(message: object): Promise<void> {
    return this.#ask(maskedText(json({ id: String(++this.#requests), ...message })));
  }

  #ask(frame: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#outbox.send(frame);
    });
  }
}
