import { expect, test } from "vitest";
import { CodeEvents } from "./events.ts";

async function listenTo(events: CodeEvents, origin: string) {
  const { body, headers } = await fetch(events.origin, { headers: { origin } });
  expect(headers.get("content-type")).toBe("text/event-stream");
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) throw new Error("there is no body");
  return reader;
}

test("a page hears the name of its server's code at first, and each new one, by whatever name it was opened", async () => {
  const events = await CodeEvents.start();
  events.tell(3001, "first");
  events.tell(3002, "another server's");
  const reader = await listenTo(events, "http://localhost:3001");
  expect(await reader.read()).toEqual({ done: false, value: "data: first\n\n" });
  events.tell(3001, "first");
  events.tell(3002, "another server's second");
  events.tell(3001, "second");
  expect(await reader.read()).toEqual({ done: false, value: "data: second\n\n" });
  events.stop();
  await expect(reader.read()).rejects.toThrow("terminated");
});

test("a page that comes first hears as soon as there is something to say", async () => {
  const events = await CodeEvents.start();
  const reader = await listenTo(events, "http://[::1]:3001");
  events.tell(3001, "first");
  expect(await reader.read()).toEqual({ done: false, value: "data: first\n\n" });
  events.stop();
});

test("two runs at once have two ports", async () => {
  const both = await Promise.all([CodeEvents.start(), CodeEvents.start()]);
  expect(new Set(both.map(({ origin }) => origin)).size).toBe(2);
  for (const events of both) events.stop();
});
