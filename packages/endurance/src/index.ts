// What other packages need to show that nothing is lost: honest clients, and a judge of what they saw.
export { Crowd } from "./crowd.ts";
export { type HistoryVerdict, isKept } from "./history.ts";
