export * from "./hub.ts";
export * from "./log.ts";
export * from "./port.ts";
export { type Answer, type Sink, streamHeaders } from "./readers.ts";
export type { Session } from "./session.ts";
