// Fan-out: one connection publishes, a thousand listen, and each of them checks what it receives.

import type { FanoutJob, Slice } from "../generator-job.ts";
import type { Link } from "./link.ts";
import { settled, watch } from "./look.ts";
import { newTopic, openPublisher, type Publisher, type PublishTarget, subscribe } from "./publisher.ts";
import { Trouble } from "./trouble.ts";

// Checking each of millions of deliveries would measure the check, so every subscriber checks a different sample.
const checkEvery = 16;

/** Measures one slice. Rejects if a message is lost, doubled or out of order. */
export async function fanout(job: FanoutJob): Promise<Slice> {
  const topic = newTopic(job);
  const trouble = new Trouble();
  let deliveries = 0;
  let published = 0;
  let publisher: Publisher | undefined;
  const missing = () => published * job.subscribers - deliveries;
  const publish = () => {
    // New messages follow arrivals, so that no queue grows without bound.
    while (publisher && missing() < job.depth * job.subscribers) publisher.publish(published++);
  };
  const delivered = () => {
    if (++deliveries % job.subscribers === 0) publish();
  };
  const opening = Array.from({ length: job.subscribers }, (_, index) =>
    listen(topic, index % checkEvery, delivered, trouble.tell),
  );
  const subscribers = await Promise.all(opening);
  const author = await openPublisher(topic, trouble.tell);
  try {
    publisher = author;
    publish();
    const slice = await watch(job, () => deliveries, trouble);
    publisher = undefined;
    await trouble.orEnd(settled(() => missing() <= 0));
    if (missing() === 0) return slice;
    const due = published * job.subscribers;
    if (missing() < 0) throw new Error(`${-missing()} deliveries came in addition to the ${due} expected`);
    throw new Error(`${missing()} of ${due} deliveries did not come`);
  } finally {
    publisher = undefined;
    for (const link of [...subscribers, author]) link.end();
  }
}

function listen(
  topic: PublishTarget,
  turn: number,
  delivered: () => void,
  failed: (why: string) => void,
): Promise<Link> {
  let count = 0;
  return subscribe(topic, {
    message: (number) => {
      const due = count++;
      delivered();
      if (!number || due % checkEvery !== turn || number() === due) return;
      failed(`message ${number()} came instead of ${due}: lost, doubled or out of order`);
    },
    closed: (code) => failed(`a subscriber was closed with ${code}`),
  });
}
