import { readdirSync, readFileSync } from "node:fs";

/** The resources that a process holds. */
export interface Holding {
  /** Resident memory in MiB. */
  memory: number;
  /** Open descriptors. */
  descriptors: number;
}

/** Reads what a process holds from Linux's /proc. Both are 0 on other systems and if the process has ended. */
export function holdingOf(pid: number): Holding {
  try {
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    return { memory: (residentBytes(pid) ?? 0) / 2 ** 20, descriptors };
  } catch {
    return { memory: 0, descriptors: 0 };
  }
}

/**
 * Returns how many bytes a process has in RAM, shared pages included. Nothing on systems other than Linux, and if the
 * process has ended.
 */
export function residentBytes(pid: number): number | undefined {
  try {
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
