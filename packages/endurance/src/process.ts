import { readdirSync, readFileSync } from "node:fs";

/** What a process holds. */
export interface Holding {
  /** Resident memory in MiB. */
  memory: number;
  /** Open descriptors. */
  descriptors: number;
}

/** Reads what a process holds, from Linux' /proc. Zeros elsewhere: a table then says nothing of it. */
export function holdingOf(pid: number): Holding {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kibibytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
    return { memory: kibibytes / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return { memory: 0, descriptors: 0 };
  }
}

/** The slope of a line through samples taken at equal intervals (least squares), per interval. */
export function slopeOf(samples: readonly number[]): number {
  const middle = (samples.length - 1) / 2;
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const [rise, run] = samples.reduce(
    ([up, along], sample, index) => [up + (index - middle) * (sample - mean), along + (index - middle) ** 2],
    [0, 0],
  );
  return run === 0 ? 0 : rise / run;
}

/** The value that so much of the samples does not exceed. NaN of none. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}
