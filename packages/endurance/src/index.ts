// Helps other packages show that nothing is lost: honest clients, a judge of what they saw, and a bad network.
export { Crowd } from "./crowd.ts";
export { type HistoryVerdict, isKept } from "./history.ts";
export { BadNetwork } from "./network.ts";
