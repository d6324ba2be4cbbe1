// Measures one operation on a server that has much else in memory.

import { paths } from "@rosetta/protocol";
import type { GrowthJob, PeerAddress, Slice } from "../generator-job.ts";
import { openMany } from "./connect-and-idle.ts";
import { FrameCounter } from "./counter.ts";
import { Flow } from "./flow.ts";
import { inTime } from "./in-time.ts";
import type { Link } from "./link.ts";
import { settled, watch } from "./look.ts";
import { openSocket } from "./open-socket.ts";
import { newTopic, openPublisher, subscribe } from "./publisher.ts";
import { Trouble } from "./trouble.ts";
import { hello, json, waveOf } from "./waves.ts";
import { maskedText } from "./write-frames.ts";

/** An operation that is done over and over. */
interface Work {
  count(): number;
  end(): void;
}

/** Arrivals, publications and deliveries that are under way at once. */
const atOnce = { arrivals: 16, publications: 16, deliveries: 4 } as const;

/** Makes the crowd, and measures the operation in several parts. Rejects if the server ends a connection. */
export async function growth(job: GrowthJob): Promise<Slice> {
  const trouble = new Trouble();
  const links: Link[] = [];
  try {
    const work = await makers[job.of](job, links, trouble);
    const parts: Slice[] = [];
    try {
      for (let part = 0; part < job.parts; part++) parts.push(await watch(job, work.count, trouble));
    } finally {
      work.end();
    }
    return { ...(parts[0] as Slice), parts };
  } finally {
    for (const link of links) link.end();
  }
}

type Maker = (job: GrowthJob, links: Link[], trouble: Trouble) => Promise<Work>;

const makers: Record<GrowthJob["of"], Maker> = {
  connections: async ({ peer, size }, links, trouble) => {
    const { host, port, pid } = peer;
    const idle = { data: () => {}, drain: () => {}, closed: trouble.tell };
    links.push(...(await openMany(() => openSocket({ host, port, pid, path: paths.echo }, idle), size)));
    return arrivals(peer, trouble);
  },
  clients: async ({ peer, size }, _links, trouble) => {
    await openMany(() => arrive(peer), size);
    return arrivals(peer, trouble);
  },
  rooms: async ({ peer, size }, _links, trouble) => {
    const work = await publications(peer, size, trouble);
    await settled(() => work.count() >= size, 60_000);
    return work;
  },
  members: async ({ peer, size }, links, trouble) => {
    const topic = newTopic({ peer, dialect: "typed" });
    const author = await openPublisher(topic, trouble.tell);
    let [deliveries, published] = [0, 0];
    let isOver = false;
    const publish = (): void => {
      while (!isOver && published * size - deliveries < atOnce.deliveries * size) author.publish(published++);
    };
    const message = (): void => {
      if (++deliveries % size === 0) publish();
    };
    const closed = (code: number): void => trouble.tell(`a member was closed with ${code}`);
    links.push(...(await openMany(() => subscribe(topic, { message, closed }), size)));
    publish();
    const end = (): void => {
      isOver = true;
      author.end();
    };
    return { count: () => deliveries, end };
  },
};

// A client that says `hello`, waits for `welcome` and goes.
async function arrive(peer: PeerAddress): Promise<void> {
  const wave = waveOf({ dialect: "typed", size: 16, peer });
  const flow = await Flow.open(peer, wave, { came: () => {}, failed: () => {} });
  flow.end();
}

function arrivals(peer: PeerAddress, trouble: Trouble): Work {
  let count = 0;
  let isOver = false;
  const again = async (): Promise<void> => {
    while (!isOver) {
      await arrive(peer);
      count += 1;
    }
  };
  for (let loop = 0; loop < atOnce.arrivals; loop++)
    again().catch(({ message }: Error) => trouble.tell(message));
  const end = (): void => {
    isOver = true;
  };
  return { count: () => count, end };
}

// One client that publishes in so many rooms, one after the other, over and over.
async function publications(peer: PeerAddress, rooms: number, trouble: Trouble): Promise<Work> {
  let [count, published] = [-1, 0];
  const greeted = Promise.withResolvers<void>();
  const publish = (): void => {
    const id = String(published);
    const topic = `room/growth-${published++ % rooms}`;
    link.write(maskedText(json({ type: "publish", id, topic, to: "all", text: "hello" })));
  };
  const counter = new FrameCounter((opcode) => {
    if (opcode === 1 && ++count === 0) greeted.resolve();
    else if (opcode === 1) publish();
  });
  const data = (bytes: Uint8Array): void => counter.push(bytes);
  const link = await openSocket(peer, { data, drain: () => {}, closed: trouble.tell });
  link.write(hello());
  await inTime(greeted.promise, "the welcome of a publisher");
  for (let each = 0; each < atOnce.publications; each++) publish();
  return { count: () => count, end: () => link.end() };
}
