import { paths } from "@rosetta/protocol";
import { failure } from "./failure.ts";
import type { Raw } from "./raw.ts";

/** One line of `GET /metrics`. */
export interface MetricSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** Fetches all samples of a server. */
export async function samplesOf(raw: Raw): Promise<MetricSample[]> {
  const answer = await raw.request(paths.metrics);
  if (answer.status !== 200) throw failure(`GET /metrics was answered with ${answer.status}`);
  return answer.body
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(parseSample);
}

/**
 * Returns the value of a metric, by its name without the prefix: the sum of the samples that have the given labels.
 */
export async function metric(raw: Raw, name: string, labels: Record<string, string> = {}): Promise<number> {
  const samples = (await samplesOf(raw)).filter((sample) => sample.name === `rosetta_${name}`);
  if (samples.length === 0) throw failure(`there is no metric rosetta_${name}`);
  return samples
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

function parseSample(line: string): MetricSample {
  const [, name = "", list = "", value = ""] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === "") throw failure(`malformed sample: ${line}`);
  const pairs = [...list.matchAll(/([a-z_]+)="([^"]*)"/g)];
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, key, text]) => [key, text])),
    value: Number(value),
  };
}
