import { parseRedisUrl } from "@rosetta/protocol";
import { RedisEngine } from "../redis/redis-engine.ts";

/** A server's engine, and everything that it reported to the server. */
export interface Connected {
  engine: RedisEngine;
  /** The messages on its channels: the topic, if the channel is one, and the text. */
  heard: string[];
  /** `up` and `down`, each time. */
  changes: string[];
  /** The lines for its operator. */
  lines: string[];
  /** Resolves when it is up for the first time. */
  up: Promise<void>;
}

/** Connects to a Redis as a server of this name. Throws if the URL is none. */
export function connectTo(url: string, server: string): Connected {
  const { address, expected } = parseRedisUrl(url);
  if (!address) throw new Error(`expected ${expected}`);
  const heard: string[] = [];
  const changes: string[] = [];
  const lines: string[] = [];
  const engine = new RedisEngine({ address, server, report: (line) => lines.push(line) });
  const { promise: up, resolve } = Promise.withResolvers<void>();
  engine.connect({
    up() {
      changes.push("up");
      resolve();
    },
    down: () => changes.push("down"),
    message: (topic, text) => heard.push(`${topic ?? ""} ${text}`),
  });
  return { engine, heard, changes, lines, up };
}

/** Waits, at most 20 s, until something is true. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 2_000; attempt++) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it never came");
}

/** Sends a beat, as a server does that has nothing to report. Resolves when it is answered. */
export async function beat({ engine }: Connected): Promise<void> {
  const nothing = { topics: [], followed: [], jobs: [], clients: [], keeps: false };
  await engine.beat({ told: "", tells: "", ...nothing });
}
