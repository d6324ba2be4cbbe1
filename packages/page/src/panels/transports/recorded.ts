// Recorded on Express + ws by `pnpm -C e2e run examples`, not written by hand.
export const recorded = [
  ["Newest offset", "#36", "#36", "#36"],
  ["Events", "13", "13", "12"],
  ["Requests", "1", "1", "14"],
  ["To begin", "691 B", "449 B", "411 B"],
  ["Each event", "174 B", "174 B", "174 B"],
  ["Around each", "4 B", "32 B", "410 B"],
] as const;
