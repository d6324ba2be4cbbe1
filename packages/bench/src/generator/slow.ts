// A slow consumer: one client stops reading while the others read on. How much does the server keep for it, and how
// does it learn what it lost?

import { residentBytes } from "@rosetta/testkit/process";
import type { Slice, SlowJob, Stalled } from "../generator-job.ts";
import type { Link } from "./link.ts";
import { between, look, settled } from "./look.ts";
import { newTopic, openPublisher, type PublishTarget, subscribe } from "./publisher.ts";
import { Trouble } from "./trouble.ts";

const sampleMs = 20;
// How many messages may be under way to the clients that read.
const depth = 16;

/** Publishes to all clients, one of which does not read. Rejects if the others do not get everything. */
export async function slow(job: SlowJob): Promise<Slice> {
  const topic = newTopic(job);
  const trouble = new Trouble();
  let deliveries = 0;
  const delivered = () => void deliveries++;
  const healthy = await Promise.all(
    Array.from({ length: job.healthy }, () => listen(topic, delivered, trouble.tell)),
  );
  const { stalled, link: sleeper } = await stall(topic, job.messages);
  const publisher = await openPublisher(topic, trouble.tell);
  const memory = sampleMemory(job.peer.pid);
  try {
    const before = look(job.peer.pid, 0);
    sleeper.pause();
    for (let number = 0; number < job.messages; number++) {
      publisher.publish(number, job.size);
      const enough = () => deliveries >= (number + 1 - depth) * job.healthy;
      if (enough()) continue;
      await trouble.orEnd(settled(enough));
      if (!enough())
        throw new Error("the reading subscribers stalled together with the one that does not read");
    }
    await trouble.orEnd(settled(() => deliveries >= job.messages * job.healthy));
    const slice = between(before, look(job.peer.pid, deliveries));
    if (deliveries !== job.messages * job.healthy) {
      throw new Error(`those who read got ${deliveries} of ${job.messages * job.healthy} messages`);
    }
    const grownBytes = memory.end();
    sleeper.resume();
    await settled(() => stalled.closed !== undefined || stalled.prefix === job.messages);
    return { ...slice, grownBytes, stalled };
  } finally {
    memory.end();
    for (const link of [...healthy, sleeper, publisher]) link.end();
  }
}

// A client that reads, and must get everything in order.
function listen(topic: PublishTarget, delivered: () => void, failed: (why: string) => void): Promise<Link> {
  let count = 0;
  return subscribe(topic, {
    message: (number) => {
      const due = count++;
      delivered();
      // A message that was cut cannot be checked, but the next one shows any gap.
      if (number && number() !== due)
        failed(`message ${number()} came to a reading subscriber instead of ${due}`);
    },
    closed: (code) => failed(`a reading subscriber was closed with ${code}`),
  });
}

async function stall(topic: PublishTarget, published: number) {
  const stalled: Stalled = { published, prefix: 0, gap: false };
  const link = await subscribe(topic, {
    message: (number) => {
      // A cut message counts like any other, but only messages in one piece can be checked.
      if (number && number() !== stalled.prefix) stalled.gap = true;
      if (!stalled.gap) stalled.prefix++;
    },
    closed: (code) => {
      stalled.closed = code;
    },
  });
  return { stalled, link };
}

function sampleMemory(pid: number): { end: () => number } {
  const before = residentBytes(pid) ?? Number.NaN;
  let most = before;
  const sample = () => {
    most = Math.max(most, residentBytes(pid) ?? most);
  };
  const timer = setInterval(sample, sampleMs);
  return {
    end: () => {
      clearInterval(timer);
      sample();
      return most - before;
    },
  };
}
