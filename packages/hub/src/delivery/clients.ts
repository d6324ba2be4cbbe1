import { bounds, type ClientMessage, encode, type ServerMessage } from "@rosetta/protocol";
import type { Claim } from "../cluster/cluster.ts";
import { Expiry } from "../operation/expiry.ts";
import { OrderedSet } from "../operation/ordered-set.ts";
import type { Platform } from "../port.ts";
import type { Place, RequestMark } from "./log.ts";

/** A request that was answered or is being answered: just enough of it to answer it again. */
interface AnsweredRequest {
  /** Fingerprint of the whole request. The same id with a different body is a mistake. */
  readonly body: number;
  /** The place of its event, once there is one. Topic and epoch are the log's own strings, not copies. */
  place: Place | undefined;
}

/** Requests that have an effect, and so must not have it twice. */
export type Repeatable = ClientMessage<"publish" | "start">;

/** The memory of a client, which outlives its connections. */
export interface ClientRecord<Session> {
  /** What it is known by: see `Cluster.identify`. Never sent, shown or recorded. */
  readonly key: string;
  /** Its name for others, the same after a reconnect. */
  member: string;
  /** Its connection, if it has one now. */
  session: Session | undefined;
  /** The number of its newest connection, if the client numbers them. */
  connection: number;
  /** By the fingerprint of the request's id, oldest first. */
  readonly answers: Map<number, AnsweredRequest>;
  /** When it is forgotten if it has not come back by then. */
  expiresAt: number;
}

/** The result of a `hello`: what the server knows of the client. */
export interface Arrival<Session> {
  client: ClientRecord<Session>;
  /** The connection that this one replaces. */
  replaced: Session | undefined;
  /** True if every request that the client may repeat is remembered, so that none has a second effect. */
  known: boolean;
}

/** Bytes of memory for one answer, and for a client without its answers. */
export const memory = { answer: 160, client: 1024 } as const;

interface ClientsOptions {
  platform: Platform;
  /** Bytes of memory for all clients and their answers. */
  bytes: number;
  /** Is called when a client is forgotten: it has been gone for two minutes, or had to make room. */
  forgotten(key: string): void;
}

/**
 * Clients by their key. A request that is repeated after a lost connection is answered from here, so that its effect
 * happens once. All clients share one budget. Over it, clients that left are forgotten, the first to leave first, each
 * with all its answers: a client that is still known may repeat any request. If that is not enough, connected clients
 * lose their oldest answers, but keep as many as they may have requests open.
 */
export class Clients<Session> {
  readonly #options: ClientsOptions;
  readonly #clients = new Map<string, ClientRecord<Session>>();
  /** Clients that left, the first to leave in front. */
  readonly #left: Expiry<ClientRecord<Session>>;
  /** Connected clients that have more answers than they may have requests open. */
  readonly #rich = new OrderedSet<ClientRecord<Session>>();
  #bytes = 0;

  constructor(options: ClientsOptions) {
    this.#options = options;
    const { platform } = options;
    this.#left = new Expiry({ platform, ms: bounds.rememberedMs, expired: ({ key }) => this.#forget(key) });
  }

  /** Bytes of memory in use. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns what is remembered of a client, or `undefined`. */
  get(key: string): ClientRecord<Session> | undefined {
    return this.#clients.get(key);
  }

  /**
   * Notes that the client is here, on its connection of this number. Returns `undefined` if it has a newer connection:
   * a `hello` can be in flight for a long time, so the last to arrive need not be the last that was sent. Without a
   * number, the last to arrive wins.
   *
   * @param claim what several servers know of it together. Default: this server alone knows.
   */
  arrive(
    key: string,
    session: Session,
    connection: number | undefined,
    claim?: Claim,
  ): Arrival<Session> | undefined {
    // The servers have forgotten it and gave it a new name, so nothing of before counts.
    if (claim && this.#clients.get(key)?.member !== claim.member) this.#drop(key);
    const remembered = this.#clients.get(key);
    const client = remembered ?? this.#create(key, claim?.member ?? this.newName());
    if (connection !== undefined && connection < client.connection) return undefined;
    client.connection = connection ?? client.connection;
    this.#left.delete(client);
    const replaced = client.session;
    client.session = session;
    if (client.answers.size > bounds.openRequests) this.#rich.add(client);
    return { client, replaced, known: claim?.known ?? remembered !== undefined };
  }

  /** Notes that the client's connection is gone. A connection that was replaced meanwhile changes nothing. */
  leave(client: ClientRecord<Session>, session: Session): void {
    if (client.session !== session) return;
    client.session = undefined;
    this.#rich.delete(client);
    this.#left.add(client);
  }

  /** Returns a name for a client that is new. */
  newName(): string {
    // Several servers tell members apart by their names. With 24 bits, a room of 150 would now and then count one too few;
    // with 40 bits, a room of 10,000 does so once in 20,000 times.
    return `guest-${this.#options.platform.token().slice(0, 10)}`;
  }

  /** Forgets a client that is at another server now, which knows all that counts. Returns its session here, if any. */
  moved(key: string): Session | undefined {
    const session = this.#clients.get(key)?.session;
    this.#drop(key);
    return session;
  }

  /** True if a request of the client has not got its reply yet. */
  owes(client: ClientRecord<Session>): boolean {
    return [...client.answers.values()].some(({ place }) => place === undefined);
  }

  /** Returns what is remembered of a request, or `undefined` if it never came or came too long ago. */
  answerTo(client: ClientRecord<Session>, id: string): AnsweredRequest | undefined {
    return client.answers.get(fingerprint(id));
  }

  /**
   * Notes that a request is being answered, or was answered with this place. May drop the oldest answers. Returns what
   * the log remembers of the request.
   */
  remember(client: ClientRecord<Session>, request: Repeatable, place?: Place): RequestMark {
    this.forgetAnswer(client, request.id);
    const body = fingerprint(bodyOf(request));
    client.answers.set(fingerprint(request.id), { body, place });
    this.#bytes += memory.answer;
    if (client.answers.size > bounds.answers) this.#dropOldest(client);
    if (client.answers.size > bounds.openRequests) this.#rich.add(client);
    this.#settle();
    return { client: client.key, id: request.id, body };
  }

  /** Forgets a request that had no effect, so that it may be sent again. */
  forgetAnswer(client: ClientRecord<Session>, id: string): void {
    if (client.answers.delete(fingerprint(id))) this.#bytes -= memory.answer;
  }

  #create(key: string, member: string): ClientRecord<Session> {
    // If nobody has left, the limit on connections bounds their number.
    if (this.#clients.size >= bounds.clients) this.#forgetOldest();
    const client: ClientRecord<Session> = {
      key,
      member,
      session: undefined,
      connection: 0,
      answers: new Map(),
      expiresAt: 0,
    };
    this.#clients.set(key, client);
    this.#bytes += memory.client;
    this.#settle();
    return client;
  }

  #settle(): void {
    while (this.#bytes > this.#options.bytes && (this.#forgetOldest() || this.#trimOldest()));
  }

  // Returns false if nobody has left.
  #forgetOldest(): boolean {
    const oldest = this.#left.first;
    if (oldest) this.#forget(oldest.key);
    return oldest !== undefined;
  }

  // Returns false if nobody has more answers than it may need.
  #trimOldest(): boolean {
    const client = this.#rich.first;
    if (!client) return false;
    while (client.answers.size > bounds.openRequests) this.#dropOldest(client);
    return this.#rich.delete(client);
  }

  #dropOldest(client: ClientRecord<Session>): void {
    const [oldest] = client.answers.keys();
    if (oldest !== undefined && client.answers.delete(oldest)) this.#bytes -= memory.answer;
  }

  #forget(key: string): void {
    this.#drop(key);
    this.#options.forgotten(key);
  }

  #drop(key: string): void {
    const client = this.#clients.get(key);
    if (!client) return;
    // The end of its session must not be taken for the end of what comes after it.
    client.session = undefined;
    this.#left.delete(client);
    this.#rich.delete(client);
    this.#clients.delete(key);
    this.#bytes -= memory.client + client.answers.size * memory.answer;
  }
}

/** Notes the place of a request's event, so that a repetition gets the same `ack`, and sends the `ack`. */
export function acknowledge(
  id: string,
  { topic, epoch, offset }: Place,
  author: ClientRecord<{ send(ack: ServerMessage<"ack">): void }>,
): void {
  const answer = author.answers.get(fingerprint(id));
  if (answer) answer.place = { topic, epoch, offset };
  author.session?.send({ type: "ack", re: id, topic, epoch, offset });
}

/** Returns whether this is the request that was answered, not a different one with the same id. */
export function isSame(answer: AnsweredRequest, request: Repeatable): boolean {
  return answer.body === fingerprint(bodyOf(request));
}

// Topics and audiences contain no spaces, so no two publications share a text. Building it is faster than JSON.
function bodyOf(request: Repeatable): string {
  return request.type === "publish" ? `${request.topic} ${request.to} ${request.text}` : encode(request);
}

/**
 * Returns a 53-bit hash of a text (cyrb53, by bryc, public domain). That is enough to notice a mistake. No more is at
 * stake: a client that finds two texts with one hash fools only itself. The texts would take 1 MiB per client.
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
