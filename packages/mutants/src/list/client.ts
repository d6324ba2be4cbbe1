import type { Mutant } from "../mutant.ts";

function unit(name: string, test = name): Pick<Mutant, "file" | "tests"> {
  return { file: `packages/client/src/${name}.ts`, tests: [`packages/client/src/${test}.test.ts`] };
}

/** Mistakes in the client. */
export const client: Mutant[] = [
  {
    ...unit("socket"),
    search: "this.#advice = { ...this.#advice, ...advice };",
    replace: "this.#advice = advice;",
    why: "new advice replaces the earlier one instead of adding to it",
  },
  {
    ...unit("position"),
    search: 'if (!this.#confirmed) return "drop";',
    replace: "",
    why: "events are delivered before the subscription is confirmed",
  },
  {
    ...unit("position"),
    search: 'if (epoch !== this.#epoch) return "gap";',
    replace: "",
    why: "an event of another epoch is delivered",
  },
  {
    ...unit("position"),
    search: "offset > this.#known + 1",
    replace: "offset > this.#known + 2",
    why: "a single missing event is not noticed",
  },
  {
    ...unit("position"),
    search: "const sameLife = epoch === this.#epoch && this.#seen <= offset;",
    replace: "const sameLife = epoch === this.#epoch;",
    why: "a shorter log is taken for the same life",
  },
  {
    ...unit("position"),
    search: "return recovered && sameLife;",
    replace: "return recovered;",
    why: "a replay of another epoch counts as recovered",
  },
  {
    ...unit("subscriptions"),
    search: 'if (topic.state.mode === "latest") topic.newest = event;',
    replace: "topic.newest = event;",
    why: "a new listener of a stream gets an old event",
  },
  {
    ...unit("subscriptions"),
    search: "if (retryAfterMs !== undefined)",
    replace: "if (retryAfterMs)",
    why: "a topic refused with `retryAfterMs: 0` is not asked for again",
  },
  {
    ...unit("subscriptions"),
    search: 'if (request.type !== "publish" || request.to !== "others") return;',
    replace: 'if (request.type !== "publish") return;',
    why: "an ack to all stands for its event",
  },
  {
    ...unit("subscriptions"),
    search: "      if (topic.asked !== asked) return;\n",
    replace: "",
    why: "the answer to an older subscribe is accepted",
  },
  {
    ...unit("client"),
    search: "    this.#subscriptions.resume();\n    this.#requests.resume();",
    replace: "    this.#requests.resume();\n    this.#subscriptions.resume();",
    why: "publications are sent before subscriptions",
  },
  {
    ...unit("subscriptions"),
    search: "    topic.asked++;\n    topic.cancelRetry();",
    replace: "    topic.asked++;",
    why: "a topic that was left is still asked for again",
  },
  {
    ...unit("subscriptions"),
    search: "for (const topic of this.#topics.values()) topic.cancelRetry();",
    replace: "",
    why: "a closed client keeps its process alive",
  },
  {
    ...unit("client"),
    search: "told.replaceAll(this.#client",
    replace: "told.replace(this.#client",
    why: "only the first copy of the secret is masked",
  },
  {
    ...unit("client"),
    search: "if (protocol !== subprotocol)",
    replace: 'if (protocol === "")',
    why: "another subprotocol is accepted",
  },
  {
    ...unit("backoff"),
    search: "2 ** (attempt - 1)",
    replace: "2 ** attempt",
    why: "the first wait is as long as the second should be",
  },
  {
    ...unit("backoff"),
    search: "Math.min(backoff.capMs, ",
    replace: "Math.max(backoff.baseMs, ",
    why: "a wait has no cap",
  },
  {
    ...unit("heartbeat"),
    search: "if (host.isHidden?.()) return;",
    replace: "",
    why: "a hidden page takes its server for dead",
  },
  {
    ...unit("heartbeat"),
    search: "if (host.now() - dueAt > lateMs) return ask(times.probeMs);",
    replace: "",
    why: "a machine that slept takes its server for dead",
  },
];
