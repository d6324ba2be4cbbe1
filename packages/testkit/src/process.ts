import { readdirSync, readFileSync } from "node:fs";

/** What a process holds. */
export interface Holding {
  /** Resident memory in MiB. */
  memory: number;
  /** Open descriptors. */
  descriptors: number;
}

/** Reads what a process holds from Linux's /proc. Both are 0 on other systems and if the process has ended. */
export function holdingOf(pid: number): Holding {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kibibytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
    return { memory: kibibytes / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return { memory: 0, descriptors: 0 };
  }
}
