import type { ClientMessage, Cursor, Mode, ServerMessage } from "@rosetta/protocol";
import type { Reporter } from "./emitter.ts";
import type { Host } from "./host.ts";
import { Position } from "./position.ts";
import { RequestError, type Requests } from "./requests.ts";

/** How a subscription stands. Told when it is confirmed, refused, or found to have missed something. */
export interface TopicState {
  /** Whether the topic delivers every event or only the newest. Left out until it is confirmed, and if it is refused. */
  mode?: Mode | undefined;
  /** After the last event that was delivered. */
  cursor?: Cursor | undefined;
  /** Only where we went on from a cursor. False: what came between is lost, and the log's newest part follows. */
  recovered?: boolean | undefined;
  /** Something was missed and has been asked for again: nothing is lost yet. */
  gap?: boolean;
  /**
   * Refused. The client asks again after `error.retryAfterMs`, if the server named it, and on each new connection. A
   * topic refused for the server's `limit` is asked for again as soon as another topic is left.
   */
  error?: RequestError;
}

/** One listener's wish for the events of a topic, for as long as it does not unsubscribe. */
export interface Subscription {
  /** The name of the topic, as it was given to `subscribe`. */
  readonly topic: string;
  /** Ends the subscription. Nothing reaches the listeners after this. */
  unsubscribe(): void;
}

export interface TopicListener {
  onEvent: (event: ServerMessage<"event">) => void;
  onState: ((state: TopicState) => void) | undefined;
}

interface Topic {
  readonly name: string;
  readonly position: Position;
  readonly listeners: Set<TopicListener>;
  state: TopicState;
  /** The newest event of a `latest` topic, for those who join later. */
  newest: ServerMessage<"event"> | undefined;
  /** Counts its `subscribe`s: the reply to an earlier one is worth nothing. */
  asked: number;
  /** Each connection has a limited number of topics. `held`: this is one of them. `wanted`: refused for the limit. */
  place: "held" | "wanted" | "none";
  /** Ends the wait that follows a refusal. */
  cancelRetry: () => void;
}

/** The least time before asking again (ms): a server that says "at once" must not start a loop. */
const leastRetryMs = 250;

/** The topics that are wanted, and where each stands. */
export class Subscriptions {
  readonly #host: Host;
  readonly #requests: Requests;
  readonly #reporter: Reporter;
  readonly #topics = new Map<string, Topic>();
  /** How many topics the server allows a connection. `Infinity` until it has said. */
  #most = Infinity;

  constructor(host: Host, requests: Requests, reporter: Reporter) {
    this.#host = host;
    this.#requests = requests;
    this.#reporter = reporter;
  }

  add(name: string, listener: TopicListener): Subscription {
    const known = this.#topics.get(name);
    const topic = known ?? this.#create(name);
    topic.listeners.add(listener);
    if (known) this.#introduce(topic, listener);
    else this.#ask(topic);
    return { topic: name, unsubscribe: () => this.#leave(topic, listener) };
  }

  /** Asks for all of them: a new connection knows none. */
  resume(): void {
    for (const topic of [...this.#topics.values()]) this.#ask(topic);
  }

  /** Notes that the connection is lost. What was refused is asked for again on the next one, and not before. */
  disconnected(): void {
    for (const topic of this.#topics.values()) topic.cancelRetry();
  }

  /** Notes how many topics a connection can have, as the server said. */
  welcomed(most: number): void {
    this.#most = most;
    this.#fill();
  }

  event(event: ServerMessage<"event">): void {
    const topic = this.#topics.get(event.topic);
    // It was under way when we unsubscribed.
    if (!topic) return;
    const verdict = topic.position.event(event);
    if (verdict === "gap") return this.#repair(topic);
    if (verdict === "deliver") this.#deliver(topic, event);
  }

  /**
   * Notes that the reply to one of our requests names a place in a log. Only that of a publication to `others` stands
   * for an event that we are not sent: one to `all` has come before its ack, that of `cancel` may come after.
   */
  acked(request: ClientMessage, ack: ServerMessage<"ack">): void {
    if (request.type !== "publish" || request.to !== "others") return;
    const topic = this.#topics.get(ack.topic);
    if (topic?.position.ownAck(ack) === "gap") this.#repair(topic);
  }

  #create(name: string): Topic {
    const topic: Topic = {
      name,
      position: new Position(),
      listeners: new Set(),
      state: {},
      newest: undefined,
      asked: 0,
      place: "none",
      cancelRetry: () => {},
    };
    this.#topics.set(name, topic);
    return topic;
  }

  // Later, not at once: the caller does not hold its subscription yet. By then an event may have come.
  #introduce(topic: Topic, listener: TopicListener): void {
    const { newest } = topic;
    queueMicrotask(() => {
      if (!topic.listeners.has(listener)) return;
      this.#reporter.guard(() => listener.onState?.(topic.state));
      if (newest && newest === topic.newest) this.#reporter.guard(() => listener.onEvent(newest));
    });
  }

  #leave(topic: Topic, listener: TopicListener): void {
    if (!topic.listeners.delete(listener) || topic.listeners.size > 0) return;
    topic.asked++;
    topic.cancelRetry();
    this.#topics.delete(topic.name);
    // Never waits for a connection: the next one does not know the topic anyway.
    if (topic.place === "held") this.#requests.command({ type: "unsubscribe", topic: topic.name }, () => {});
    this.#fill();
  }

  /** Asks again for topics that were refused for lack of a place. */
  #fill(): void {
    for (const topic of [...this.#topics.values()]) {
      if (topic.place === "wanted" && !this.#isFull) this.#ask(topic);
    }
  }

  get #isFull(): boolean {
    return [...this.#topics.values()].filter(({ place }) => place === "held").length >= this.#most;
  }

  // Asking again, on the same connection, begins the topic anew: confirmation, replay, live events.
  #ask(topic: Topic): void {
    const { name, position } = topic;
    const since = position.cursor;
    const asked = ++topic.asked;
    topic.cancelRetry();
    position.ask();
    if (topic.place !== "held" && this.#isFull) return this.#refuseLater(topic);
    topic.place = "held";
    this.#requests.command({ type: "subscribe", topic: name, since }, (outcome) => {
      if (topic.asked !== asked) return;
      if (outcome instanceof RequestError) this.#refused(topic, outcome);
      else this.#confirmed(topic, outcome, since);
    });
  }

  #confirmed(topic: Topic, subscribed: ServerMessage<"subscribed">, since: Cursor | undefined): void {
    const recovered = topic.position.confirm(subscribed);
    this.#tell(topic, { mode: subscribed.mode, recovered: since && recovered });
  }

  // Deferred, as the server's own refusal would be: the caller does not hold its subscription yet.
  #refuseLater(topic: Topic): void {
    const { asked } = topic;
    topic.place = "wanted";
    const error = new RequestError("limit", `at most ${this.#most} topics`);
    queueMicrotask(() => topic.asked === asked && this.#refused(topic, error));
  }

  #refused(topic: Topic, error: RequestError): void {
    const { retryAfterMs } = error;
    topic.place = error.code === "limit" ? "wanted" : "none";
    // Refused for the moment only; anything else would be refused again.
    if (retryAfterMs !== undefined) {
      topic.cancelRetry = this.#host.after(Math.max(leastRetryMs, retryAfterMs), () => this.#ask(topic));
    }
    this.#reporter.report({ what: "subscription", reason: `${topic.name}: ${error.message}`, error });
    this.#tell(topic, { error });
  }

  #repair(topic: Topic): void {
    const { mode } = topic.state;
    this.#ask(topic);
    this.#tell(topic, { mode, gap: true });
  }

  #deliver(topic: Topic, event: ServerMessage<"event">): void {
    if (topic.state.mode === "latest") topic.newest = event;
    this.#each(topic, (listener) => listener.onEvent(event));
  }

  #tell(topic: Topic, news: TopicState): void {
    const state = { ...news, cursor: topic.position.cursor };
    topic.state = state;
    this.#each(topic, (listener) => listener.onState?.(state));
  }

  #each(topic: Topic, tell: (listener: TopicListener) => void): void {
    for (const listener of [...topic.listeners]) {
      if (topic.listeners.has(listener)) this.#reporter.guard(() => tell(listener));
    }
  }
}
