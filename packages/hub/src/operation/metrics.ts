import { closeName } from "@rosetta/protocol";

interface Metric {
  type: "counter" | "gauge";
  help: string;
  values: Map<string, number>;
}

/**
 * A server's metrics, as text for Prometheus (exposition format 0.0.4). The usual library needs Node, but this package
 * also runs in a browser's worker, so we have our own. No label holds a topic, a client or an address, because their
 * number is unlimited.
 */
export class Metrics {
  readonly #metrics = new Map<string, Metric>();

  constructor() {
    this.#define("connections", "gauge", "Open connections by endpoint.");
    this.#define("messages_total", "counter", "WebSocket messages by direction.");
    this.#define("bytes_total", "counter", "Payload bytes by direction.");
    this.#define("queue_bytes", "gauge", "Bytes of memory that wait for readers.");
    this.#define("remembered_bytes", "gauge", "Bytes of memory for clients and their answers.");
    this.#define("log_bytes", "gauge", "Bytes of memory for the events of all topics.");
    this.#define("skipped_total", "counter", "Events of `latest` topics skipped because bytes waited.");
    this.#define("slow_total", "counter", "Connections closed because too many bytes waited.");
    this.#define(
      "evicted_total",
      "counter",
      "Connections closed because a topic they followed made way for another.",
    );
    this.#define("sockets_cut_total", "counter", "Connections without a session that were cut, by reason.");
    this.#define("log_lines_lost_total", "counter", "Lines of the log that could not be written.");
    this.#define("records_lost_total", "counter", "Records and failures beyond the log's rate limit.");
    this.#define("refused_total", "counter", "Requests refused by status.");
    this.#define("closed_total", "counter", "Connections closed by code, as the server saw it.");
    this.#define("rate_limited_total", "counter", "Messages refused because there were too many.");
    this.#define("heartbeat_deaths_total", "counter", "Connections ended because nothing was heard.");
    this.#define("failures_total", "counter", "Handlers that threw.");
  }

  /** Adds to a metric. `label` is written verbatim, such as `direction="in"`. */
  add(name: string, amount: number, label = ""): void {
    const values = this.#of(name).values;
    values.set(label, (values.get(label) ?? 0) + amount);
  }

  set(name: string, value: number): void {
    this.#of(name).values.set("", value);
  }

  text(): string {
    return [...this.#metrics].map(([name, metric]) => exposition(name, metric)).join("");
  }

  #define(name: string, type: Metric["type"], help: string): void {
    this.#metrics.set(name, { type, help, values: new Map() });
  }

  #of(name: string): Metric {
    const metric = this.#metrics.get(name);
    if (!metric) throw new Error(`no metric is called ${name}`);
    return metric;
  }
}

function exposition(name: string, { type, help, values }: Metric): string {
  const samples = values.size > 0 ? [...values] : [["", 0] as const];
  const lines = samples.map(([label, value]) => `rosetta_${name}${label && `{${label}}`} ${value}\n`);
  return `# HELP rosetta_${name} ${help}\n# TYPE rosetta_${name} ${type}\n${lines.join("")}`;
}

/** Returns one of a limited number of labels for any close code, because clients may choose among 2,000. */
export function codeLabel(code: number): string {
  const known = closeName(code) !== undefined || (code >= 1000 && code < 1016);
  return `code="${known ? code : `${Math.floor(code / 1000)}xxx`}"`;
}
