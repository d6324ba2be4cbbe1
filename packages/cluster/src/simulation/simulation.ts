import { Client } from "@rosetta/client";
import { createExtras } from "@rosetta/hub/extras";
import { settled, World } from "@rosetta/hub/testing";
import type { Cursor } from "@rosetta/protocol";
import { entriesOf } from "../payload.ts";
import { FakeEngine, type Remains } from "../testing/fake-engine.ts";
import { SimulatedReader } from "./readers.ts";
import { hashSlowly, SimulatedServer } from "./servers.ts";
import { hostOf } from "./sockets.ts";
import { type Told, Truth, type Witness } from "./truth.ts";

/** How many there are of each. */
export const cast = { servers: 3, clients: 4 } as const;
const room = "room/a";
/** How much each job has to hash. */
const mebibytes = 8;

/** Something that happens. */
export type Mishap =
  | { do: "publish"; client: number; to: "all" | "others" }
  | { do: "pass"; ms: number }
  | { do: "move"; client: number }
  | { do: "leave"; client: number }
  | { do: "start"; client: number }
  | { do: "lose message" | "lose answer" | "deafen"; server: number }
  | { do: "cut"; server: number; ms: number }
  | { do: "kill"; server: number; ms: number }
  | { do: "freeze"; ms: number }
  | { do: "crash"; remains: Remains; ms: number }
  | { do: "split"; server: number; ms: number }
  | { do: "flush" };

/** What a simulation came to. */
export interface Outcome {
  faults: string[];
  published: number;
  acknowledged: number;
  places: number;
  epochs: number;
  told: number;
  jobs: number;
}

interface Speaker {
  client: Client;
  told: Told[];
  /** The member counts that it received. */
  counts: number[];
  /** True once it has left for good. */
  hasLeft: boolean;
  cut(): void;
}

/** Mulberry32, by Tommy Ettinger: the same numbers everywhere for one seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Three servers above one engine, four clients (those of `@rosetta/client`), and two readers over HTTP, in a world in which
 * everything that can go wrong goes wrong when a step says so. In the end all is well again, and then nobody may miss
 * anything without having been told.
 */
export class Simulation {
  readonly #world = new World();
  readonly #random: () => number;
  readonly #engine: FakeEngine;
  readonly #truth = new Truth(room);
  readonly #servers: SimulatedServer[] = [];
  readonly #speakers: Speaker[] = [];
  readonly #stream: SimulatedReader;
  readonly #poll: SimulatedReader;
  readonly #acks: { text: string; place: Cursor }[] = [];
  readonly #failures: unknown[] = [];
  /** The topics of the jobs that were acknowledged. */
  readonly #jobs = new Set<string>();
  #published = 0;
  #starts = 0;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
    this.#engine = new FakeEngine(this.#world, this.#random);
    this.#engine.observe = (store) => this.#truth.note(store);
    for (let index = 0; index < cast.servers; index++) this.#servers.push(this.#start());
    for (let index = 0; index < cast.clients; index++) this.#speakers.push(this.#join());
    this.#stream = new SimulatedReader(this.#world, room, () => this.#choose());
    this.#poll = new SimulatedReader(this.#world, room, () => this.#choose());
  }

  /** Plays the steps, lets everything become well, and returns what was wrong. */
  async play(steps: readonly Mishap[]): Promise<Outcome> {
    await this.#world.pass(500);
    for (const { client } of this.#speakers) client.open();
    this.#stream.stream();
    this.#poll.poll();
    await this.#world.pass(2_000);
    for (const step of steps) {
      this.#happen(step);
      await (step.do === "pass" ? this.#world.pass(step.ms) : settled());
    }
    await this.#heal();
    return this.#judge();
  }

  #start(): SimulatedServer {
    this.#starts += 1;
    const name = `server-${this.#starts}`;
    return new SimulatedServer(this.#world, this.#engine, name, createExtras(), hashSlowly);
  }

  #join(): Speaker {
    const host = hostOf(this.#world, this.#random, () => this.#choose());
    const client = new Client("ws://test", { host });
    const told: Told[] = [];
    const counts: number[] = [];
    let epoch = "";
    client.on("frame", (frame) => {
      const message = frame.kind === "text" ? frame.message : undefined;
      if (message?.type === "subscribed" && message.topic === room) epoch = message.epoch;
    });
    client.subscribe(
      room,
      ({ data, ...place }) =>
        void told.push({
          epoch: place.epoch,
          offset: place.offset,
          text: data.kind === "chat" ? data.text : "",
        }),
      ({ recovered }) => recovered === false && void told.push({ lost: true, epoch }),
    );
    client.subscribe("presence/a", ({ data }) => {
      if (data.kind === "presence") counts.push(data.count);
    });
    // That a server cannot welcome it or open its topic now is a problem that a client may have.
    client.on("problem", (problem) => {
      if (!["server", "subscription"].includes(problem.what)) this.#failures.push(problem);
    });
    return { client, told, counts, hasLeft: false, cut: () => host.cut() };
  }

  #choose(): SimulatedServer | undefined {
    return this.#servers[Math.floor(this.#random() * this.#servers.length)];
  }

  #publish(index: number, to: "all" | "others"): void {
    const speaker = this.#speakers[index];
    if (!speaker || speaker.hasLeft) return;
    this.#published += 1;
    const text = `${index} says ${this.#published}`;
    speaker.client.publish(room, text, to).then(
      ({ epoch, offset }) => void this.#acks.push({ text, place: { epoch, offset } }),
      () => {},
    );
  }

  #startJob(index: number): void {
    const speaker = this.#speakers[index];
    if (!speaker || speaker.hasLeft) return;
    speaker.client.startJob(mebibytes).then(
      ({ topic }) => void this.#jobs.add(topic),
      () => {},
    );
  }

  #leave(index: number): void {
    const speaker = this.#speakers[index];
    if (!speaker || speaker.hasLeft) return;
    speaker.hasLeft = true;
    speaker.client.close();
  }

  #happen(step: Mishap): void {
    if (step.do === "publish") return this.#publish(step.client, step.to);
    if (step.do === "leave") return this.#leave(step.client);
    if (step.do === "start") return this.#startJob(step.client);
    if (step.do === "move") return this.#speakers[step.client]?.cut();
    if (step.do === "freeze") return this.#engine.freeze(step.ms);
    if (step.do === "crash") return this.#engine.crash(step.remains, step.ms);
    if (step.do === "flush") return this.#engine.flush();
    if (step.do === "pass") return;
    const server = this.#servers[step.server];
    if (!server) return;
    if (step.do === "lose message") server.link.lostMessages += 1;
    if (step.do === "lose answer") server.link.lostAnswers += 1;
    if (step.do === "deafen") server.link.isDeaf = true;
    if (step.do === "cut") server.link.cut(step.ms);
    if (step.do === "split") this.#engine.split((name) => name === server.link.server, step.ms);
    if (step.do === "kill") this.#kill(step.server, server, step.ms);
  }

  #kill(index: number, server: SimulatedServer, ms: number): void {
    if (!server.isAlive) return;
    this.#failures.push(...server.part.failures);
    server.kill();
    this.#world.after(ms, () => {
      this.#servers[index] = this.#start();
    });
  }

  async #heal(): Promise<void> {
    for (const { link } of this.#servers) {
      link.lostMessages = 0;
      link.lostAnswers = 0;
    }
    await this.#world.pass(60_000);
    for (const index of this.#speakers.keys()) {
      this.#publish(index, index % 2 === 0 ? "all" : "others");
      await this.#world.pass(1_000);
    }
    await this.#world.pass(3_000);
  }

  #judge(): Outcome {
    const { store } = this.#engine;
    this.#truth.note(store);
    const witnesses: Witness[] = this.#speakers.map(({ told, hasLeft }, index) => ({
      name: `client ${index}`,
      ...{ told, hasLeft },
      key: this.#keyOf(index),
    }));
    witnesses.push({ name: "stream", told: this.#stream.told, hasLeft: false, key: undefined });
    witnesses.push({ name: "poll", told: this.#poll.told, hasLeft: false, key: undefined });
    const faults = [
      ...this.#truth.faults,
      ...this.#truth.repeated,
      ...witnesses.flatMap((witness) => this.#truth.faultsOf(witness)),
      ...witnesses.flatMap((witness) => this.#truth.endOf(witness, store)),
      ...this.#ackFaults(),
      ...this.#presenceFaults(),
      ...this.#jobFaults(),
      ...this.#servers.flatMap(({ part }) => part.failures).map(String),
      ...this.#failures.map((failure) => JSON.stringify(failure)),
    ];
    return {
      faults,
      published: this.#published,
      acknowledged: this.#acks.length,
      places: this.#truth.size,
      epochs: this.#truth.epochs,
      told: witnesses.flatMap(({ told }) => told).length,
      jobs: this.#jobs.size,
    };
  }

  // Its publications show its key, because only its servers ever see the secret.
  #keyOf(index: number): string {
    return this.#truth.authorOf(`${index} says`) ?? `nobody ${index}`;
  }

  #ackFaults(): string[] {
    const wrong = this.#acks.filter(({ text, place }) => {
      const data = this.#truth.at(place)?.data;
      return data?.kind !== "chat" || data.text !== text;
    });
    const unanswered = this.#present().filter(({ client }) => client.state.name !== "open");
    return [
      ...wrong.map(
        ({ text, place }) => `${text} was acknowledged at ${place.epoch}:${place.offset}, where it is not`,
      ),
      ...unanswered.map(({ client }) => `a client is ${client.state.name} in the end`),
    ];
  }

  #presenceFaults(): string[] {
    const present = this.#present();
    return present
      .map(({ counts }) => counts.at(-1))
      .filter((count) => count !== present.length)
      .map((count) => `presence counts ${count} of ${present.length}`);
  }

  // If the engine still has an event of a job, the job must end exactly once, whatever happened to its server.
  #jobFaults(): string[] {
    return [...this.#jobs].flatMap((name) => {
      const states = this.#statesOf(name);
      const end = states.findIndex((state) => state !== "running");
      return states.length === 0 || end === states.length - 1 ? [] : [`${name} went through ${states}`];
    });
  }

  #statesOf(name: string): string[] {
    const topic = this.#engine.store.topic(name);
    return (topic ? entriesOf(name, topic) : []).flatMap(({ data }) =>
      data.kind === "progress" ? [data.state] : [],
    );
  }

  // The speakers that have not left.
  #present(): Speaker[] {
    return this.#speakers.filter(({ hasLeft }) => !hasLeft);
  }
}
