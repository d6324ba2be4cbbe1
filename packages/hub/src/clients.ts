import { bounds, type Client as ClientRequest, encode, type Server } from "@rosetta/protocol";
import type { Entry, Kept } from "./log.ts";
import type { Host } from "./port.ts";

/** A request that was answered, or will be: as much of it as it takes to answer it again. */
interface Answer {
  /** Fingerprint of the whole request: the same id with another body is a mistake. */
  readonly body: number;
  /** Where its event is, once it is there. Topic and epoch are the log's own texts, not copies of them. */
  place: Place | undefined;
}

type Place = Pick<Kept, "topic" | "epoch" | "offset">;

/** Requests that have an effect, and so must not have it twice. */
export type Repeatable = ClientRequest<"publish" | "start">;

/** What is remembered of a client beyond its connections. */
export interface Client<Session> {
  /** Its name for others, the same after a reconnect. */
  member: string;
  session: Session | undefined;
  /** The number of its newest connection, if it counts them. */
  connection: number;
  /** By the fingerprint of the request's id, the oldest first. */
  readonly answers: Map<number, Answer>;
  forgetting?: () => void;
}

/** What a client meets when it says `hello`. */
export interface Arrival<Session> {
  client: Client<Session>;
  /** The connection that this one takes the place of. */
  replaced: Session | undefined;
  /** True if all that it may ask for again is remembered: a request that is sent again has no second effect. */
  known: boolean;
}

/** Bytes of memory that are taken by an answer, and by a client beside its answers. */
export const memory = { answer: 160, client: 1024 } as const;

interface ClientsOptions {
  host: Host;
  /** Bytes of memory for all that is remembered. */
  bytes: number;
  /** A client has been gone for two minutes, or had to make room. */
  forgotten(secret: string): void;
}

/**
 * Clients by their secret. A request that is sent again after a lost connection is answered from here, so that what
 * it caused happens once. All of it has a budget: over it clients that left are forgotten, who left first goes first.
 * Each of them goes whole, so that one who comes back and is known may ask again for whatever it likes. If that is not
 * enough, those that are here keep as many answers as they may have requests open.
 */
export class Clients<Session> {
  readonly #options: ClientsOptions;
  readonly #clients = new Map<string, Client<Session>>();
  /** Secrets of those that left, who left first in front. */
  readonly #left = new Set<string>();
  /** Those that are here and have more answers than they may have requests open. */
  readonly #rich = new Set<Client<Session>>();
  #bytes = 0;

  constructor(options: ClientsOptions) {
    this.#options = options;
  }

  /** Bytes of memory that are taken by what is remembered. */
  get bytes(): number {
    return this.#bytes;
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
    this.#left.delete(secret);
    const replaced = client.session;
    client.session = session;
    if (client.answers.size > bounds.openRequests) this.#rich.add(client);
    return { client, replaced, known: remembered !== undefined };
  }

  /** The client's connection is gone. One that was replaced meanwhile changes nothing. */
  leave(secret: string, session: Session): void {
    const client = this.#clients.get(secret);
    if (client?.session !== session) return;
    client.session = undefined;
    this.#rich.delete(client);
    this.#left.add(secret);
    client.forgetting = this.#options.host.after(bounds.rememberedMs, () => this.#forget(secret));
  }

  /** What is remembered of a request. Throws nothing away: `undefined` if it never came, or long ago. */
  answerTo(client: Client<Session>, id: string): Answer | undefined {
    return client.answers.get(fingerprint(id));
  }

  /** Notes that a request is being answered, or was with this place. The oldest answers may go. */
  remember(client: Client<Session>, request: Repeatable, place?: Place): void {
    this.forgetAnswer(client, request.id);
    client.answers.set(fingerprint(request.id), { body: fingerprint(encode(request)), place });
    this.#bytes += memory.answer;
    if (client.answers.size > bounds.answers) this.#dropOldest(client);
    if (client.answers.size > bounds.openRequests) this.#rich.add(client);
    this.#settle();
  }

  /** The request had no effect: the same may be sent again. */
  forgetAnswer(client: Client<Session>, id: string): void {
    if (client.answers.delete(fingerprint(id))) this.#bytes -= memory.answer;
  }

  #create(secret: string): Client<Session> {
    // If nobody has left, the connection cap bounds their number.
    if (this.#clients.size >= bounds.clients) this.#forgetOldest();
    const member = `guest-${this.#options.host.token().slice(0, 6)}`;
    const client: Client<Session> = { member, session: undefined, connection: 0, answers: new Map() };
    this.#clients.set(secret, client);
    this.#bytes += memory.client;
    this.#settle();
    return client;
  }

  #settle(): void {
    while (this.#bytes > this.#options.bytes && (this.#forgetOldest() || this.#trimOldest()));
  }

  // False if nobody has left.
  #forgetOldest(): boolean {
    const [secret] = this.#left;
    if (secret !== undefined) this.#forget(secret);
    return secret !== undefined;
  }

  // False if nobody has more than it may need.
  #trimOldest(): boolean {
    const [client] = this.#rich;
    if (!client) return false;
    while (client.answers.size > bounds.openRequests) this.#dropOldest(client);
    return this.#rich.delete(client);
  }

  #dropOldest(client: Client<Session>): void {
    const [oldest] = client.answers.keys();
    if (oldest !== undefined && client.answers.delete(oldest)) this.#bytes -= memory.answer;
  }

  #forget(secret: string): void {
    const client = this.#clients.get(secret);
    if (!client) return;
    client.forgetting?.();
    this.#left.delete(secret);
    this.#clients.delete(secret);
    this.#bytes -= memory.client + client.answers.size * memory.answer;
    this.#options.forgotten(secret);
  }
}

/** A request's event is in its place: its author is told, now and whenever it asks again. */
export function acknowledge(entry: Entry, author: Client<{ send(ack: Server<"ack">): void }>): void {
  const { request, topic, epoch, offset } = entry;
  if (!request) return;
  const answer = author.answers.get(fingerprint(request.id));
  if (answer) answer.place = { topic, epoch, offset };
  author.session?.send({ type: "ack", re: request.id, topic, epoch, offset });
}

/** True if the request is the one that was answered, and not another one with its id. */
export function isSame(answer: Answer, request: Repeatable): boolean {
  return answer.body === fingerprint(encode(request));
}

/**
 * 53 bits of a text (cyrb53, by bryc, public domain). Enough to notice a mistake, and no more is at stake: who finds
 * two requests, or two ids, with the same bits has fooled nobody else. The texts themselves would be 1 MiB per client.
 */
export function fingerprint(text: string): number {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 0x9e3779b1);
    low = Math.imul(low ^ code, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return 2 ** 32 * (high & 0x1fffff) + (low >>> 0);
}
