import type { Client } from "@rosetta/client";
import type { ServerMessage } from "@rosetta/protocol";
import { expect, test } from "vitest";
import { AnswerText, cancelText } from "./model.ts";
import { write } from "./writer.ts";

type Listener = (event: Pick<ServerMessage<"event">, "data">) => void;

/** A topic in memory. `epochs` has the epoch of each acknowledgement; nothing where the connection was lost. */
function topicOf(epochs: (string | undefined)[]) {
  const said: string[] = [];
  let tell: Listener = () => {};
  const client = {
    subscribe: (_: string, listener: Listener) => {
      tell = listener;
    },
    publish: async (_: string, text: string) => {
      const epoch = epochs.shift();
      if (epoch === undefined) throw new Error("lost");
      said.push(text);
      return { epoch, offset: said.length };
    },
  } as unknown as Client;
  return { client, said, tell: (text: string) => tell({ data: { kind: "chat", text } }) };
}

const plan = { topic: "room/answer", words: ["one", "two", "three"], pauseMs: 0 };

test("a word that was not acknowledged is said again", async () => {
  const { client, said } = topicOf(["a", undefined, "a", "a"]);
  await write(client, plan, new AbortController());
  expect(said).toEqual(["1/3 one", "2/3 two", "3/3 three"]);
});

test("in a new log all words are said again, and a reader has each once", async () => {
  const { client, said } = topicOf(["a", "a", "b", "b", "b", "b"]);
  await write(client, plan, new AbortController());
  expect(said).toEqual(["1/3 one", "2/3 two", "3/3 three", "1/3 one", "2/3 two", "3/3 three"]);
  const text = new AnswerText();
  for (const each of said) text.read(each);
  expect(text).toMatchObject({ text: "one two three", isComplete: true, again: 3 });
});

test("anybody in the topic can cancel", async () => {
  const { client, said, tell } = topicOf(["a", "a", "a"]);
  const done = write(client, { ...plan, pauseMs: 60_000 }, new AbortController());
  await expect.poll(() => said).toEqual(["1/3 one"]);
  tell(cancelText);
  await done;
  expect(said).toEqual(["1/3 one"]);
});
