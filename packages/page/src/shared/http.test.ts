import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { askPatiently, isTemporary, readRetryAfter } from "./http.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const now = Date.UTC(2026, 10, 28, 12);

test.each([
  [null, undefined],
  ["", undefined],
  ["soon", undefined],
  ["-1", undefined],
  ["0", 0],
  ["3", 3_000],
  ["99999999999", 300_000],
  ["Sat, 28 Nov 2026 12:00:07 GMT", 7_000],
  ["Sat, 28 Nov 2026 11:59:00 GMT", 0],
])("Retry-After: %s is a wait of %s ms", (header, ms) => {
  expect(readRetryAfter(header, now)).toBe(ms);
});

test("tells temporary statuses from lasting ones", () => {
  expect([408, 425, 429, 502, 503, 504].map(isTemporary)).not.toContain(false);
  expect([200, 204, 304, 400, 403, 404, 421, 431, 500, 501].map(isTemporary)).not.toContain(true);
});

/** A server that gives these answers in turn and then repeats the last; `nobody` is a network error. */
function answering(...answers: ("nobody" | Response)[]) {
  const fetch = vi.fn(async () => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (!(answer instanceof Response)) throw new TypeError("fetch failed");
    return answer;
  });
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

test("asks until the answer is not temporary, and no sooner than the server wants", async () => {
  const busy = new Response("", { status: 429, headers: { "Retry-After": "3" } });
  const fetch = answering("nobody", busy, new Response("here", { status: 200 }));
  const failed = vi.fn();
  const asked = askPatiently("http://one/", new AbortController().signal, failed);
  await vi.advanceTimersByTimeAsync(249);
  expect(fetch).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(fetch).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(3_249);
  expect(fetch).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(await asked).toMatchObject({ status: 200, text: "here" });
  expect(failed).toHaveBeenCalledTimes(2);
});

test("does not ask again after a lasting answer, not even a refusal", async () => {
  const fetch = answering(new Response("no", { status: 403 }));
  const asked = askPatiently("http://one/", new AbortController().signal, () => {});
  expect(await asked).toMatchObject({ status: 403, text: "no" });
  expect(fetch).toHaveBeenCalledTimes(1);
});

test("an answer that breaks off does not count", async () => {
  const broken = new Response(new ReadableStream({ start: (body) => body.error(new TypeError("cut")) }));
  const fetch = answering(broken, new Response("whole"));
  const asked = askPatiently("http://one/", new AbortController().signal, () => {});
  await vi.advanceTimersByTimeAsync(250);
  expect(await asked).toMatchObject({ text: "whole" });
  expect(fetch).toHaveBeenCalledTimes(2);
});

test("stops asking once it is aborted", async () => {
  const fetch = answering("nobody");
  const end = new AbortController();
  const asked = askPatiently("http://one/", end.signal, () => {});
  await vi.advanceTimersByTimeAsync(100);
  end.abort();
  expect(await asked).toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
  expect(fetch).toHaveBeenCalledTimes(1);
});
