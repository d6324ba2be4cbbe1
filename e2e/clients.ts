import { Client, type ClientOptions, type TopicState } from "@rosetta/client";
import { type Event, Inbox, type Server, textsOf } from "@rosetta/testkit";
import { test as base } from "./fixtures.ts";

/** Returns a `@rosetta/client` that is connecting to a server. It is closed at the end of the test. */
export type Connect = (server: Pick<Server, "wsUrl">, options?: Partial<ClientOptions>) => Client;

/** The suite's `test`, with the client of this repository in addition to the raw one. */
export const test = base.extend<{ connect: Connect }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the dependencies of a fixture from the pattern.
  connect: async ({}, use) => {
    const clients: Client[] = [];
    await use((server, options) => {
      const client = new Client(server.wsUrl("/ws"), { timeoutMs: 20_000, ...options });
      clients.push(client);
      client.open();
      return client;
    });
    for (const client of clients) client.close();
  },
});

/** `@rosetta/client` and everything that it reports about one topic, in a queue until a test takes it. */
export interface ClientFollower {
  client: Client;
  heard: Event[];
  states: TopicState[];
  /** Waits until its listener has received an event with this text. */
  hears(text: string): Promise<void>;
  /** Waits until it has received a certain state of its subscription. */
  isTold(wants: (state: TopicState) => boolean, awaited: string): Promise<void>;
}

/** Follows a topic with a client, and notes everything that it reports. */
export function follow(client: Client, topic: string): ClientFollower {
  const [heard, states]: [Event[], TopicState[]] = [[], []];
  const story = () => `heard: ${textsOf(heard).join(", ")}; told: ${JSON.stringify(states)}`;
  const [events, news] = [new Inbox<Event>(story), new Inbox<TopicState>(story)];
  client.subscribe(
    topic,
    (event) => {
      heard.push(event);
      events.add(event);
    },
    (state) => {
      states.push(state);
      news.add(state);
    },
  );
  const deadline = 15_000;
  return {
    client,
    heard,
    states,
    hears: async (text) => {
      await events.take(`"${text}"`, (event) => textsOf([event])[0] === text, deadline);
    },
    isTold: async (wants, awaited) => {
      await news.take(awaited, wants, deadline);
    },
  };
}
