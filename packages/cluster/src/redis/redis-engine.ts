import { outcomeRank, type RequestMark, ring } from "@rosetta/hub/cluster";
import type { RedisAddress } from "@rosetta/protocol";
import {
  type AppendCommand,
  type Appended,
  type BeatCommand,
  type BeatReply,
  type ClaimCommand,
  ConnectionLost,
  type Engine,
  EngineError,
  type EngineListener,
  kept,
  type OpenedTopic,
  type RosterReply,
} from "../engine.ts";
import { Connection, type RedisReply } from "./connection.ts";
import type { ScriptName } from "./scripts.ts";

/** Milliseconds before the next attempt to connect: after the first failure, and at most. Half more or less, by chance. */
const backoffMs = { first: 25, longest: 500 } as const;
/** A connection works once it has answered so many beats. The first one is sent at once, the second a second later. */
const provenBeats = 2;
/** How many problems the operator reads about until a connection works. A Redis that goes to and fro has few. */
const mostProblems = 5;

/** How a server gets its Redis. */
export interface RedisEngineOptions {
  address: RedisAddress;
  /** Names the server among the others. Another one each time that it starts. */
  server: string;
  /** Says something to the operator, in one line: that Redis cannot be used and why, or that it can again. */
  report(line: string): void;
}

/**
 * Redis or Valkey as the engine, over one connection. `scripts/` has what runs in Redis. All keys have the tag
 * `{rosetta}`, so that they would be on one node of a Redis Cluster. No key and no value has the secret of a client.
 */
export class RedisEngine implements Engine {
  readonly #options: RedisEngineOptions;
  /** What all keys and channels begin with. Redis has its channels for all databases together. */
  readonly #prefix: string;
  #listener: EngineListener | undefined;
  #connection: Connection | undefined;
  #isClosed = false;
  /** The beats that this connection has answered since it last refused a command. */
  #beats = 0;
  /** The next pause, without the part of it that is chance. It grows until a connection works. */
  #waitMs: number = backoffMs.first;
  /** What the operator has been told since a connection last worked. */
  readonly #problems = new Set<string>();
  #attempt: NodeJS.Timeout | undefined;
  // The same each time: the client calls every listener of a channel.
  readonly #heard = (text: string, channel: string): void => {
    this.#listener?.message(channel.slice(this.#key("topic", "").length), text);
  };

  constructor(options: RedisEngineOptions) {
    this.#options = options;
    this.#prefix = `{rosetta}:${options.address.database}:`;
  }

  connect(listener: EngineListener): void {
    this.#listener = listener;
    void this.#connect();
  }

  reset(): void {
    this.#connection?.destroy();
    this.#lost("it does not answer");
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#attempt);
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  async subscribe(topics: string[]): Promise<void> {
    if (topics.length === 0) return;
    const channels = topics.map((topic) => this.#key("topic", topic));
    await this.#use().subscribe(channels, this.#heard);
  }

  unsubscribe(topic: string): void {
    this.#connection?.unsubscribe(this.#key("topic", topic));
  }

  async append({ topic, payload, epoch, rank, life, request }: AppendCommand): Promise<Appended> {
    const keys = [
      this.#key("topic", topic),
      this.#key("stream", topic),
      this.#key("client", request?.client ?? ""),
    ];
    const { entries, bytes } = ring;
    const args = [topic, epoch, rank ?? "", life ?? "", payload, request?.id ?? "", request?.body ?? ""];
    const bounds = [kept.ms, kept.requests, entries, bytes];
    return appendedOf(await this.#run("append", keys, [...args, ...bounds]));
  }

  async open(topic: string, fresh: string, known?: { epoch: string; offset: number }): Promise<OpenedTopic> {
    const keys = [this.#key("topic", topic), this.#key("stream", topic)];
    const args = [fresh, known?.epoch ?? "", known?.offset ?? 0, kept.ms];
    const [epoch, offset, flat] = (await this.#run("open", keys, args)) as [string, number, string[]];
    const events = pairsOf(flat).map(([place, payload]) => ({ offset: Number(place), payload }));
    return { epoch, offset, events };
  }

  async forget(topic: string): Promise<void> {
    await this.#run("forget", [this.#key("topic", topic), this.#key("stream", topic)], []);
  }

  async exists(topic: string): Promise<boolean> {
    return (await this.#use().send(["EXISTS", this.#key("topic", topic)])) === 1;
  }

  async beat({ told, tells, topics, followed, jobs, clients, keeps }: BeatCommand): Promise<BeatReply> {
    const keys = [
      `${this.#prefix}servers`,
      ...topics.flatMap(({ topic }) => [this.#key("topic", topic), this.#key("stream", topic)]),
      ...jobs.map((job) => this.#key("job", job)),
      ...clients.map((client) => this.#key("client", client)),
      ...followed.flatMap(({ room, topic }) => [this.#key("topic", topic), this.#key("roster", room)]),
    ];
    const places = topics.flatMap(({ epoch, offset }) => [epoch, offset]);
    const { server } = this.#options;
    const counts = [topics.length, jobs.length, clients.length, followed.length];
    const bounds = [kept.leaseMs, kept.ms, keeps ? 1 : 0];
    const args = [this.#prefix, server, ...bounds, told, tells, ...counts, ...places];
    const connection = this.#use();
    const reply = (await this.#run("beat", keys, args)) as [
      number,
      [number, string, number][],
      ...number[][],
    ];
    this.#answered(connection);
    const [known, changed, cancelled = [], taken = [], moved = [], orphans = [], rooms = [], untold = []] =
      reply;
    return {
      isKnown: known === 1,
      changed: changed.map(([index, epoch, offset]) => ({
        topic: topics[index - 1]?.topic ?? "",
        epoch,
        offset,
      })),
      cancelled: cancelled.map((index) => jobs[index - 1] ?? ""),
      taken: taken.map((index) => jobs[index - 1] ?? ""),
      moved: moved.map((index) => clients[index - 1] ?? ""),
      orphans: orphans.map(String),
      rooms: rooms.map(String),
      untold: untold.map((index) => followed[index - 1]?.room ?? ""),
    };
  }

  async claim(command: ClaimCommand): Promise<{ member: string; known: boolean } | "older"> {
    const { client, connection, member } = command;
    const args = [this.#prefix, client, this.#options.server, connection ?? "", member, kept.ms];
    const reply = await this.#run("claim", [this.#key("client", client)], args);
    const [outcome, name, known] = reply as [string, string, number];
    return outcome === "older" ? "older" : { member: name, known: known === 1 };
  }

  async roster(room: string, members: string[]): Promise<RosterReply> {
    const { server } = this.#options;
    const text = members.length === 0 ? "" : JSON.stringify(members);
    const keys = [this.#key("roster", room), this.#key("rooms", server)];
    const args = [server, room, text, kept.ms, this.#prefix, kept.leaseMs];
    const [life, flat] = (await this.#run("roster", keys, args)) as [string, string[]];
    const fields = new Map(pairsOf(flat));
    const version = Number(fields.get("#") ?? 0);
    fields.delete("#");
    return { version, life, members: [...fields.values()].map(membersOf) };
  }

  async startJob(topic: string, epoch: string, { client, id, body }: RequestMark): Promise<Appended> {
    const { server } = this.#options;
    const keys = [this.#key("client", client), this.#key("job", topic), this.#key("jobs", server)];
    const args = [topic, epoch, id, body, client, server, kept.ms, kept.requests, this.#prefix, kept.leaseMs];
    return appendedOf(await this.#run("start", keys, args));
  }

  async keepJob(topic: string, client: string): Promise<boolean> {
    const { server } = this.#options;
    const keys = [this.#key("job", topic), this.#key("jobs", server), this.#key("topic", topic)];
    return (await this.#run("keep-job", keys, [topic, client, server, kept.ms, outcomeRank])) === 1;
  }

  async endJob(topic: string): Promise<void> {
    await this.#run("end-job", [this.#key("job", topic)], [this.#prefix, topic]);
  }

  async cancel(topic: string, client: string): Promise<"cancelled" | "forbidden" | "not_found"> {
    const reply = await this.#run("cancel", [this.#key("job", topic)], [this.#prefix, topic, client]);
    return reply as "cancelled" | "forbidden" | "not_found";
  }

  async leave(): Promise<void> {
    const { server } = this.#options;
    await this.#run("leave", [this.#key("lease", server)], [this.#prefix, server]);
  }

  #key(kind: string, name: string): string {
    return `${this.#prefix}${kind}:${name}`;
  }

  async #run(name: ScriptName, keys: string[], args: (string | number)[]): Promise<RedisReply> {
    try {
      return await this.#use().run(name, keys, args);
    } catch (error) {
      if (error instanceof EngineError) this.#complained(error.message);
      throw error;
    }
  }

  #use(): Connection {
    if (!this.#connection) throw new ConnectionLost("not connected");
    return this.#connection;
  }

  async #connect(): Promise<void> {
    let connection: Connection | undefined;
    try {
      connection = await Connection.open(this.#options.address, () => {
        if (this.#connection === connection) this.#lost("it ends connections that it has just accepted");
      });
      await connection.subscribe(
        [this.#key("server", this.#options.server), `${this.#prefix}all`],
        (text) => {
          this.#listener?.message(undefined, text);
        },
      );
      if (this.#isClosed) return connection.destroy();
      this.#connection = connection;
      this.#beats = 0;
      this.#listener?.up();
    } catch (error) {
      // The connection may be open but not allowed to subscribe.
      connection?.destroy();
      this.#failed(explained((error as Error).message || String((error as NodeJS.ErrnoException).code)));
      this.#retry();
    }
  }

  // `problem` is what is wrong if the connection has never worked.
  #lost(problem: string): void {
    if (!this.#connection) return;
    this.#connection = undefined;
    this.#listener?.down();
    if (this.#beats < provenBeats) this.#failed(problem);
    this.#retry();
  }

  #retry(): void {
    if (this.#isClosed) return;
    // Not all servers at the same moment.
    this.#attempt = setTimeout(() => void this.#connect(), this.#waitMs * (0.5 + Math.random()));
    this.#waitMs = Math.min(2 * this.#waitMs, backoffMs.longest);
  }

  #answered(connection: Connection): void {
    if (this.#connection !== connection) return;
    this.#beats += 1;
    if (this.#beats !== provenBeats) return;
    this.#waitMs = backoffMs.first;
    if (this.#problems.size > 0) this.#options.report(`Redis at ${this.#options.address.shown} is there`);
    this.#problems.clear();
  }

  #failed(problem: string): void {
    const { address, report } = this.#options;
    if (this.#isClosed || this.#problems.has(problem) || this.#problems.size === mostProblems) return;
    this.#problems.add(problem);
    report(`Redis at ${address.shown} cannot be used: ${problem}. Trying again`);
  }

  // One that refuses commands does not work, though it answers.
  #complained(message: string): void {
    this.#beats = 0;
    this.#failed(explained(message));
  }
}

// Some of what Redis and its client say needs a word more, or a few less.
function explained(problem: string): string {
  return problem
    .replace(/NOAUTH .*/s, "NOAUTH: it wants a password, and the address has none")
    .replace(/^Unknown RESP type.*/s, "what answers there is no Redis ($&)")
    .replace(/ script: \w+, on @user_script.*/s, "")
    .replace(/\.+$/, "");
}

function appendedOf(reply: RedisReply): Appended {
  const [outcome, topic, epoch, offset] = reply as [Appended["outcome"], string, string, number];
  return { outcome, topic, epoch, offset };
}

// Whoever can write to Redis may have written anything.
function membersOf(text: string): string[] {
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

// Redis returns what belongs together one after the other, or as a map in its newer protocol.
function pairsOf(reply: unknown): [string, string][] {
  if (!Array.isArray(reply)) return Object.entries(reply as Record<string, string>);
  return Array.from({ length: reply.length / 2 }, (_, index) => [reply[2 * index], reply[2 * index + 1]]);
}
