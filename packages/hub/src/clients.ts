import { bounds, type Client as ClientRequest, encode, type Server } from "@rosetta/protocol";
import type { Entry } from "./log.ts";
import type { Host } from "./port.ts";

/** A request that was answered, or will be. */
interface Answer {
  /** Of the whole request: the same id with another body is a mistake. */
  body: number;
  ack?: Server<"ack">;
}

/** Requests that have an effect, and so must not have it twice. */
export type Repeatable = ClientRequest<"publish" | "start">;

/** What is remembered of a client beyond its connections. */
export interface Client<Session> {
  /** Its name for others, the same after a reconnect. */
  member: string;
  session: Session | undefined;
  /** The number of its newest connection, if it counts them. */
  connection: number;
  answers: Map<string, Answer>;
  forgetting?: () => void;
}

/** What a client meets when it says `hello`. */
export interface Arrival<Session> {
  client: Client<Session>;
  /** The connection that this one takes the place of. */
  replaced: Session | undefined;
  /** True if all that was remembered of it is still here: a request that is sent again has no second effect. */
  known: boolean;
}

/**
 * Clients by their secret. A request that is sent again after a lost connection is answered from here, so that what
 * it caused happens once.
 */
export class Clients<Session> {
  readonly #host: Host;
  readonly #forgotten: (secret: string) => void;
  readonly #clients = new Map<string, Client<Session>>();

  /** `forgotten` is told when a client has been gone for two minutes. */
  constructor(host: Host, forgotten: (secret: string) => void) {
    this.#host = host;
    this.#forgotten = forgotten;
  }

  get(secret: string): Client<Session> | undefined {
    return this.#clients.get(secret);
  }

  /**
   * The client is here, on the connection that it gives this number. `undefined` if it has made a newer one: a `hello`
   * may be under way for long, so the last to come need not be the last that was said. A client that does not count
   * its connections is taken at its word.
   */
  arrive(secret: string, session: Session, connection?: number): Arrival<Session> | undefined {
    const remembered = this.#clients.get(secret);
    const client = remembered ?? this.#create(secret);
    if (connection !== undefined && connection < client.connection) return undefined;
    client.connection = connection ?? client.connection;
    client.forgetting?.();
    const replaced = client.session;
    client.session = session;
    return { client, replaced, known: remembered !== undefined };
  }

  /** The client's connection is gone. One that was replaced meanwhile changes nothing. */
  leave(secret: string, session: Session): void {
    const client = this.#clients.get(secret);
    if (client?.session !== session) return;
    client.session = undefined;
    // To the end of the line: who left first is the first to be forgotten.
    this.#clients.delete(secret);
    this.#clients.set(secret, client);
    client.forgetting = this.#host.after(bounds.rememberedMs, () => this.#forget(secret));
  }

  #create(secret: string): Client<Session> {
    this.#makeRoom();
    const member = `guest-${this.#host.token().slice(0, 6)}`;
    const client: Client<Session> = { member, session: undefined, connection: 0, answers: new Map() };
    this.#clients.set(secret, client);
    return client;
  }

  // Who left first makes room. If none is gone, the connection cap bounds their number.
  #makeRoom(): void {
    if (this.#clients.size < bounds.clients) return;
    for (const [secret, client] of this.#clients) {
      if (client.session !== undefined) continue;
      client.forgetting?.();
      this.#forget(secret);
      return;
    }
  }

  #forget(secret: string): void {
    this.#clients.delete(secret);
    this.#forgotten(secret);
  }
}

/** A request's event is in its place: its author is told, now and whenever it asks again. */
export function acknowledge(entry: Entry, author: Client<{ send(ack: Server<"ack">): void }>): void {
  const { request, topic, epoch, offset } = entry;
  if (!request) return;
  const ack = { type: "ack", re: request.id, topic, epoch, offset } as const;
  const answer = author.answers.get(request.id);
  if (answer) answer.ack = ack;
  author.session?.send(ack);
}

/** Notes that a request is being answered, and lets the oldest answer go. */
export function remember(client: Client<unknown>, request: Repeatable): Answer {
  const answer: Answer = { body: fingerprint(request) };
  client.answers.set(request.id, answer);
  const [oldest] = client.answers.keys();
  if (client.answers.size > bounds.answers && oldest !== undefined) client.answers.delete(oldest);
  return answer;
}

/**
 * 53 bits of a request (cyrb53, by bryc, public domain). Enough to notice a mistake, and no more is at stake: who
 * finds two requests with the same bits has fooled nobody else. The requests themselves would be 1 MiB per client.
 */
export function fingerprint(request: Repeatable): number {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  const text = encode(request);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 0x9e3779b1);
    low = Math.imul(low ^ code, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return 2 ** 32 * (high & 0x1fffff) + (low >>> 0);
}
