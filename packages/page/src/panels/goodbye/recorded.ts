// Recorded on Express + ws by `pnpm -C e2e run examples`, not written by hand.
export const recorded = {
  code: 1000,
  reason: "",
  wasClean: true,
  opened: true,
  byPage: false,
  idleMs: 96,
  label: "stop at /echo (1000)",
  agreed: true,
  tookMs: 100.10000000149012,
} as const;
