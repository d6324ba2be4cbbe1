import type { RequestMark } from "@rosetta/hub/cluster";
import { outcomeRank, ring } from "@rosetta/hub/cluster";
import {
  type AppendCommand,
  type Appended,
  type BeatCommand,
  type BeatReply,
  type ClaimCommand,
  kept,
  type OpenedTopic,
  type RosterReply,
} from "../engine.ts";

interface StoredTopic {
  epoch: string;
  life: string;
  offset: number;
  rank: number | undefined;
  events: { offset: number; payload: string }[];
}

interface StoredClient {
  member?: string;
  server?: string;
  connection?: number;
  /** Answers by request, the oldest first. */
  answers: Map<string, { body: number; place: Omit<Appended, "outcome"> }>;
}

interface StoredRoster {
  version: number;
  members: Map<string, string[]>;
}

interface StoredJob {
  server: string;
  owner: string;
  isCancelled: boolean;
}

/** The parts of a store that survive a crash, if anything does. */
interface Data {
  topics: Map<string, StoredTopic>;
  clients: Map<string, StoredClient>;
  rosters: Map<string, StoredRoster>;
  jobs: Map<string, StoredJob>;
  servers: Set<string>;
  leases: Map<string, { until: number; told: string }>;
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/**
 * What the scripts do in Redis, done in memory: the same commands with the same answers. A test compares the two. Nothing
 * is forgotten by itself here, except a lease.
 */
export class FakeStore {
  /** Another one after each restart. */
  life: string;
  /** Is told what is said on the channels: of a topic, of a server, or of all. */
  say: (kind: "topic" | "server" | "all", name: string, text: string) => void = () => {};
  /** Counts what was changed, other than leases. */
  changes = 0;
  readonly #now: () => number;
  #data: Data = {
    topics: new Map(),
    clients: new Map(),
    rosters: new Map(),
    jobs: new Map(),
    servers: new Set(),
    leases: new Map(),
  };

  constructor(life: string, now: () => number) {
    this.life = life;
    this.#now = now;
  }

  /** Returns a store of another life with the same data, as a replica has it. */
  copy(life: string): FakeStore {
    const store = new FakeStore(life, this.#now);
    store.#data = structuredClone(this.#data);
    return store;
  }

  /** The events of a topic, in its newest epoch. */
  topic(name: string): Readonly<StoredTopic> | undefined {
    return this.#data.topics.get(name);
  }

  /** The rooms in which a server has members. */
  rooms(server: string): string[] {
    return [...this.#data.rosters].filter(([, { members }]) => members.has(server)).map(([room]) => room);
  }

  append({ topic: name, payload, epoch, rank, life, request }: AppendCommand): Appended {
    if (life !== undefined && life !== this.life)
      return { outcome: "stale", topic: name, epoch: "", offset: 0 };
    this.changes += 1;
    const answer = request && this.#answerTo(request);
    if (answer) return answer;
    const topic = this.#topic(name, epoch);
    if (rank !== undefined) {
      const place = { topic: name, epoch: topic.epoch, offset: topic.offset };
      if (topic.rank !== undefined && topic.rank >= rank) return { outcome: "late", ...place };
      topic.rank = rank;
    }
    topic.offset += 1;
    const { offset, events } = topic;
    events.push({ offset, payload });
    let bytes = events.reduce((sum, event) => sum + bytesOf(event.payload), 0);
    while (events.length > ring.entries || bytes > ring.bytes)
      bytes -= bytesOf(events.shift()?.payload ?? "");
    const place = { topic: name, epoch: topic.epoch, offset };
    if (request) this.#remember(request, place);
    this.say("topic", name, `${topic.epoch} ${offset} ${payload}`);
    return { outcome: "added", ...place };
  }

  open(name: string, fresh: string, known?: { epoch: string; offset: number }): OpenedTopic {
    const { epoch, offset, events } = this.#topic(name, fresh);
    const after = known?.epoch === epoch ? known.offset : 0;
    return { epoch, offset, events: events.filter((event) => event.offset > after) };
  }

  forget(topic: string): void {
    this.changes += 1;
    this.#data.topics.delete(topic);
  }

  exists(topic: string): boolean {
    return this.#data.topics.has(topic);
  }

  beat(server: string, { told, tells, topics, followed, jobs, clients }: BeatCommand): BeatReply {
    const { leases, servers } = this.#data;
    const isKnown = this.#lives(server) && leases.get(server)?.told === `${told} ${this.life}`;
    const until = this.#now() + kept.leaseMs;
    leases.set(server, { until, told: `${isKnown ? told : tells} ${this.life}` });
    servers.add(server);
    const changed = topics.filter(({ topic, epoch, offset }) => {
      const head = this.#data.topics.get(topic);
      return head?.epoch !== epoch || head.life !== this.life || head.offset !== offset;
    });
    const at = (job: string): StoredJob | undefined => this.#data.jobs.get(job);
    const home = (client: string): string => this.#data.clients.get(client)?.server ?? server;
    const reply = {
      isKnown,
      changed: changed.map(({ topic }) => {
        const head = this.#data.topics.get(topic);
        const epoch = head?.life === this.life ? head.epoch : "";
        return { topic, epoch, offset: head?.offset ?? 0 };
      }),
      untold: followed.filter(({ room, topic }) => this.#isUntold(room, topic)).map(({ room }) => room),
      cancelled: jobs.filter((job) => at(job)?.isCancelled),
      taken: jobs.filter((job) => at(job) && at(job)?.server !== server),
      moved: clients.filter((client) => home(client) !== server),
      rooms: isKnown ? [] : this.rooms(server),
    };
    for (const other of [...servers]) if (!this.#lives(other)) this.#bury(other, server);
    const held = [...this.#data.jobs].filter(([, job]) => job.server === server).map(([topic]) => topic);
    return { ...reply, orphans: held.filter((topic) => !jobs.includes(topic)) };
  }

  claim(server: string, command: ClaimCommand): { member: string; known: boolean } | "older" {
    this.changes += 1;
    const { client: key, connection } = command;
    const client = this.#client(key);
    const isOlder =
      connection !== undefined && client.connection !== undefined && connection < client.connection;
    if (isOlder) return "older";
    const { member: known, server: before } = client;
    client.member ??= command.member;
    client.server = server;
    if (connection !== undefined) client.connection = connection;
    if (before !== undefined && before !== server)
      this.say("server", before, `replaced ${key} ${connection ?? ""}`);
    return { member: client.member, known: known !== undefined };
  }

  roster(server: string, room: string, members: string[]): RosterReply {
    this.changes += 1;
    const { rosters } = this.#data;
    this.#noted(server);
    const roster = rosters.get(room) ?? { version: 0, members: new Map() };
    rosters.set(room, roster);
    const before = roster.members.get(server) ?? [];
    if (JSON.stringify(before) !== JSON.stringify(members)) this.#changed(roster);
    if (members.length > 0) roster.members.set(server, members);
    else roster.members.delete(server);
    return { version: roster.version, members: [...roster.members.values()], life: this.life };
  }

  startJob(server: string, topic: string, epoch: string, request: RequestMark): Appended {
    this.changes += 1;
    const answer = this.#answerTo(request);
    if (answer) return answer;
    const place = { topic, epoch, offset: 0 };
    this.#noted(server);
    this.#remember(request, place);
    this.#data.jobs.set(topic, { server, owner: request.client, isCancelled: false });
    return { outcome: "added", ...place };
  }

  keepJob(server: string, topic: string, owner: string): boolean {
    this.changes += 1;
    const job = this.#data.jobs.get(topic);
    if (job && job.server !== server) return false;
    if (!job && this.#data.topics.get(topic)?.rank === outcomeRank) return false;
    this.#data.jobs.set(topic, { isCancelled: false, ...job, server, owner });
    return true;
  }

  endJob(topic: string): void {
    this.changes += 1;
    this.#data.jobs.delete(topic);
  }

  cancel(topic: string, client: string): "cancelled" | "forbidden" | "not_found" {
    this.changes += 1;
    const job = this.#data.jobs.get(topic);
    if (!job) return "not_found";
    if (job.owner !== client) return "forbidden";
    job.isCancelled = true;
    this.say("server", job.server, `cancelled ${topic}`);
    return "cancelled";
  }

  /** The lease of a server runs out. */
  lapse(server: string): void {
    this.#data.leases.delete(server);
  }

  leave(server: string): void {
    this.changes += 1;
    this.#data.leases.delete(server);
    this.#empty(server);
  }

  // If the store has forgotten the server, its lease begins now.
  #noted(server: string): void {
    const { servers, leases } = this.#data;
    servers.add(server);
    if (!this.#lives(server)) leases.set(server, { until: this.#now() + kept.leaseMs, told: "" });
  }

  #lives(server: string): boolean {
    return (this.#data.leases.get(server)?.until ?? 0) > this.#now();
  }

  #isUntold(room: string, topic: string): boolean {
    const version = this.#data.rosters.get(room)?.version ?? 0;
    return version > (this.#data.topics.get(topic)?.rank ?? 0);
  }

  // The server that notices that another is gone takes over its jobs.
  #bury(server: string, heir: string): void {
    this.#data.servers.delete(server);
    this.#empty(server);
    for (const job of this.#data.jobs.values()) if (job.server === server) job.server = heir;
  }

  #empty(server: string): void {
    for (const [room, roster] of this.#data.rosters) {
      if (!roster.members.delete(server)) continue;
      this.#changed(roster);
      this.say("all", "", `room ${room}`);
    }
  }

  #changed(roster: StoredRoster): void {
    roster.version = Math.max(roster.version + 1, this.#now() * 1_000);
  }

  #topic(name: string, fresh: string): StoredTopic {
    const { topics } = this.#data;
    const topic = topics.get(name) ?? { epoch: "", life: "", offset: 0, rank: undefined, events: [] };
    topics.set(name, topic);
    if (topic.life === this.life) return topic;
    this.changes += 1;
    Object.assign(topic, { epoch: fresh, life: this.life });
    return topic;
  }

  #client(key: string): StoredClient {
    const client = this.#data.clients.get(key) ?? { answers: new Map() };
    this.#data.clients.set(key, client);
    return client;
  }

  #answerTo({ client, id, body }: RequestMark): Appended | undefined {
    const known = this.#data.clients.get(client)?.answers.get(id);
    if (!known) return undefined;
    return { outcome: known.body === body ? "again" : "conflict", ...known.place };
  }

  #remember({ client, id, body }: RequestMark, place: Omit<Appended, "outcome">): void {
    const { answers } = this.#client(client);
    answers.set(id, { body, place });
    const [oldest] = answers.keys();
    if (answers.size > kept.requests && oldest !== undefined) answers.delete(oldest);
  }
}
