import type { ResponseHead, ResponseReader } from "./http.ts";
import { type Await, Inbox } from "./inbox.ts";
import type { TcpConnection, TcpEnd } from "./tcp-connection.ts";

/** One of the Server-Sent Events, as it was written. An absent field is `undefined`. */
export interface StreamEvent {
  id?: string;
  event?: string;
  data?: string;
  retry?: string;
  /** A line that begins with a colon, which keeps proxies from closing an idle connection. */
  comment?: string;
}

/** The events of a `text/event-stream`. They wait in a queue until a test takes them. */
export class RawEventStream {
  readonly head: ResponseHead;
  readonly #connection: TcpConnection;
  readonly #reader: ResponseReader;
  readonly #events = new Inbox<StreamEvent>(() => this.story());
  readonly #decoder = new TextDecoder();
  #text = "";
  #came: StreamEvent[] = [];

  constructor(connection: TcpConnection, head: ResponseHead, reader: ResponseReader) {
    this.head = head;
    this.#connection = connection;
    this.#reader = reader;
    this.#take();
    connection.listen((bytes) => {
      reader.push(bytes);
      this.#take();
    });
    connection.onEnd((how) => this.#events.end(`the stream ended (${how})`));
  }

  /** Takes the oldest event, or the oldest that is wanted. The others stay. */
  next(wants: (event: StreamEvent) => boolean = hasData, options: Await = {}): Promise<StreamEvent> {
    return this.#events.take(options.awaited ?? "an event of the stream", wants, options.deadline);
  }

  /** Resolves with how the connection ended. */
  ended(options: Await = {}): Promise<TcpEnd> {
    return this.#connection.ended(options);
  }

  /** Whether the server has marked the response as complete. */
  get complete(): boolean {
    return this.#reader.complete;
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  destroy(): void {
    this.#connection.reset();
  }

  /** Returns everything that came so far, for error messages. */
  story(): string {
    const shown = this.#came.slice(-5).map((event) => JSON.stringify(event));
    return `status ${this.head.status}; received so far: ${shown.join(", ") || "nothing"}`;
  }

  #take(): void {
    this.#text += this.#decoder.decode(this.#reader.takeBody(), { stream: true });
    const blocks = this.#text.split(/\r?\n\r?\n/);
    this.#text = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parseEvent(block);
      this.#came.push(event);
      this.#events.add(event);
    }
    if (this.#reader.complete) this.#events.end("the server ended the stream");
  }
}

function hasData(event: StreamEvent): boolean {
  return event.data !== undefined;
}

// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
function parseEvent(block: string): StreamEvent {
  const fields: Record<string, string> = {};
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    const name = colon === 0 ? "comment" : line.slice(0, colon < 0 ? undefined : colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    fields[name] = name in fields ? `${fields[name]}\n${value}` : value;
  }
  return fields as StreamEvent;
}
