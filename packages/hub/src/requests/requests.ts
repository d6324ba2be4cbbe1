import { type ClientMessage, Close } from "@rosetta/protocol";
import type { Claim } from "../cluster/cluster.ts";
import { type Soon, soon } from "../cluster/soon.ts";
import { acknowledge } from "../delivery/clients.ts";
import type { Follower } from "../delivery/followers.ts";
import { replayBudget, replayOf } from "../delivery/replay.ts";
import { isPublic, type Topic } from "../delivery/topics.ts";
import type { Services } from "../services.ts";
import { type Requester, refuse } from "./caller.ts";
import { answeredBefore, type Context, notDone } from "./context.ts";

/** Everything that a client may ask for once it has said `hello`. */
export type Ask = Exclude<ClientMessage, { type: "hello" }>;

type Handlers<Ws> = {
  [T in Ask["type"]]: (context: Context<Ws>, message: ClientMessage<T>) => Soon<void>;
};

/**
 * Does what a message asks for. Every request gets exactly one reply, now or when its event comes back. Returns a promise
 * if others have to be asked first; the requests behind this one wait for it. It rejects with a `Refused` if they do not
 * answer.
 */
export function answer<Ws>(context: Context<Ws>, message: Ask): Soon<void> {
  const handlers: Handlers<Ws> = table;
  const handle = handlers[message.type] as (context: Context<Ws>, message: Ask) => Soon<void>;
  return handle(context, message);
}

// #region requests
// A message type without a handler does not compile.
const table = {
  echo: ({ session }, { id, text }) => session.send({ type: "echo", re: id, text }),
  publish,
  subscribe,
  unsubscribe,
  start: (context, message) => context.services.extras.start(context, message),
  cancel: (context, message) => context.services.extras.cancel(context, message),
  ping: ({ services, session }, { id, at }) =>
    session.send({ type: "pong", re: id, at, serverAt: services.platform.date() }),
  stop: ({ session }, { id }) => session.stop({ type: "bye", re: id, code: Close.Normal, final: true }),
  chaos: (context, message) => context.services.extras.chaos(context, message),
} satisfies Handlers<unknown>;
// #endregion requests

/** Introduces a client. Its older connection, if there is one, is closed. */
export function hello<Ws>(
  services: Services<Ws>,
  session: Requester<Ws>,
  message: ClientMessage<"hello">,
): Soon<void> {
  if (session.client) return refuse(session, message.id, "conflict", "hello was said before");
  const { clients, cluster } = services;
  const client = cluster.identify(message.client);
  const { connection } = message;
  const claim = cluster.claim({ client, session: session.id, connection, member: () => clients.newName() });
  return soon(claim, (claimed) => {
    if (claimed === "older") return refuseOlder(session);
    // The socket may be gone by now, and must not take the place of the next one.
    if (!session.isOpen) return cluster.released(client, session.id);
    greet(services, session, message, client, claimed);
  });
}

function greet<Ws>(
  services: Services<Ws>,
  session: Requester<Ws>,
  message: ClientMessage<"hello">,
  key: string,
  claim: Claim | undefined,
): void {
  const { clients, cluster, identity, settings } = services;
  const arrival = clients.arrive(key, session, message.connection, claim);
  if (!arrival) {
    cluster.released(key, session.id);
    return refuseOlder(session);
  }
  const { client, replaced, known } = arrival;
  replaced?.close(Close.Replaced, "the same client connected again");
  session.greeted(client);
  const { messageBytes, queueBytes, topics, messagesPerSecond, heartbeatMs } = settings.limits;
  session.send({
    type: "welcome",
    re: message.id,
    server: identity.id,
    runtime: identity.runtime,
    session: session.id,
    member: client.member,
    known,
    limits: { messageBytes, queueBytes, topics, messagesPerSecond, burst: session.burst, heartbeatMs },
  });
}

function refuseOlder<Ws>(session: Requester<Ws>): void {
  session.close(Close.Replaced, "the same client has a newer connection");
}

// #region publish
function publish<Ws>(context: Context<Ws>, message: ClientMessage<"publish">): Soon<void> {
  const { services, session, client } = context;
  if (!isPublic(message.topic))
    return refuse(session, message.id, "forbidden", "publish in room/<name> only");
  if (answeredBefore(context, message)) return;
  return soon(services.topics.open(message.topic, session.address), (topic) => {
    if ("code" in topic) return refuse(session, message.id, topic.code, topic.message);
    const request = services.clients.remember(client, message);
    const data = { kind: "chat", text: message.text } as const;
    // Not waited for: the next request need not wait until this event has its place.
    services.append(message.topic, { from: client.member, to: message.to, data, request }).then(
      (place) => place && services.guard(() => acknowledge(message.id, place, client)),
      (error) => notDone(context, message.id, error),
    );
  });
}
// #endregion publish

function subscribe<Ws>(context: Context<Ws>, message: ClientMessage<"subscribe">): Soon<void> {
  const { services, session } = context;
  const { id, topic: name, since } = message;
  const { limits } = services.settings;
  if (!session.topics.has(name) && session.topics.size >= limits.topics) {
    return refuse(session, id, "limit", `at most ${limits.topics} topics`);
  }
  return soon(services.topics.open(name, session.address, since), (topic) => {
    if ("code" in topic) return refuse(session, id, topic.code, topic.message);
    replay(context, message, topic);
  });
}

function replay<Ws>(
  { services, session, client }: Context<Ws>,
  { id, topic: name, since }: ClientMessage<"subscribe">,
  topic: Topic<Follower<Ws>>,
): void {
  const budget = replayBudget(services.settings.limits.queueBytes, session.waiting());
  const { key } = client;
  const { recovered, entries } = replayOf(topic, services.log, { since, key, budget });
  session.send({
    type: "subscribed",
    re: id,
    topic: name,
    mode: topic.mode,
    ...services.log.head(name),
    recovered,
  });
  for (const entry of entries) {
    if (topic.mode === "latest") session.latest(entry);
    else session.sendFrame(entry.frame, entry.bytes);
  }
  // Nothing was awaited since the log was read, so no event can be missing between the replay and the live events.
  session.follow(topic);
}

function unsubscribe<Ws>({ services, session }: Context<Ws>, request: ClientMessage<"unsubscribe">): void {
  const { id, topic } = request;
  if (!session.topics.has(topic)) return refuse(session, id, "not_found", "not subscribed");
  const head = services.log.head(topic);
  session.unfollow(topic);
  session.send({ type: "ack", re: id, topic, ...head });
}
