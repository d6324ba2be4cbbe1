import type { Platform } from "@rosetta/hub";
import type { RequestMark } from "@rosetta/hub/cluster";
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
  type OpenedTopic,
  type RosterReply,
} from "../engine.ts";
import { FakeStore } from "./fake-store.ts";

/** What is left of an engine that crashed: everything, what a replica had, or nothing. */
export type Remains = "whole" | "behind" | "empty";

/** Milliseconds of one way between a server and the engine: at least, and at most. */
const wayMs = { least: 0, most: 4 } as const;
/** Milliseconds after which a server tries again to connect. */
const retryMs = 100;
/** Milliseconds by which a replica is behind. */
const behindMs = 300;

interface FakeWorld extends Pick<Platform, "now" | "after" | "token"> {}

/**
 * An engine for tests, with everything that can happen to one. All delays come from `random`, so that a seed repeats them.
 */
export class FakeEngine {
  readonly world: FakeWorld;
  readonly random: () => number;
  readonly links = new Set<FakeLink>();
  store: FakeStore;
  /** The other half of a split brain. */
  other: FakeStore | undefined;
  /** Is told of a store after each command that it has carried out. */
  observe: (store: FakeStore) => void = () => {};
  isDown = false;
  /** Refuses every command, as when its memory is full. */
  isFull = false;
  /** Until when it does nothing. */
  frozenUntil = 0;
  #replica: FakeStore;

  constructor(world: FakeWorld, random: () => number) {
    this.world = world;
    this.random = random;
    this.store = this.#adopt(new FakeStore(world.token(), () => world.now()));
    this.#replica = this.store.copy("a replica");
    let copied: [FakeStore, number] = [this.store, this.store.changes];
    const replicate = (): void => {
      const { store } = this;
      if (copied[0] !== store || copied[1] !== store.changes) this.#replica = store.copy("a replica");
      copied = [store, store.changes];
      world.after(behindMs, replicate);
    };
    world.after(behindMs, replicate);
  }

  /** Returns the engine as one server sees it. */
  link(server: string): FakeLink {
    const link = new FakeLink(this, server);
    this.links.add(link);
    return link;
  }

  /** Crashes, and is back after `ms`. */
  crash(remains: Remains, ms: number): void {
    if (this.isDown) return;
    this.isDown = true;
    this.other = undefined;
    for (const link of this.links) link.lose();
    this.world.after(ms, () => {
      const life = this.world.token();
      if (remains === "whole") this.store = this.#adopt(this.store.copy(life));
      if (remains === "behind") this.store = this.#adopt(this.#replica.copy(life));
      if (remains === "empty") this.store = this.#adopt(new FakeStore(life, () => this.world.now()));
      this.isDown = false;
    });
  }

  /** Forgets everything, as after FLUSHALL, and goes on. */
  flush(): void {
    const { life } = this.store;
    this.store = this.#adopt(new FakeStore(life, () => this.world.now()));
  }

  /** Does nothing for `ms`: what it gets meanwhile waits. */
  freeze(ms: number): void {
    this.frozenUntil = Math.max(this.frozenUntil, this.world.now() + ms);
  }

  /** Splits for `ms`: a replica is promoted, while some servers still write to the old master. That is lost. */
  split(isMinority: (server: string) => boolean, ms: number): void {
    if (this.isDown || this.other) return;
    this.other = this.store;
    this.store = this.#adopt(this.#replica.copy(this.world.token()));
    for (const link of this.links) {
      link.isMinority = isMinority(link.server);
      if (!link.isMinority) link.lose();
    }
    this.world.after(ms, () => {
      this.other = undefined;
      for (const link of this.links) {
        if (link.isMinority) link.lose();
        link.isMinority = false;
      }
    });
  }

  #adopt(store: FakeStore): FakeStore {
    store.say = (kind, name, text) => {
      for (const link of this.links) if (link.store === store) link.say(kind, name, text);
    };
    return store;
  }
}

/** The engine as one server sees it: over a connection, on which everything takes its time and keeps its order. */
export class FakeLink implements Engine {
  readonly server: string;
  /** True while it still speaks to the old master of a split. */
  isMinority = false;
  /** True if it hears no messages, and does not notice. */
  isDeaf = false;
  /** How often it has connected. */
  connections = 0;
  /** How many of the next messages are lost. */
  lostMessages = 0;
  /** How many of the next answers are lost. */
  lostAnswers = 0;
  readonly #engine: FakeEngine;
  readonly #channels = new Set<string>();
  #listener: EngineListener | undefined;
  #connection: { reject: Set<(error: Error) => void> } | undefined;
  #isClosed = false;
  #cutUntil = 0;
  /** When the last thing arrives that is on its way, in each direction. */
  #thereAt = 0;
  #backAt = 0;
  readonly #coming: { at: number; read: () => void }[] = [];

  constructor(engine: FakeEngine, server: string) {
    this.#engine = engine;
    this.server = server;
  }

  /** The store that it reaches. */
  get store(): FakeStore {
    return (this.isMinority && this.#engine.other) || this.#engine.store;
  }

  connect(listener: EngineListener): void {
    this.#listener = listener;
    this.#try();
  }

  reset(): void {
    this.lose();
  }

  async close(): Promise<void> {
    this.kill();
  }

  /** The server is gone: nothing of it goes on. */
  kill(): void {
    this.#isClosed = true;
    this.#listener = undefined;
    this.#connection = undefined;
    this.#engine.links.delete(this);
  }

  /** The connection is lost, and there is none for `ms`. */
  cut(ms: number): void {
    this.#cutUntil = Math.max(this.#cutUntil, this.#engine.world.now() + ms);
    this.lose();
  }

  /** The connection is lost, with whatever is on its way. */
  lose(): void {
    const lost = this.#connection;
    if (!lost) return;
    this.#connection = undefined;
    this.#channels.clear();
    this.isDeaf = false;
    for (const reject of lost.reject) reject(new ConnectionLost("cut"));
    this.#listener?.down();
    this.#engine.world.after(retryMs, () => this.#try());
  }

  /** A message leaves the engine. */
  say(kind: "topic" | "server" | "all", name: string, text: string): void {
    const connection = this.#connection;
    const isMeant = kind === "topic" ? this.#channels.has(name) : kind === "all" || name === this.server;
    if (!isMeant || !connection || this.isDeaf) return;
    if (this.lostMessages > 0) {
      this.lostMessages -= 1;
      return;
    }
    this.#comesBack(() => {
      if (this.#connection === connection) this.#listener?.message(kind === "topic" ? name : undefined, text);
    });
  }

  subscribe(topics: string[]): Promise<void> {
    return this.#run(() => {
      for (const topic of topics) this.#channels.add(topic);
    });
  }

  unsubscribe(topic: string): void {
    this.#channels.delete(topic);
  }

  append(command: AppendCommand): Promise<Appended> {
    return this.#run((store) => store.append(command));
  }

  open(topic: string, epoch: string, known?: { epoch: string; offset: number }): Promise<OpenedTopic> {
    return this.#run((store) => store.open(topic, epoch, known));
  }

  forget(topic: string): Promise<void> {
    return this.#run((store) => {
      const isFollowed = [...this.#engine.links].some((link) => link.#channels.has(topic));
      if (!isFollowed) store.forget(topic);
    });
  }

  exists(topic: string): Promise<boolean> {
    return this.#run((store) => store.exists(topic));
  }

  beat(command: BeatCommand): Promise<BeatReply> {
    return this.#run((store) => store.beat(this.server, command));
  }

  claim(command: ClaimCommand): Promise<{ member: string; known: boolean } | "older"> {
    return this.#run((store) => store.claim(this.server, command));
  }

  roster(room: string, members: string[]): Promise<RosterReply> {
    return this.#run((store) => store.roster(this.server, room, members));
  }

  startJob(topic: string, epoch: string, request: RequestMark): Promise<Appended> {
    return this.#run((store) => store.startJob(this.server, topic, epoch, request));
  }

  keepJob(topic: string, client: string): Promise<boolean> {
    return this.#run((store) => store.keepJob(this.server, topic, client));
  }

  endJob(topic: string): Promise<void> {
    return this.#run((store) => store.endJob(topic));
  }

  cancel(topic: string, client: string): Promise<"cancelled" | "forbidden" | "not_found"> {
    return this.#run((store) => store.cancel(topic, client));
  }

  leave(): Promise<void> {
    return this.#run((store) => store.leave(this.server));
  }

  #try(): void {
    if (this.#isClosed || this.#connection) return;
    const { world, isDown, frozenUntil } = this.#engine;
    if (isDown || world.now() < Math.max(this.#cutUntil, frozenUntil)) {
      world.after(retryMs, () => this.#try());
      return;
    }
    this.#connection = { reject: new Set() };
    this.connections += 1;
    this.#listener?.up();
  }

  #way(): number {
    return Math.round(wayMs.least + (wayMs.most - wayMs.least) * this.#engine.random());
  }

  // Replies of the same moment come in one segment, and all of them are read before anybody can act on one.
  #comesBack(read: () => void): void {
    const { world } = this.#engine;
    this.#backAt = Math.max(this.#backAt, world.now() + this.#way());
    this.#coming.push({ at: this.#backAt, read });
    world.after(this.#backAt - world.now(), () => {
      while ((this.#coming[0]?.at ?? Number.POSITIVE_INFINITY) <= world.now()) this.#coming.shift()?.read();
    });
  }

  // A command goes there, takes effect at once, and its answer comes back: each in order, unless the connection is lost.
  #run<T>(command: (store: FakeStore) => T): Promise<T> {
    const { world } = this.#engine;
    const connection = this.#connection;
    return new Promise((resolve, reject) => {
      if (!connection) return reject(new ConnectionLost("not connected"));
      connection.reject.add(reject);
      const arrive = (): void => {
        if (this.#connection !== connection) return;
        const { frozenUntil } = this.#engine;
        if (world.now() < frozenUntil) return void world.after(frozenUntil - world.now(), arrive);
        const { store } = this;
        const isFull = this.#engine.isFull;
        const answer = isFull ? undefined : command(store);
        this.#engine.observe(store);
        if (this.lostAnswers > 0) {
          this.lostAnswers -= 1;
          return;
        }
        this.#comesBack(() => {
          if (this.#connection !== connection) return;
          connection.reject.delete(reject);
          if (isFull) reject(new EngineError("OOM"));
          else resolve(answer as T);
        });
      };
      this.#thereAt = Math.max(this.#thereAt, world.now() + this.#way());
      world.after(this.#thereAt - world.now(), arrive);
    });
  }
}
