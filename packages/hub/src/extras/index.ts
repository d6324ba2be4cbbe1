import { every } from "../operation/clock.ts";
import type { CreateExtras } from "../services.ts";
import { chaos } from "./chaos.ts";
import { createFeeds, feedTopics } from "./feeds.ts";
import { cancel, start } from "./job-requests.ts";
import { Jobs } from "./jobs.ts";

/** Milliseconds between two readings of the feeds. */
const feedMs = 1_000;

/**
 * Adds the weather and a match, jobs, and failures on request, to learn and to test with. The same seed gives the same
 * feeds. Default: 1.
 */
export function createExtras(seed = 1): CreateExtras {
  return (services) => {
    const { platform, topics, cluster, publish, failed } = services;
    const feeds = createFeeds(seed);
    const jobs = new Jobs({
      platform,
      append: (topic, data, rank) => services.append(topic, { data, rank }),
      failed,
      ended(topic) {
        cluster.jobEnded(topic);
        topics.ended(topic);
      },
    });
    for (const [name, mode] of feedTopics) topics.add(name, mode);
    let last = 0;
    // The second is the rank, so that of several servers the first to reach it is the one that tells it.
    const tell = (): void => {
      const second = Math.floor(platform.date() / feedMs);
      // A timer may come a little early.
      if (second === last) return;
      last = second;
      for (const { topic, data } of feeds(second)) publish(topic, data, second);
    };
    return {
      start: (caller, message) => start(jobs, { services, ...caller }, message),
      cancel: (caller, message) => cancel(jobs, { services, ...caller }, message),
      chaos: (caller, message) => chaos({ services, ...caller }, message),
      begin() {
        const stop = every(platform, () => feedMs - (platform.date() % feedMs), tell);
        return () => {
          stop();
          jobs.abandon();
        };
      },
      forgotten: (client) => jobs.abandon(client),
      dropped: (topic) => jobs.drop(topic),
    };
  };
}
