import { type ClientMessage, Close } from "@rosetta/protocol";
import { replayBudget, replayOf } from "../delivery/replay.ts";
import { isPublic } from "../delivery/topics.ts";
import type { Services } from "../services.ts";
import { type Requester, refuse } from "./caller.ts";
import { answeredBefore, type Context } from "./context.ts";

/** Everything that a client may ask for once it has said `hello`. */
export type Ask = Exclude<ClientMessage, { type: "hello" }>;

type Handlers<Ws> = {
  [T in Ask["type"]]: (context: Context<Ws>, message: ClientMessage<T>) => void;
};

/** Does what a message asks for. Every request gets exactly one reply, now or when its event comes back. */
export function answer<Ws>(context: Context<Ws>, message: Ask): void {
  const handlers: Handlers<Ws> = table;
  const handle = handlers[message.type] as (context: Context<Ws>, message: Ask) => void;
  handle(context, message);
}

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

/** Introduces a client. Its older connection, if there is one, is closed. */
export function hello<Ws>(
  services: Services<Ws>,
  session: Requester<Ws>,
  message: ClientMessage<"hello">,
): void {
  if (session.client) return refuse(session, message.id, "conflict", "hello was said before");
  const { clients, identity, settings } = services;
  const arrival = clients.arrive(message.client, session, message.connection);
  if (!arrival) return session.close(Close.Replaced, "the same client has a newer connection");
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

function publish<Ws>(context: Context<Ws>, message: ClientMessage<"publish">): void {
  const { services, session, client } = context;
  if (!isPublic(message.topic))
    return refuse(session, message.id, "forbidden", "publish in room/<name> only");
  if (answeredBefore(context, message)) return;
  const topic = services.topics.open(message.topic, session.address);
  if ("code" in topic) return refuse(session, message.id, topic.code, topic.message);

  services.clients.remember(client, message);
  const draft = { from: client.member, to: message.to, data: { kind: "chat", text: message.text } } as const;
  services
    .append(message.topic, { ...draft, request: { client: client.secret, id: message.id } })
    .catch((error) => {
      services.failed(error);
      services.clients.forgetAnswer(client, message.id);
      const refusal = { type: "error", re: message.id, code: "unavailable", message: "not stored" } as const;
      services.guard(() => client.session?.send(refusal));
    });
}

function subscribe<Ws>(context: Context<Ws>, { id, topic: name, since }: ClientMessage<"subscribe">): void {
  const { services, session, client } = context;
  const { limits } = services.settings;
  if (!session.topics.has(name) && session.topics.size >= limits.topics) {
    return refuse(session, id, "limit", `at most ${limits.topics} topics`);
  }
  const topic = services.topics.open(name, session.address);
  if ("code" in topic) return refuse(session, id, topic.code, topic.message);
  const budget = replayBudget(limits.queueBytes, session.waiting());
  const { secret } = client;
  const { recovered, entries } = replayOf(topic, services.log, { since, secret, budget });
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
