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
    const { platform, topics, publish, failed } = services;
    const feeds = createFeeds(seed);
    const jobs = new Jobs({ platform, publish, failed, ended: (topic) => topics.ended(topic) });
    for (const [name, mode] of feedTopics) topics.add(name, mode);
    return {
      start: (caller, message) => start(jobs, { services, ...caller }, message),
      cancel: (caller, message) => cancel(jobs, { services, ...caller }, message),
      chaos: (caller, message) => chaos({ services, ...caller }, message),
      begin() {
        const stop = every(platform, feedMs, () => {
          for (const { topic, data } of feeds()) publish(topic, data);
        });
        return () => {
          stop();
          jobs.abandon();
        };
      },
      forgotten: (client) => jobs.abandon(client),
    };
  };
}
