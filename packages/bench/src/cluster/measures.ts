// Measures what several servers cost compared with one: an append, a delivery, and the memory of the engine.

import type { Candidate } from "../candidates.ts";
import { type PublishTarget, subscribe } from "../generator/publisher.ts";
import { type Estimate, estimate, median } from "../statistics.ts";
import { Author } from "./author.ts";
import { type MeasuredCluster, pause, startCluster, Usage } from "./stage.ts";

/** A cluster that is measured in turns with others. */
export interface Contender {
  title: string;
  candidate: Candidate;
  /** How many servers share an engine. `alone`: one server without an engine. */
  count: number | "alone";
}

/** One cluster's costs of an event, each with its interval. */
export interface CostRow {
  title: string;
  /** From the request until its ack, with one under way: the median, in ms. */
  ackMs: Estimate;
  /** Processor time of all servers, in µs for each event. */
  serverUs: Estimate;
  /** Processor time of the engine, in µs for each event. */
  engineUs: Estimate;
}

type Sample = Record<"ackMs" | "serverUs" | "engineUs", number>;

/** Events that are published for each figure. */
const events = { timed: 300, counted: 4_000, depth: 16, fannedOut: 20 };

/** Measures the cost of publishing to a topic without followers, in the given number of turns. */
export function measureAppends(contenders: readonly Contender[], turns: number): Promise<CostRow[]> {
  return inTurns(contenders, turns, async (cluster) => {
    const author = await Author.open(peerOf(cluster, 0));
    const topic = newRoom();
    return async () => {
      const times = await author.publish(topic, events.timed, 1);
      const usage = new Usage(cluster);
      await author.publish(topic, events.counted, events.depth);
      return sampleOf(times, usage, events.counted);
    };
  });
}

/** Measures the cost of an event for `listeners` that are spread evenly over the servers. */
export function measureFanout(
  contenders: readonly Contender[],
  turns: number,
  listeners: number,
): Promise<CostRow[]> {
  return inTurns(contenders, turns, async (cluster) => {
    const room = newRoom();
    let arrived = 0;
    for (let count = 0; count < listeners; count++) {
      const target: PublishTarget = { peer: peerOf(cluster, count), dialect: "typed", name: room };
      await subscribe(target, { message: () => void arrived++, closed: () => {} });
    }
    const author = await Author.open(peerOf(cluster, 0));
    return async () => {
      const usage = new Usage(cluster);
      const times: number[] = [];
      for (let event = 0; event < events.fannedOut; event++) {
        const due = arrived + listeners;
        times.push(...(await author.publish(room, 1, 1)));
        while (arrived < due) await pause(1);
      }
      return sampleOf(times, usage, events.fannedOut);
    };
  });
}

/** The memory that a cluster takes in the engine, in bytes. */
export interface EngineMemory {
  /** Before anybody came. */
  empty: number;
  /** Of a room that one client follows, without an event. */
  room: number;
  /** Of an event in a room, with the text of a short line. */
  event: number;
  /** Of a client that has published nothing. */
  client: number;
  /** Of an answer that is remembered for a client: up to 256 each. */
  answer: number;
  /** Processor time that the engine and the server use each second for a topic that is open and silent, in µs. */
  beatUs: { engine: number; server: number };
}

/** Measures what rooms, events and clients take in the engine. */
export async function measureEngine(candidate: Candidate): Promise<EngineMemory> {
  const [rooms, each, clients] = [2_000, 100, 2_000];
  const cluster = await startCluster(candidate, 1);
  const used = () => memoryOf(cluster);
  const peer = peerOf(cluster, 0);
  try {
    await pause(3_000);
    const idle = await usageOfSeconds(cluster, 8);
    const empty = await used();
    const reader = await Author.open(peer);
    for (let room = 0; room < rooms; room++) await reader.subscribe(`room/memory-${room}`);
    await pause(3_000);
    const withRooms = await used();
    const followed = await usageOfSeconds(cluster, 8);
    // One author for all rooms. After the warm-up its remembered answers are full, so only events add memory.
    const author = await Author.open(peer);
    await author.publish("room/warm", 300, 8);
    const before = await used();
    for (let room = 0; room < 200; room++) await author.publish(`room/memory-${room}`, each, 8);
    const withEvents = await used();
    const guests: Author[] = [];
    for (let guest = 0; guest < clients; guest++) guests.push(await Author.open(peer));
    await pause(1_500);
    const withClients = await used();
    for (const guest of guests) await guest.publish("room/warm", 10, 1);
    const withAnswers = await used();
    return {
      empty,
      room: (withRooms - empty) / rooms,
      event: (withEvents - before) / (200 * each),
      client: (withClients - withEvents) / clients,
      answer: (withAnswers - withClients) / (clients * 10),
      beatUs: {
        engine: ((followed.engineMs - idle.engineMs) * 1_000) / rooms,
        server: ((followed.serversMs - idle.serversMs) * 1_000) / rooms,
      },
    };
  } finally {
    await cluster.stop();
  }
}

async function inTurns(
  contenders: readonly Contender[],
  turns: number,
  prepare: (cluster: MeasuredCluster) => Promise<() => Promise<Sample>>,
): Promise<CostRow[]> {
  const started: {
    title: string;
    cluster: MeasuredCluster;
    measure: () => Promise<Sample>;
    samples: Sample[];
  }[] = [];
  try {
    for (const { title, candidate, count } of contenders) {
      const cluster = await startCluster(candidate, count);
      started.push({ title, cluster, measure: await prepare(cluster), samples: [] });
    }
    // The first turns warm up.
    for (let turn = -2; turn < turns; turn++) {
      // The order alternates, so that no cluster always follows the same one.
      const order = turn % 2 === 0 ? started : started.toReversed();
      for (const { measure, samples } of order) {
        const sample = await measure();
        if (turn >= 0) samples.push(sample);
      }
    }
  } finally {
    await Promise.all(started.map(({ cluster }) => cluster.stop()));
  }
  return started.map(({ title, samples }) => ({
    title,
    ackMs: estimate(samples.map(({ ackMs }) => ackMs)),
    serverUs: estimate(samples.map(({ serverUs }) => serverUs)),
    engineUs: estimate(samples.map(({ engineUs }) => engineUs)),
  }));
}

function sampleOf(times: readonly number[], usage: Usage, count: number): Sample {
  const [serverUs, engineUs] = [usage.serversMs, usage.engineMs].map((ms) => (ms * 1_000) / count);
  return { ackMs: median(times), serverUs: serverUs ?? Number.NaN, engineUs: engineUs ?? Number.NaN };
}

async function usageOfSeconds(cluster: MeasuredCluster, seconds: number) {
  const usage = new Usage(cluster);
  await pause(seconds * 1_000);
  return { serversMs: usage.serversMs / seconds, engineMs: usage.engineMs / seconds };
}

async function memoryOf({ engine }: MeasuredCluster): Promise<number> {
  const info = (await engine?.ask("INFO memory")) ?? "";
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}

let rooms = 0;

function newRoom(): string {
  return `room/cost-${++rooms}`;
}

function peerOf({ peers }: MeasuredCluster, index: number) {
  const peer = peers[index % peers.length];
  if (!peer) throw new Error("a cluster without servers");
  return peer;
}
