import type { ClientMessage } from "@rosetta/protocol";
import { refuse } from "../requests/caller.ts";
import { answeredBefore, type Context } from "../requests/context.ts";
import type { Jobs } from "./jobs.ts";

/** Starts a job, unless too many are running. */
export function start<Ws>(jobs: Jobs, context: Context<Ws>, message: ClientMessage<"start">): void {
  const { services, session, client } = context;
  if (answeredBefore(context, message)) return;
  const { settings } = services;
  const { limits } = settings;
  const starter = { owner: client.secret, address: session.address };
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
  const place = { topic, ...services.log.head(topic) };
  services.clients.remember(client, message, place);
  session.send({ type: "ack", re: message.id, ...place });
  jobs.start(topic, starter, message.mebibytes);
  services.record({
    name: "job",
    details: { session: session.id, state: "started", mebibytes: message.mebibytes },
  });
}

/** Cancels a job for the client that has started it. */
export function cancel<Ws>(jobs: Jobs, context: Context<Ws>, request: ClientMessage<"cancel">): void {
  const { services, session, client } = context;
  const { id, topic } = request;
  const outcome = jobs.cancel(topic, client.secret);
  if (outcome === "not_found") return refuse(session, id, "not_found", "no such job is running");
  if (outcome === "forbidden") return refuse(session, id, "forbidden", "somebody else started this job");
  session.send({ type: "ack", re: id, topic, ...services.log.head(topic) });
}
