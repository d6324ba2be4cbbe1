import { afterEach, expect, test, vi } from "vitest";
import { causeOf } from "./age.ts";

afterEach(() => vi.unstubAllGlobals());

const page = '<script type="module" crossorigin src="./assets/index-B4.js"></script>';

test.each([
  ["nobody answers", undefined, "away"],
  ["the server stops", new Response("draining", { status: 503 }), "away"],
  ["the server has the same page", new Response(page), "missing"],
  ["the server has another page", new Response(page.replace("B4", "C7")), "older"],
  ["the server has no page at all", new Response("not found", { status: 404 }), "missing"],
])("%s", async (_what, answer, cause) => {
  const fetch = vi.fn(async () => answer ?? Promise.reject(new TypeError("fetch failed")));
  vi.stubGlobal("fetch", fetch);
  expect(await causeOf("https://one.example/rosetta", "index-B4.js")).toBe(cause);
  expect(fetch).toHaveBeenCalledWith("https://one.example/rosetta/", { cache: "no-store" });
});
