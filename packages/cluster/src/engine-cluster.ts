import type { Platform } from "@rosetta/hub";
import {
  type Cancellation,
  type Claim,
  type Claimant,
  type Cluster,
  type ClusterEvents,
  type Log,
  outcomeRank,
  type Place,
  presenceRoomOf,
  Refused,
  type RequestMark,
  type Roster,
} from "@rosetta/hub/cluster";
import { type BeatCommand, type BeatReply, type Engine, EngineError } from "./engine.ts";
import { EngineLog } from "./engine-log.ts";
import { entryOf } from "./payload.ts";
import { type EnginePatience, Reach } from "./reach.ts";

/** Milliseconds between two beats. A message that was lost is noticed after this time at the latest. */
const beatMs = 1_000;
/** Beats after which what is known is kept further on. */
const keepBeats = 30;
/** After this many beats, the presence of every followed room has been compared with the list of its members. */
const untoldBeats = 5;
/** Beats in a row that find something that no message has told. Then the connection is taken for deaf. */
const deafBeats = 3;

/** Beats in a row without an answer. Then the connection is given up: perhaps it leads nowhere any more. */
const silentBeats = 3;

/** What the servers' cluster needs from outside. */
export interface EngineClusterOptions extends EnginePatience {
  engine: Engine;
  platform: Pick<Platform, "now" | "after" | "date" | "token">;
  /** The log of the topics that stay this server's own. */
  own: Log;
  /** Bytes of memory for the events of all topics. Default: no limit. */
  logBytes?: number;
  /** Returns a text from which nobody can tell the secret of a client. */
  digest(secret: string): string;
}

/** A claim that the engine has not answered yet, or whose answer nobody has acted on. */
interface Arrival {
  client: string;
  connection: number | undefined;
  /** True once a newer connection of the client is known elsewhere. */
  isOlder: boolean;
}

interface Present {
  session: string;
  connection: number | undefined;
  member: string;
}

/**
 * The servers that share an engine. What a server has told the engine it also remembers itself, so that it can tell it
 * again when the engine comes back empty.
 */
export class EngineCluster implements Cluster {
  readonly log: EngineLog;
  readonly #options: EngineClusterOptions;
  readonly #reach: Reach;
  readonly #clients = new Map<string, Present>();
  readonly #arrivals = new Set<Arrival>();
  readonly #rosters = new Map<string, string[]>();
  readonly #jobs = new Map<string, string>();
  /** Jobs whose start the engine has not answered yet. */
  readonly #starting = new Set<string>();
  /** Jobs that no server runs, whose followers are being told that they failed. */
  readonly #burying = new Set<string>();
  #events: ClusterEvents | undefined;
  #beats = 0;
  #deaf = 0;
  #silent = 0;
  #isBeating = false;
  #isUp = false;
  #hasLeft = false;
  /** Names the last time that this server has told the engine everything. */
  #told = "";
  /** Names the next time, or the one that is going on. */
  #tells: string | undefined;
  #isTelling = false;
  #cancelBeat = (): void => {};

  constructor(options: EngineClusterOptions) {
    this.#options = options;
    const { engine, platform, own, timeoutMs, graceMs, logBytes } = options;
    this.#reach = new Reach({
      ...{ platform, timeoutMs, graceMs },
      cutOff: () => this.#events?.cutOff(),
      refused: (why) => this.#count("engine_refused_total", 1, `why="${why}"`),
    });
    this.log = new EngineLog({
      ...{ engine, platform, own, reach: this.#reach },
      ...(logBytes !== undefined && { bytes: logBytes }),
      appended: (ms) => {
        this.#count("engine_appends_total", 1);
        this.#count("engine_append_ms_total", ms);
      },
      fetched: (events, why) => this.#count("engine_fetches_total", events, `why="${why}"`),
      began: () => this.#count("engine_lives_total", 1),
      following: (change) => this.#count("engine_topics", change),
    });
  }

  get isServing(): boolean {
    return this.#reach.isServing;
  }

  join(events: ClusterEvents): void {
    if (this.#events) return;
    this.#events = events;
    this.#count("engine_up", 0);
    this.#options.engine.connect({
      up: () => this.#up(),
      down: () => this.#down(),
      message: (topic, text) => this.#heard(topic, text),
    });
    this.#beatSoon();
  }

  async leave(): Promise<void> {
    this.#hasLeft = true;
    this.#cancelBeat();
    this.#reach.stop();
    const { engine, platform, timeoutMs } = this.#options;
    // A server that goes does not wait for an engine that is away: its lease ends by itself.
    const late = Promise.withResolvers<void>();
    const cancel = platform.after(timeoutMs, late.resolve);
    if (this.#isUp) await Promise.race([engine.leave().catch(() => {}), late.promise]);
    cancel();
    await engine.close();
  }

  identify(secret: string): string {
    return this.#options.digest(secret);
  }

  async claim({ client, session, connection, member }: Claimant): Promise<Claim | "older"> {
    const { engine } = this.#options;
    const command = { client, connection, member: this.#clients.get(client)?.member ?? member() };
    const arrival: Arrival = { client, connection, isOlder: false };
    this.#arrivals.add(arrival);
    const answer = await this.#reach
      .ask(() => engine.claim(command))
      .finally(() => this.#arrivals.delete(arrival));
    const claim = arrival.isOlder ? "older" : answer;
    if (claim !== "older") this.#clients.set(client, { session, connection, member: claim.member });
    return claim;
  }

  released(client: string, session: string): void {
    if (this.#clients.get(client)?.session === session) this.#clients.delete(client);
  }

  async roster(room: string, members: string[]): Promise<Roster> {
    if (members.length > 0) this.#rosters.set(room, members);
    else this.#rosters.delete(room);
    const all = await this.#reach.ask(() => this.#options.engine.roster(room, members));
    return { ...all, members: [...new Set(all.members.flat())] };
  }

  async jobStarts({ topic, epoch }: Place, request: RequestMark): Promise<Place | undefined> {
    const { engine } = this.#options;
    this.#starting.add(topic);
    try {
      const answer = await this.#reach.ask(() => engine.startJob(topic, epoch, request));
      if (answer.outcome === "conflict") throw new Refused("conflict", "this id had another body");
      if (answer.topic !== topic) return { topic: answer.topic, epoch: answer.epoch, offset: answer.offset };
      this.#jobs.set(topic, request.client);
      return undefined;
    } finally {
      this.#starting.delete(topic);
    }
  }

  jobEnded(topic: string): void {
    if (!this.#jobs.delete(topic)) return;
    // If this is lost, the job is one that has ended anyway: whoever cancels it changes nothing.
    this.#reach.ask(() => this.#options.engine.endJob(topic)).catch(() => {});
  }

  cancel(topic: string, client: string): Promise<Cancellation> {
    return this.#reach.ask(() => this.#options.engine.cancel(topic, client));
  }

  exists(topic: string): Promise<boolean> {
    return this.#reach.ask(() => this.#options.engine.exists(topic));
  }

  #count(name: Parameters<ClusterEvents["count"]>[0], amount: number, label?: string): void {
    this.#events?.count(name, amount, label);
  }

  // A new connection hears nothing yet. What was said meanwhile shows at the beat.
  #up(): void {
    this.#isUp = true;
    this.#count("engine_reconnects_total", 1);
    this.#options.engine.subscribe(this.log.names).then(
      () => this.#beat(),
      () => {},
    );
  }

  #down(): void {
    this.#isUp = false;
    // A report may be under way. The engine may lose the part that it has answered before it is back, so this one
    // does not count.
    this.#tells = undefined;
    this.#away();
  }

  #away(since?: number): void {
    if (this.#reach.isThere) this.#count("engine_up", -1);
    this.#reach.away(since);
  }

  #there(): void {
    if (!this.#reach.isThere) this.#count("engine_up", 1);
    this.#reach.there();
  }

  #heard(topic: string | undefined, text: string): void {
    const [first = "", second = "", third = ""] = text.split(" ", 3);
    if (topic !== undefined) {
      return this.log.heard(topic, first, Number(second), text.slice(first.length + second.length + 2));
    }
    if (first === "replaced") this.#replaced(second, third);
    if (first === "cancelled") this.#events?.cancelled(second);
    if (first === "room") this.#events?.roomChanged(second);
  }

  // The answer to a claim may come in one segment with the message about a newer claim elsewhere.
  #replaced(client: string, connection: string): void {
    for (const arrival of this.#arrivals) {
      if (arrival.client !== client || connection === "") continue;
      arrival.isOlder ||= Number(connection) > (arrival.connection ?? Number.POSITIVE_INFINITY);
    }
    this.#moved(client);
  }

  #moved(client: string): void {
    this.#clients.delete(client);
    this.#events?.replaced(client);
  }

  #beatSoon(): void {
    this.#cancelBeat = this.#options.platform.after(beatMs, () => {
      this.#beatSoon();
      if (this.#isUp) void this.#beat();
    });
  }

  async #beat(): Promise<void> {
    if (this.#isBeating || this.#hasLeft) return;
    this.#isBeating = true;
    const { engine, platform, timeoutMs } = this.#options;
    const begunAt = platform.now();
    const { promise: late, reject } = Promise.withResolvers<never>();
    const cancel = platform.after(timeoutMs, () => reject(new Error("the engine does not answer")));
    this.#beats += 1;
    this.#tells ??= platform.token().slice(0, 8);
    const topics = this.log.known;
    const command = {
      ...{ told: this.#told, tells: this.#tells },
      topics,
      followed: this.#followed(topics),
      jobs: [...this.#jobs.keys()],
      clients: this.#due(),
      keeps: this.#beats % keepBeats === 1,
    };
    try {
      const reply = await Promise.race([engine.beat(command), late]);
      this.#silent = 0;
      this.#there();
      this.#learn(reply);
    } catch (error) {
      // Whatever is being told may have come before the engine took this server for dead.
      this.#tells = undefined;
      this.#away(begunAt);
      // An engine that complains is at the other end of the connection.
      if (error instanceof EngineError) return;
      this.#silent += 1;
      if (this.#silent < silentBeats) return;
      this.#silent = 0;
      engine.reset();
    } finally {
      cancel();
      this.#isBeating = false;
    }
  }

  // Only a fifth of the rooms at each beat: it is rare that no server has published a change of members.
  #followed(topics: { topic: string }[]): BeatCommand["followed"] {
    const rooms = topics.flatMap(({ topic }) => {
      const room = presenceRoomOf(topic);
      return room === undefined ? [] : [{ room, topic }];
    });
    return rooms.filter((_, index) => index % untoldBeats === this.#beats % untoldBeats);
  }

  // A thirtieth of the clients at each beat, so that each has its turn in half a minute.
  #due(): string[] {
    return [...this.#clients.keys()].filter((_, index) => index % keepBeats === this.#beats % keepBeats);
  }

  #learn({ isKnown, changed, untold, cancelled, taken, moved, orphans, rooms }: BeatReply): void {
    if (!isKnown) void this.#tell(rooms);
    for (const client of moved) void this.#found(client).catch(() => {});
    for (const topic of cancelled) this.#events?.cancelled(topic);
    for (const topic of taken) this.#taken(topic);
    for (const room of untold) this.#events?.roomChanged(room);
    for (const topic of orphans) void this.#bury(topic);
    // Messages that came before this reply have been heard by now.
    const behind = changed.filter(({ topic, epoch, offset }) => this.log.isBehind(topic, epoch, offset));
    for (const { topic } of behind) void this.log.refresh(topic, "beat").catch(() => {});
    this.#deaf = behind.length > 0 && isKnown ? this.#deaf + 1 : 0;
    if (this.#deaf < deafBeats) return;
    this.#deaf = 0;
    this.#options.engine.reset();
  }

  #taken(topic: string): void {
    this.#jobs.delete(topic);
    this.#events?.jobLost(topic);
  }

  // The engine has a client at another server. Either a message was lost, or the engine has lost the newer claim. Only the
  // number of the connection can tell.
  async #found(client: string): Promise<void> {
    if (this.#clients.get(client)?.connection === undefined) return this.#moved(client);
    await this.#claimAgain(client);
  }

  async #claimAgain(client: string): Promise<void> {
    const present = this.#clients.get(client);
    if (!present) return;
    const { connection, member } = present;
    const claim = await this.#reach.ask(() => this.#options.engine.claim({ client, connection, member }));
    if (claim === "older" && this.#clients.get(client) === present) this.#moved(client);
  }

  // The engine may have forgotten what this server has told it: it has lost everything or a part, or the lease had run out.
  // So the server reports it again. The next beat confirms that, or the engine asks once more. `rooms` are those in
  // which the engine still has members of this server: it may have lost the news that the last one left.
  async #tell(rooms: string[]): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    const tells = this.#tells;
    try {
      await this.#tellAll(rooms);
      if (tells === undefined || tells !== this.#tells) return;
      this.#told = tells;
      this.#tells = undefined;
    } catch {
      // The next beat shows that it has to be done again.
    } finally {
      this.#isTelling = false;
    }
  }

  async #tellAll(known: string[]): Promise<void> {
    const { engine } = this.#options;
    const jobs = [...this.#jobs].map(async ([topic, client]) => {
      if (!(await this.#reach.ask(() => engine.keepJob(topic, client)))) this.#taken(topic);
    });
    const clients = [...this.#clients.keys()].map((client) => this.#claimAgain(client));
    const rooms = [...new Set([...this.#rosters.keys(), ...known])].map(async (room) => {
      await this.#reach.ask(() => engine.roster(room, this.#rosters.get(room) ?? []));
      this.#events?.roomChanged(room);
    });
    await Promise.all([...jobs, ...clients, ...rooms]);
  }

  // Tells the followers of a job that it has failed, because no server runs it any more.
  async #bury(topic: string): Promise<void> {
    if (this.#jobs.has(topic) || this.#starting.has(topic) || this.#burying.has(topic)) return;
    this.#burying.add(topic);
    try {
      await this.#end(topic);
    } catch {
      // The next beat names it again.
    } finally {
      this.#burying.delete(topic);
    }
  }

  async #end(topic: string): Promise<void> {
    const { engine, platform } = this.#options;
    const opened = await this.#reach.ask(() => engine.open(topic, platform.token().slice(0, 16)));
    const newest = opened.events.at(-1);
    const data = newest && entryOf(topic, opened.epoch, newest.offset, newest.payload)?.data;
    const { done, total } = data?.kind === "progress" ? data : { done: 0, total: 0 };
    const failed = { kind: "progress", state: "failed", done, total } as const;
    await this.log.append(topic, { at: platform.date(), data: failed, rank: outcomeRank });
    await this.#reach.ask(() => engine.endJob(topic));
  }
}
