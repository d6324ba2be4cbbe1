import type { Server } from "@rosetta/protocol";
import type { Host } from "./port.ts";

/** A request that was answered, or will be. */
interface Answer {
  /** The whole request: the same id with another body is a mistake. */
  body: string;
  ack?: Server<"ack">;
}

/** What is remembered of a client beyond its connections. */
export interface Client<Session> {
  /** Its name for others, the same after a reconnect. */
  member: string;
  session: Session | undefined;
  answers: Map<string, Answer>;
  forgetting?: () => void;
}

const remembered = { answers: 256, clients: 10_000, afterMs: 120_000 } as const;

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

  /** The client is here, on this connection. Answers the connection that it takes the place of. */
  arrive(secret: string, session: Session): { client: Client<Session>; replaced: Session | undefined } {
    const client = this.#clients.get(secret) ?? this.#create(secret);
    client.forgetting?.();
    const replaced = client.session;
    client.session = session;
    return { client, replaced };
  }

  /** The client's connection is gone. One that was replaced meanwhile changes nothing. */
  leave(secret: string, session: Session): void {
    const client = this.#clients.get(secret);
    if (client?.session !== session) return;
    client.session = undefined;
    client.forgetting = this.#host.after(remembered.afterMs, () => this.#forget(secret));
  }

  #create(secret: string): Client<Session> {
    this.#makeRoom();
    const member = `guest-${this.#host.token().slice(0, 6)}`;
    const client: Client<Session> = { member, session: undefined, answers: new Map() };
    this.#clients.set(secret, client);
    return client;
  }

  // The oldest that is gone makes room. If none is gone, the connection cap bounds their number.
  #makeRoom(): void {
    if (this.#clients.size < remembered.clients) return;
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

/** Notes that a request is being answered, and lets the oldest answer go. */
export function remember(client: Client<unknown>, id: string, body: string): Answer {
  const answer: Answer = { body };
  client.answers.set(id, answer);
  const [oldest] = client.answers.keys();
  if (client.answers.size > remembered.answers && oldest !== undefined) client.answers.delete(oldest);
  return answer;
}
