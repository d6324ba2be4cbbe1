import type { ClientMessage, Cursor } from "@rosetta/protocol";
import { beginningOf, type Cancellation } from "../cluster/cluster.ts";
import { type Soon, soon } from "../cluster/soon.ts";
import { acknowledge } from "../delivery/clients.ts";
import { isJob } from "../delivery/topics.ts";
import { refuse } from "../requests/caller.ts";
import { answeredBefore, type Context, notDone } from "../requests/context.ts";
import type { Jobs } from "./jobs.ts";

/** Starts a job, unless too many are running. */
export function start<Ws>(jobs: Jobs, context: Context<Ws>, message: ClientMessage<"start">): Soon<void> {
  const { services, session, client } = context;
  if (answeredBefore(context, message)) return;
  const { settings } = services;
  const { limits } = settings;
  const starter = { owner: client.key, address: session.address };
  if (jobs.running({ owner: starter.owner }) >= limits.jobs) {
    return refuse(session, message.id, "limit", `at most ${limits.jobs} jobs at once`);
  }
  const share = Math.ceil(limits.jobsTotal / 4);
  if (jobs.running({ address: starter.address }) >= share) {
    return refuse(session, message.id, "limit", `at most ${share} jobs at once for one address`);
  }
  if (jobs.running() >= limits.jobsTotal) {
    return refuse(session, message.id, "limit", `at most ${limits.jobsTotal} jobs at once on this server`);
  }
  if (services.isDraining) return refuse(session, message.id, "unavailable", "the server is going down");
  const topic = `job/${services.platform.token().slice(0, 12)}`;
  const problem = services.topics.addJob(topic, session.address);
  if (problem) return refuse(session, message.id, problem.code, problem.message);
  // Other sockets may send more requests while the other servers are asked.
  jobs.reserve(topic, starter);
  const begun = begin(jobs, context, message, topic);
  if (!(begun instanceof Promise)) return;
  return begun.catch((error) => {
    jobs.release(topic);
    services.topics.ended(topic);
    notDone(context, message.id, error);
  });
}

// The job runs once the others know of it: otherwise nobody could tell its followers if this server were killed.
function begin<Ws>(
  jobs: Jobs,
  { services, session, client }: Context<Ws>,
  message: ClientMessage<"start">,
  topic: string,
): Soon<void> {
  const { topics, log, clients, cluster } = services;
  return soon(topics.open(topic, session.address), () => {
    const place = beginningOf(topic, log.head(topic));
    const request = clients.remember(client, message);
    return soon(cluster.jobStarts(place, request), (earlier) => {
      acknowledge(message.id, earlier ?? place, client);
      if (earlier) {
        jobs.release(topic);
        return topics.ended(topic);
      }
      jobs.start(topic, message.mebibytes);
      const details = { session: session.id, state: "started", mebibytes: message.mebibytes };
      services.record("job", () => details);
    });
  });
}

/** Cancels a job for the client that has started it. */
export function cancel<Ws>(jobs: Jobs, context: Context<Ws>, message: ClientMessage<"cancel">): Soon<void> {
  const { services, session, client } = context;
  const { topic } = message;
  const outcome = jobs.cancel(topic, client.key);
  if (outcome !== "not_found" || !isJob(topic)) return cancelled(context, message, outcome);
  // It may run elsewhere. Its place now comes first, because the outcome must come after it.
  return soon(services.topics.open(topic, session.address), (opened) => {
    if ("code" in opened) return cancelled(context, message, "not_found");
    const head = services.log.head(topic);
    return soon(services.cluster.cancel(topic, client.key), (found) =>
      cancelled(context, message, found, head),
    );
  });
}

function cancelled<Ws>(
  { services, session }: Context<Ws>,
  { id, topic }: ClientMessage<"cancel">,
  outcome: Cancellation,
  head?: Cursor,
): void {
  if (outcome === "not_found") return refuse(session, id, "not_found", "no such job is running");
  if (outcome === "forbidden") return refuse(session, id, "forbidden", "somebody else started this job");
  session.send({ type: "ack", re: id, topic, ...(head ?? services.log.head(topic)) });
}
