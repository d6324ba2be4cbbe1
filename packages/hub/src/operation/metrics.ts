import { closeName } from "@rosetta/protocol";
import type { EngineMetric } from "../cluster/cluster.ts";

type MetricKind = readonly ["counter" | "gauge", help: string];

/** The metrics. Counters only grow; gauges go up and down. */
const catalog = {
  connections: ["gauge", "Open connections by endpoint."],
  messages_total: ["counter", "WebSocket messages by direction."],
  bytes_total: ["counter", "Payload bytes by direction."],
  queue_bytes: ["gauge", "Bytes of memory that wait for readers."],
  remembered_bytes: ["gauge", "Bytes of memory for clients and their answers."],
  log_bytes: ["gauge", "Bytes of memory for the events of all topics."],
  skipped_total: ["counter", "Events of `latest` topics skipped because bytes waited."],
  slow_total: ["counter", "Connections closed because too many bytes waited."],
  evicted_total: ["counter", "Connections closed because a topic they followed made way for another."],
  sockets_cut_total: ["counter", "Connections without a session that were cut, by reason."],
  log_lines_lost_total: ["counter", "Lines of the log that could not be written."],
  records_lost_total: ["counter", "Records and failures beyond the log's rate limit."],
  refused_total: ["counter", "Requests refused by status."],
  closed_total: ["counter", "Connections closed by code, as the server saw it."],
  rate_limited_total: ["counter", "Messages refused because there were too many."],
  heartbeat_deaths_total: ["counter", "Connections ended because nothing was heard."],
  failures_total: ["counter", "Handlers that threw."],
} as const satisfies Record<string, MetricKind>;

/** What is measured of the engine that servers share. Shown only by a server that has one. */
const engineCatalog = {
  engine_up: ["gauge", "1 if the engine answers."],
  engine_topics: ["gauge", "Topics that this server follows in the engine."],
  engine_appends_total: ["counter", "Events that this server has appended."],
  engine_append_ms_total: ["counter", "Milliseconds until the engine had taken them, added up."],
  engine_refused_total: ["counter", "Commands that the engine did not carry out, by reason."],
  engine_fetches_total: [
    "counter",
    "Events fetched because no message brought them, by how that was noticed.",
  ],
  engine_lives_total: ["counter", "Topics that had begun a new epoch."],
  engine_reconnects_total: ["counter", "Connections to the engine."],
} as const satisfies Record<EngineMetric, MetricKind>;

const all: Record<string, MetricKind> = { ...catalog, ...engineCatalog };

/** The name of a metric, without the prefix `rosetta_`. */
export type MetricName = keyof typeof catalog | EngineMetric;

/** Samples of one metric, by label. */
type Samples = Map<string, number>;

/**
 * A server's metrics, as text for Prometheus (exposition format 0.0.4). The usual library needs Node, but this package
 * also runs in a browser's worker, so we have our own. No label holds a topic, a client or an address, because their
 * number is unlimited.
 */
export class Metrics {
  readonly #samples = new Map<MetricName, Samples>();
  // Plain numbers, because they change with every message: a Map of labels would cost more than the rest of an echo.
  readonly #traffic = { in: { messages: 0, bytes: 0 }, out: { messages: 0, bytes: 0 } };

  /** Counts a message of `bytes` bytes that came in. */
  received(bytes: number): void {
    const traffic = this.#traffic.in;
    traffic.messages += 1;
    traffic.bytes += bytes;
  }

  /** Counts `messages` messages of `bytes` bytes each that went out. */
  sent(bytes: number, messages: number): void {
    const traffic = this.#traffic.out;
    traffic.messages += messages;
    traffic.bytes += bytes * messages;
  }

  /** Adds to a metric. `label` is written verbatim, such as `direction="in"`. Default: none. */
  add(name: MetricName, amount: number, label = ""): void {
    const samples = this.#of(name);
    samples.set(label, (samples.get(label) ?? 0) + amount);
  }

  /** Sets a metric that has no label. */
  set(name: MetricName, value: number): void {
    this.#of(name).set("", value);
  }

  /** Returns all metrics, those without a sample as 0. Those of an engine are left out if there is none. */
  text(): string {
    for (const [direction, { messages, bytes }] of Object.entries(this.#traffic)) {
      this.#of("messages_total").set(`direction="${direction}"`, messages);
      this.#of("bytes_total").set(`direction="${direction}"`, bytes);
    }
    const shown = this.#samples.has("engine_up") ? all : catalog;
    const names = Object.keys(shown) as MetricName[];
    return names.map((name) => exposition(name, this.#of(name))).join("");
  }

  #of(name: MetricName): Samples {
    const samples = this.#samples.get(name) ?? new Map();
    this.#samples.set(name, samples);
    return samples;
  }
}

function exposition(name: MetricName, samples: Samples): string {
  const [type, help] = all[name] as MetricKind;
  const shown = samples.size > 0 ? [...samples] : [["", 0] as const];
  const lines = shown.map(([label, value]) => `rosetta_${name}${label && `{${label}}`} ${value}\n`);
  return `# HELP rosetta_${name} ${help}\n# TYPE rosetta_${name} ${type}\n${lines.join("")}`;
}

let newestCode = { code: Number.NaN, label: "" };

/** Returns one of a limited number of labels for any close code, because clients may choose among 2,000. */
export function codeLabel(code: number): string {
  // The newest one is kept: where many connections end at once, they end alike.
  if (code !== newestCode.code) newestCode = { code, label: labelOf(code) };
  return newestCode.label;
}

function labelOf(code: number): string {
  const known = closeName(code) !== undefined || (code >= 1000 && code < 1016);
  return `code="${known ? code : `${Math.floor(code / 1000)}xxx`}"`;
}
