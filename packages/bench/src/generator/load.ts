// A custom load: rooms with one publisher and some listeners each, on a schedule.

import { residentBytes } from "@rosetta/testkit/process";
import type { LoadJob, Slice } from "../generator-job.ts";
import { openMany } from "./connect-and-idle.ts";
import type { Link } from "./link.ts";
import { between, type Look, look, pause, settled } from "./look.ts";
import { openSocket } from "./open-socket.ts";
import { newTopic, openPublisher, type Publisher, type PublishTarget, subscribe } from "./publisher.ts";
import { Latencies, startSchedule } from "./schedule.ts";
import { Trouble } from "./trouble.ts";
import { hello } from "./waves.ts";

/** Measures a load in parts. Rejects if a delivery is doubled or out of order. */
export async function load(job: LoadJob): Promise<Slice> {
  const trouble = new Trouble();
  const run = new LoadRun(job, trouble.tell);
  try {
    await trouble.orEnd(run.open());
    return await trouble.orEnd(run.measure());
  } finally {
    run.end();
  }
}

class LoadRun {
  readonly #job: LoadJob;
  readonly #failed: (why: string) => void;
  readonly #topics: readonly PublishTarget[];
  readonly #links: (Link | Publisher)[] = [];
  #speakers: readonly Publisher[] = [];
  #latencies = new Latencies();
  // When each message was due, by its number.
  readonly #due: number[] = [];
  #deliveries = 0;
  #endSchedule = () => {};

  constructor(job: LoadJob, failed: (why: string) => void) {
    this.#job = job;
    this.#failed = failed;
    const rooms = Math.floor(job.connections / (job.fanout + 1));
    this.#topics = Array.from({ length: rooms }, () => newTopic({ peer: job.peer, dialect: "typed" }));
  }

  async open(): Promise<void> {
    const { connections, fanout, peer } = this.#job;
    const rooms = this.#topics.length;
    this.#links.push(...(await openMany((index) => this.#listen(index % rooms), rooms * fanout)));
    this.#speakers = await openMany((room) => openPublisher(this.#topic(room), this.#failed), rooms);
    this.#links.push(...this.#speakers);
    this.#links.push(
      ...(await openMany(() => openIdle(peer, this.#failed), connections - rooms * (fanout + 1))),
    );
  }

  async measure(): Promise<Slice> {
    const { warmupMs, measureMs, parts: count } = this.#job;
    this.#endSchedule = startSchedule(this.#job.rate, (due) => this.#publish(due));
    await pause(warmupMs);
    this.#latencies = new Latencies();
    const parts: Slice[] = [];
    for (let part = 0; part < count; part++) parts.push(await this.#part(measureMs));
    this.#endSchedule();
    const missing = () => this.#due.length * this.#job.fanout - this.#deliveries;
    await settled(() => missing() === 0);
    const [first] = parts as [Slice];
    return { ...first, latency: this.#latencies.read(), missing: missing(), parts };
  }

  end(): void {
    this.#endSchedule();
    for (const link of this.#links) link.end();
  }

  async #part(ms: number): Promise<Slice> {
    const { peer, fanout, rate } = this.#job;
    const published = this.#due.length;
    const before: Look = look(peer.pid, this.#deliveries);
    await pause(ms);
    const slice = between(before, look(peer.pid, this.#deliveries));
    const due = Math.round((slice.ms / 1_000) * rate) * fanout;
    const sent = (this.#due.length - published) * fanout;
    return { ...slice, due, sent, residentBytes: residentBytes(peer.pid) ?? Number.NaN };
  }

  #publish(due: number): void {
    const number = this.#due.length;
    this.#due.push(due);
    this.#speakers[number % this.#speakers.length]?.publish(number, this.#job.size);
  }

  // Each room gets every nth message; these are its numbers.
  #listen(room: number): Promise<Link> {
    let next = room;
    return subscribe(this.#topic(room), {
      message: (number) => {
        const expected = next;
        next += this.#topics.length;
        this.#deliveries++;
        if (!number) return;
        if (number() !== expected) return this.#failed(`message ${number()} came instead of ${expected}`);
        this.#latencies.note(this.#due[expected] ?? Number.NaN, performance.now());
      },
      closed: (code) => this.#failed(`a subscriber was closed with ${code}`),
    });
  }

  #topic(room: number): PublishTarget {
    return this.#topics[room] as PublishTarget;
  }
}

async function openIdle(peer: LoadJob["peer"], closed: (why: string) => void): Promise<Link> {
  const link = await openSocket(peer, { data: () => {}, drain: () => {}, closed });
  link.write(hello());
  return link;
}
