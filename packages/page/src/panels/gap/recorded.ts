// Recorded on Express + ws by `pnpm -C e2e run examples`, not written by hand.
export const recorded = { before: 12, head: 32, last: 41 } as const;
