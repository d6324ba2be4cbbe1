import { expect, test } from "vitest";
import { CodeEvents } from "./events.ts";

test("a page hears the name of the code at first, and each new one", async () => {
  const events = await CodeEvents.start();
  events.tell("first");
  const { body, headers } = await fetch(events.origin);
  expect(headers.get("content-type")).toBe("text/event-stream");
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  expect(await reader?.read()).toEqual({ done: false, value: "data: first\n\n" });
  events.tell("first");
  events.tell("second");
  expect(await reader?.read()).toEqual({ done: false, value: "data: second\n\n" });
  events.stop();
  await expect(reader?.read()).rejects.toThrow("terminated");
});

test("two runs at once have two ports", async () => {
  const both = await Promise.all([CodeEvents.start(), CodeEvents.start()]);
  expect(new Set(both.map(({ origin }) => origin)).size).toBe(2);
  for (const events of both) events.stop();
});
