import type { ServerMessage } from "@rosetta/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WireRecorder } from "../../wire/recorder.ts";
import { byPoll, byStream, headBytes, type Transport, type TransportListener } from "./ways.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** The first wait, when chance draws the shortest (ms). */
const firstWaitMs = 250;

/** Notes what the listener was told, in words, newest last. */
function follow(begin: Transport) {
  const told: string[] = [];
  const begun: number[] = [];
  const around: number[] = [];
  const listener: TransportListener = {
    state: (state) => void told.push(state),
    requested: () => void told.push("requested"),
    begun: (bytes) => void begun.push(bytes),
    around: (bytes) => void around.push(bytes),
    mode: () => {},
    event: ({ offset }) => void told.push(`#${offset}`),
    answered: () => void told.push("answered"),
    putOff: (reason) => void told.push(`put off: ${reason}`),
    refused: (reason) => void told.push(`refused: ${reason}`),
  };
  const server = { id: "one", title: "One", url: "http://one", self: true };
  const stop = begin({ server, topic: "scores", wire: new WireRecorder(), listener });
  return { told, begun, around, stop };
}

function event(offset: number): ServerMessage<"event"> {
  const data = { kind: "weather", station: "berlin", celsius: 1, windKmh: 0 } as const;
  return { type: "event", topic: "scores", epoch: "a", offset, at: 0, data };
}

function pageOf(offset: number): Response {
  return Response.json({ mode: "all", epoch: "a", offset, recovered: true, events: [event(offset)] });
}

function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  return Response.json({ type: "error", code, message: "no" }, { status, headers });
}

/** Answers polls in turn; further polls are never answered. Returns the queries. */
function polls(...answers: ("nobody" | Response)[]): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string, { signal }: { signal: AbortSignal }) => {
    asked.push(url.slice(url.indexOf("?")));
    const answer = answers.shift();
    if (answer instanceof Response) return answer;
    if (answer) throw new TypeError("fetch failed");
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  return asked;
}

test("a poll pays once to begin, and for every event a whole answer", async () => {
  polls(pageOf(1), pageOf(2), new Response(null, { status: 204 }));
  const { begun, around, stop } = follow(byPoll);
  await vi.advanceTimersByTimeAsync(0);
  const { length } = await pageOf(1).text();
  const rest = headBytes + length - JSON.stringify(event(1)).length;
  expect([begun, around]).toEqual([[rest], [rest, headBytes]]);
  stop();
});

test("a poll continues where it was when its server stops, is away, and comes back", async () => {
  const stopping = problem(503, "unavailable", { "Retry-After": "2" });
  const asked = polls(pageOf(1), stopping, "nobody", pageOf(2));
  const { told, stop } = follow(byPoll);
  await vi.advanceTimersByTimeAsync(2_000 + firstWaitMs - 1);
  expect(asked).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(firstWaitMs);
  expect(asked).toEqual([
    "?topic=scores",
    "?topic=scores&since=a:1",
    "?topic=scores&since=a:1",
    "?topic=scores&since=a:1",
    "?topic=scores&since=a:2",
  ]);
  expect(told.filter((line) => line !== "requested" && line !== "waiting")).toEqual([
    "#1",
    "answered",
    "put off: 503 unavailable: no",
    "put off: no answer",
    "#2",
    "answered",
  ]);
  stop();
  await vi.runAllTimersAsync();
  expect(asked).toHaveLength(5);
});

test.each([
  [429, "rate_limited"],
  [502, "unavailable"],
])("a poll asks again after %d", async (status, code) => {
  const asked = polls(problem(status, code), pageOf(1));
  follow(byPoll);
  await vi.advanceTimersByTimeAsync(firstWaitMs);
  expect(asked).toHaveLength(3);
});

test("a poll that somebody else answered asks again", async () => {
  const asked = polls(new Response("<h1>Please log in</h1>"), pageOf(1));
  const { told } = follow(byPoll);
  await vi.advanceTimersByTimeAsync(firstWaitMs);
  expect(told).toContain("put off: an answer that is not from the server");
  expect(asked).toHaveLength(3);
});

test("a poll that ended without events asks again at once", async () => {
  const asked = polls(pageOf(1), new Response(null, { status: 204 }));
  follow(byPoll);
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toHaveLength(3);
});

test("a poll that is refused for good does not ask again", async () => {
  const asked = polls(problem(404, "not_found"));
  const { told } = follow(byPoll);
  await vi.runAllTimersAsync();
  expect(asked).toHaveLength(1);
  expect(told.at(-1)).toBe("refused: 404 not_found: no");
});

test("a poll that is stopped while it waits does not ask again", async () => {
  const asked = polls("nobody", pageOf(1));
  const { stop } = follow(byPoll);
  await vi.advanceTimersByTimeAsync(firstWaitMs - 1);
  stop();
  await vi.runAllTimersAsync();
  expect(asked).toHaveLength(1);
});

/** An EventSource for tests. The test plays the server behind it. */
class FakeSource extends EventTarget {
  static readonly CLOSED = 2;
  static all: FakeSource[] = [];
  readyState = 0;
  onopen = () => {};
  onerror = (_event: Event) => {};
  onmessage = (_event: MessageEvent) => {};
  readonly query: string;

  constructor(url: string) {
    super();
    this.query = url.slice(url.indexOf("?"));
    FakeSource.all.push(this);
  }

  open(): void {
    this.readyState = 1;
    this.onopen();
  }

  receive(message: ServerMessage<"event">): void {
    const lastEventId = `${message.epoch}:${message.offset}`;
    this.onmessage(new MessageEvent("message", { data: JSON.stringify(message), lastEventId }));
  }

  fail(readyState: 0 | 2): void {
    this.readyState = readyState;
    const event = new Event("error");
    Object.defineProperty(event, "target", { value: this });
    this.onerror(event);
  }

  close(): void {
    this.readyState = 2;
  }
}

function streams(): FakeSource[] {
  vi.stubGlobal("EventSource", FakeSource);
  FakeSource.all = [];
  return FakeSource.all;
}

test("a refused stream is asked for again, from its last id, by a new EventSource", async () => {
  const sources = streams();
  const { told, stop } = follow(byStream);
  sources[0]?.open();
  sources[0]?.receive(event(1));
  // The server stops. The browser asks again by itself and gets 503.
  sources[0]?.fail(0);
  sources[0]?.fail(2);
  await vi.advanceTimersByTimeAsync(firstWaitMs - 1);
  expect(sources).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(sources.map(({ query }) => query)).toEqual(["?topic=scores", "?topic=scores&since=a:1"]);
  sources[1]?.open();
  sources[1]?.receive(event(2));
  expect(told).toEqual([
    ...["requested", "connecting", "answered", "open", "#1"],
    ...["requested", "asking again", "put off: an error event, without a reason"],
    ...["requested", "connecting", "answered", "open", "#2"],
  ]);
  stop();
  expect(sources.map(({ readyState }) => readyState)).toEqual([2, 2]);
});

test("a stream that is always refused is asked for less and less often, until it is stopped", async () => {
  const sources = streams();
  const { stop } = follow(byStream);
  vi.mocked(Math.random).mockReturnValue(1);
  const waits = [750, 1_250, 2_250, 4_250];
  for (const [index, ms] of waits.entries()) {
    sources[index]?.fail(2);
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(sources).toHaveLength(index + 1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sources).toHaveLength(index + 2);
  }
  sources.at(-1)?.fail(2);
  stop();
  await vi.runAllTimersAsync();
  expect(sources).toHaveLength(waits.length + 1);
});
