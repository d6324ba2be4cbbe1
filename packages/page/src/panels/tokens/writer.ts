import type { Client } from "@rosetta/client";
import { pause } from "../../shared/retry.ts";
import { cancelText, textOfToken } from "./model.ts";

/** How a model answers. */
export interface AnswerPlan {
  topic: string;
  words: readonly string[];
  /** Milliseconds from one word to the next. */
  pauseMs: number;
}

// #region write
/**
 * Says the words of an answer in a topic, one after another, as the process of a model would. Ends with the last word, when
 * `end` is aborted, or when anybody cancels the answer in the topic.
 */
export async function write(client: Client, plan: AnswerPlan, end: AbortController): Promise<void> {
  const { topic, words, pauseMs } = plan;
  client.subscribe(topic, ({ data }) => {
    if (data.kind === "chat" && data.text === cancelText) end.abort();
  });
  let epoch: string | undefined;
  let [next, reached] = [0, 0];
  while (next < words.length && !end.signal.aborted) {
    const token = textOfToken({ number: next + 1, of: words.length, word: words[next] ?? "" });
    const place = await client.publish(topic, token).catch(() => undefined);
    // A new epoch is a new log, without the earlier words: say them again. Readers drop those that they have.
    const isNewLog = place !== undefined && epoch !== undefined && place.epoch !== epoch;
    if (place) next = isNewLog ? 0 : next + 1;
    epoch = place?.epoch ?? epoch;
    reached = Math.max(reached, next);
    if (place === undefined || next === reached) await pause(pauseMs, end.signal);
  }
}
// #endregion write
