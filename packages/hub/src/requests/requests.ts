import {
  bounds,
  type ClientMessage,
  type Client as ClientRequest,
  Close,
  type ErrorCode,
} from "@rosetta/protocol";
import type { Session } from "../connection/socket-session.ts";
import { isSame, type Repeatable } from "../delivery/clients.ts";
import { type Kept, newest, type Replay } from "../delivery/log.ts";
import { isPublic, type Topic } from "../delivery/topics.ts";

type Handlers<Ws> = {
  [T in ClientMessage["type"]]: (session: Session<Ws>, message: ClientRequest<T>) => void;
};

/** Does what a message asks for. Every request gets exactly one reply, now or when its event comes back. */
export function answer<Ws>(session: Session<Ws>, message: ClientMessage): void {
  const handlers: Handlers<Ws> = table;
  const handle = handlers[message.type] as (session: Session<Ws>, message: ClientMessage) => void;
  handle(session, message);
}

// A message type without a handler does not compile.
const table = {
  hello,
  echo: (session, { id, text }) => session.send({ type: "echo", re: id, text }),
  publish,
  subscribe,
  unsubscribe,
  start,
  cancel,
  ping: (session, { id, at }) =>
    session.send({ type: "pong", re: id, at, serverAt: session.hub.host.date() }),
  stop(session, { id }) {
    session.send({ type: "bye", re: id, code: Close.Normal, final: true });
    session.close(Close.Normal, "as you asked");
  },
  chaos,
} satisfies Handlers<unknown>;

function refuse<Ws>(session: Session<Ws>, re: string, code: ErrorCode, message: string): void {
  session.send({ type: "error", re, code, message });
}

function hello<Ws>(session: Session<Ws>, message: ClientRequest<"hello">): void {
  if (session.client) return refuse(session, message.id, "conflict", "hello was said before");
  const { hub } = session;
  const arrival = hub.clients.arrive(message.client, session, message.connection);
  if (!arrival) return session.close(Close.Replaced, "the same client has a newer connection");
  const { client, replaced, known } = arrival;
  replaced?.close(Close.Replaced, "the same client connected again");
  session.greeted(client, message.client);
  const { messageBytes, queueBytes, topics, messagesPerSecond, heartbeatMs } = hub.settings.limits;
  session.send({
    type: "welcome",
    re: message.id,
    server: hub.identity.id,
    runtime: hub.identity.runtime,
    session: session.id,
    member: client.member,
    known,
    limits: { messageBytes, queueBytes, topics, messagesPerSecond, burst: session.burst, heartbeatMs },
  });
}

function publish<Ws>(session: Session<Ws>, message: ClientRequest<"publish">): void {
  const { hub, client } = session;
  if (!client) return;
  if (!isPublic(message.topic))
    return refuse(session, message.id, "forbidden", "publish in room/<name> only");
  if (answeredBefore(session, message)) return;
  const topic = hub.topics.open(message.topic, session.address);
  if ("code" in topic) return refuse(session, message.id, topic.code, topic.message);

  hub.clients.remember(client, message);
  const draft = { from: client.member, to: message.to, data: { kind: "chat", text: message.text } } as const;
  hub
    .append(message.topic, { ...draft, request: { client: session.secret, id: message.id } })
    .catch((error) => {
      hub.failed(error);
      hub.clients.forgetAnswer(client, message.id);
      const refusal = { type: "error", re: message.id, code: "unavailable", message: "not stored" } as const;
      hub.guard(() => client.session?.send(refusal));
    });
}

// True if the request was seen before: it is answered again, or will be, and has no second effect.
function answeredBefore<Ws>(session: Session<Ws>, message: Repeatable): boolean {
  const known = session.client && session.hub.clients.answerTo(session.client, message.id);
  if (!known) return false;
  if (!isSame(known, message)) refuse(session, message.id, "conflict", "this id had another body");
  else if (known.place) session.send({ type: "ack", re: message.id, ...known.place });
  return true;
}

function subscribe<Ws>(session: Session<Ws>, { id, topic: name, since }: ClientRequest<"subscribe">): void {
  const { hub } = session;
  if (!session.topics.has(name) && session.topics.size >= hub.settings.limits.topics) {
    return refuse(session, id, "limit", `at most ${hub.settings.limits.topics} topics`);
  }
  const topic = hub.topics.open(name, session.address);
  if ("code" in topic) return refuse(session, id, topic.code, topic.message);
  const { recovered, entries } = affordable(session, topic, hub.log.since(name, since));
  session.send({
    type: "subscribed",
    re: id,
    topic: name,
    mode: topic.mode,
    ...hub.log.head(name),
    recovered,
  });
  for (const entry of entries) {
    if (topic.mode === "latest") session.latest(entry);
    else session.sendFrame(entry.frame, entry.bytes);
  }
  // Nothing was awaited since the log was read, so no event can be missing between the replay and the live events.
  session.follow(topic);
}

// A replay may fill at most half of the queue, so that resuming does not end the connection.
function affordable<Ws>(session: Session<Ws>, topic: Topic<Session<Ws>>, replay: Replay): Replay {
  if (topic.mode === "latest") return { ...replay, entries: replay.entries.slice(-1) };
  const { hub } = session;
  const budget = Math.max(0, hub.settings.limits.queueBytes / 2 - hub.port.waiting(session.ws));
  const entries = replay.entries.filter((entry) => isMeantFor(entry, session));
  if (bytesOf(entries) <= budget) return { ...replay, entries };
  return { recovered: false, entries: newestWithin(budget, entries.slice(-newest)) };
}

function newestWithin(budget: number, entries: Kept[]): Kept[] {
  const first = entries.findIndex((_, index) => bytesOf(entries.slice(index)) <= budget);
  return first === -1 ? [] : entries.slice(first);
}

function bytesOf(entries: Kept[]): number {
  return entries.reduce((bytes, entry) => bytes + entry.bytes, 0);
}

function isMeantFor<Ws>(entry: Kept, session: Session<Ws>): boolean {
  // Compares secrets, because two members can have the same name, and one that was forgotten gets a new name.
  return entry.except !== session.secret;
}

function unsubscribe<Ws>(session: Session<Ws>, { id, topic }: ClientRequest<"unsubscribe">): void {
  if (!session.topics.has(topic)) return refuse(session, id, "not_found", "not subscribed");
  const head = session.hub.log.head(topic);
  session.unfollow(topic);
  session.send({ type: "ack", re: id, topic, ...head });
}

function start<Ws>(session: Session<Ws>, message: ClientRequest<"start">): void {
  const { hub, client } = session;
  if (!client || answeredBefore(session, message)) return;
  const { jobs, jobsTotal } = hub.settings.limits;
  if (hub.jobs.running({ owner: session.secret }) >= jobs) {
    return refuse(session, message.id, "limit", `at most ${jobs} jobs at once`);
  }
  const share = Math.ceil(jobsTotal / 4);
  if (hub.jobs.running({ address: session.address }) >= share) {
    return refuse(session, message.id, "limit", `at most ${share} jobs at once for one address`);
  }
  if (hub.jobs.running() >= jobsTotal) {
    return refuse(session, message.id, "limit", `at most ${jobsTotal} jobs at once on this server`);
  }
  if (hub.isDraining) return refuse(session, message.id, "unavailable", "the server is going down");
  const topic = `job/${hub.host.token().slice(0, 12)}`;
  const problem = hub.topics.addJob(topic, session.address);
  if (problem) return refuse(session, message.id, problem.code, problem.message);
  const place = { topic, ...hub.log.head(topic) };
  hub.clients.remember(client, message, place);
  session.send({ type: "ack", re: message.id, ...place });
  hub.jobs.start(topic, { owner: session.secret, address: session.address }, message.mebibytes);
  hub.record({
    name: "job",
    details: { session: session.id, state: "started", mebibytes: message.mebibytes },
  });
}

function cancel<Ws>(session: Session<Ws>, { id, topic }: ClientRequest<"cancel">): void {
  const outcome = session.hub.jobs.cancel(topic, session.secret);
  if (outcome === "not_found") return refuse(session, id, "not_found", "no such job is running");
  if (outcome === "forbidden") return refuse(session, id, "forbidden", "somebody else started this job");
  session.send({ type: "ack", re: id, topic, ...session.hub.log.head(topic) });
}

// Failures on request, for lessons and tests. Strangers must not cause them, so set CHAOS=1 only where there are none.
function chaos<Ws>(session: Session<Ws>, message: ClientRequest<"chaos">): void {
  if (!session.hub.settings.chaos)
    return refuse(session, message.id, "forbidden", "chaos is not allowed here");
  if (message.do === "terminate") return session.terminate();
  if (message.do === "throw") throw new Error("a failure that was ordered");
  if (message.do === "flood") return flood(session, message.id, message.mebibytes ?? 1);
  const code = message.code ?? Close.Normal;
  if (!isSendable(code)) return refuse(session, message.id, "invalid", "code: one that is never sent");
  session.close(code, "as you asked");
}

const floodTopic = "room/flood";

// Goes through the log and the native topics like any other event, so what is slow here is slow in real use too.
function flood<Ws>(session: Session<Ws>, id: string, mebibytes: number): void {
  const { hub } = session;
  const topic = hub.topics.open(floodTopic, session.address);
  if ("code" in topic) return refuse(session, id, topic.code, topic.message);
  session.send({ type: "ack", re: id, topic: floodTopic, ...hub.log.head(floodTopic) });
  const text = "~".repeat(bounds.text);
  let left = (mebibytes * 1024 * 1024) / bounds.text;
  const pour = (): void => {
    for (let batch = 0; batch < 32 && left > 0; batch++, left--) {
      hub.append(floodTopic, { data: { kind: "chat", text } }).catch((error) => hub.failed(error));
    }
    // The flood ends with the connection that asked for it.
    if (left > 0 && session.isOpen && !hub.isDraining) hub.host.after(0, pour);
  };
  pour();
}

// RFC 6455 §7.4: 1004, 1005, 1006 and 1015 are reserved; 1016–2999 belong to later versions of the protocol.
function isSendable(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
}
