import assert from "node:assert/strict";
import { chromium } from "@playwright/test";
import { subprotocol } from "@rosetta/protocol";
import { browserArgs, ensureChromium } from "../browser.ts";
import { idleMs, type ReverseProxy } from "./proxies.ts";
import type { Stage } from "./stage.ts";

/** Something that must be true behind every proxy. */
export interface ProxyCheck {
  sentence: string;
  /** Added to the server's environment. */
  env?: Record<string, string>;
  run(stage: Stage, proxy: ReverseProxy): Promise<void>;
}

const subprotocols = [subprotocol];

/** A heartbeat interval short enough for the proxies (ms). */
const beatMs = idleMs * 0.4;

export const checks: ProxyCheck[] = [
  { sentence: "the page works, at the root and below a path", run: thePage },
  { sentence: "the server itself refuses a foreign page", run: theDoor },
  {
    sentence: "a silent connection stays open: the server's pings and comments arrive in time",
    env: { HEARTBEAT_MS: String(beatMs) },
    run: theHeartbeat,
  },
  {
    sentence: "a heartbeat slower than the proxy's idle timeout does not help",
    env: { HEARTBEAT_MS: "60000" },
    run: theSlowHeartbeat,
  },
  {
    sentence: "the server takes the client's address from the proxy",
    env: { MAX_CONNECTIONS_PER_ADDRESS: "1" },
    run: theAddress,
  },
  {
    sentence: "a draining server says goodbye through the proxy, which then answers 502 or 503",
    run: theEnd,
  },
];

async function thePage({ origin }: Stage): Promise<void> {
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: browserArgs });
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    for (const path of ["/", "/rosetta"]) {
      const page = await context.newPage();
      await page.goto(`${origin}${path}#/lesson/10`);
      await page.getByRole("button", { name: "Start all three" }).click();
      await page.getByText(/the same events by every way/).waitFor();
      const address = await page.evaluate("location.pathname");
      assert.equal(address, path === "/" ? "/" : "/rosetta/");
    }
  } finally {
    await browser.close();
  }
}

async function theDoor(stage: Stage): Promise<void> {
  const raw = await stage.raw();
  const headers = stage.headers({ Origin: "https://stranger.example" });
  assert.equal((await raw.refused("/ws", { subprotocols, headers })).status, 403);
}

async function theHeartbeat(stage: Stage): Promise<void> {
  const talk = await stage.converse();
  const stream = await (await stage.raw()).events("/events?topic=room/quiet", { headers: stage.headers() });
  assert.equal(stream.head.status, 200);
  for (let past = 0; past < idleMs * 2; past += beatMs) {
    await talk.socket.next("ping");
    await stream.next(({ comment }) => comment !== undefined);
  }
  await talk.settled();
}

async function theSlowHeartbeat(stage: Stage, { isImpatient }: ReverseProxy): Promise<void> {
  if (!isImpatient) return;
  const talk = await stage.converse();
  assert.equal((await talk.socket.closed({ deadline: idleMs * 4 })).code, 1006);
}

// An address that the client writes into the header itself must not count.
async function theAddress(stage: Stage): Promise<void> {
  await stage.converse("127.0.0.2", { "X-Forwarded-For": "203.0.113.1" });
  const again = await stage.raw("127.0.0.2");
  const headers = stage.headers({ "X-Forwarded-For": "203.0.113.2" });
  assert.equal((await again.refused("/ws", { subprotocols, headers })).status, 429);
  await stage.converse("127.0.0.3");
}

async function theEnd(stage: Stage): Promise<void> {
  const talk = await stage.converse();
  const stopped = stage.server.stop();
  assert.equal((await talk.nextOf("bye")).code, 1012);
  assert.equal((await talk.socket.closed()).code, 1012);
  assert.deepEqual(await stopped, { code: 0, signal: null });
  const { status } = await (await stage.raw()).request("/healthz", { headers: stage.headers() });
  assert(status === 502 || status === 503, `without a server the proxy answered ${status}`);
}
