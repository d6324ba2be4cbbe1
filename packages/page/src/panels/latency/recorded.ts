// Recorded on Express + ws by `pnpm -C e2e run examples`, not written by hand.
export const recorded = [
  2.5, 3.5, 2.2, 4.6, 13.7, 3, 2.3, 17.7, 5.4, 2.4, 2531.7, 1539.3, 534.4, 7.2, 89.2, 1.8, 22, 3.8, 58.6, 3.9,
  3.5, 11.6, 3.2, 2.7, 4.2, 3.7, 4.2, 8.9, 2.9, 3.8,
] as const;
