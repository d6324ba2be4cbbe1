// Why the engine's client is `@redis/client` on every stack, on Bun, too. Once this deviation is gone, Bun's own client is
// worth another look: it costs less.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startRedis } from "@rosetta/cluster/testing";
import { BadNetwork } from "@rosetta/endurance";
import { folderOf } from "@rosetta/manifest";
import { Ports } from "@rosetta/testkit";
import { expect, test } from "vitest";
import { contradiction } from "./deviation.ts";

const deviation = {
  test: "Bun's RedisClient hears again after a cut",
  reason: "It connects again, but does not subscribe again, and does not say that the connection was lost.",
  link: "https://github.com/oven-sh/bun/pull/33450",
  shows: "connected, told of 0 losses, and deaf",
};

test("Bun's own Redis client is deaf once its connection was cut, as declared", async () => {
  const error = await hearsAgain().then(
    () => undefined,
    (reason: Error) => `${reason.name}: ${reason.message}`,
  );
  const outcome =
    error === undefined ? { status: "passed", errors: [] } : { status: "failed", errors: [error] };
  expect(contradiction(deviation, outcome)).toBeUndefined();
});

/** Subscribes, loses the connection, and checks that messages arrive again. If they do not, throws what it found. */
async function hearsAgain(): Promise<void> {
  const redis = await startRedis(await new Ports(40).next());
  const network = await BadNetwork.start();
  network.targets = [redis.port];
  const follower = startFollower(`redis://127.0.0.1:${network.port}`);
  try {
    expect(await follower.line()).toBe("subscribed");
    expect(await redis.ask("PUBLISH news before")).toBe(":1\r\n");
    network.cut();
    await expect.poll(() => network.attempts.length, { timeout: 10_000 }).toBe(2);
    // A client that subscribes again does so as soon as it is connected.
    await expect.poll(async () => (await follower.ask()).isConnected, { timeout: 10_000 }).toBe(true);
    const isHeard = await expect
      .poll(() => redis.ask("PUBLISH news after"), { timeout: 2_000 })
      .toBe(":1\r\n")
      .then(
        () => true,
        () => false,
      );
    const { losses, heard } = await follower.ask();
    if (!isHeard) throw new Error(`connected, told of ${losses} losses, and deaf`);
    expect(heard).toContain("after");
  } finally {
    follower.end();
    network.stop();
    await redis.stop();
  }
}

function startFollower(url: string) {
  const bun = join(folderOf("bun-hono"), "node_modules/.bin/bun");
  const program = fileURLToPath(new URL("in-bun-redis.ts", import.meta.url));
  const child = spawn(bun, [program, url], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const line = async (): Promise<string> => {
    const [text] = await once(lines, "line", { signal: AbortSignal.timeout(10_000) });
    return String(text);
  };
  return {
    line,
    async ask(): Promise<{ isConnected: boolean; losses: number; heard: string[] }> {
      const answer = line();
      child.stdin.write("?\n");
      return JSON.parse(await answer);
    },
    end: () => child.kill("SIGKILL"),
  };
}
