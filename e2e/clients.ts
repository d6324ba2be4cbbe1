import { Client, type ClientOptions } from "@rosetta/client";
import type { Server } from "@rosetta/testkit";
import { test as base } from "./fixtures.ts";

/** Returns a `@rosetta/client` that is connecting to a server. It is closed at the end of the test. */
export type Connect = (server: Server, options?: Partial<ClientOptions>) => Client;

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
