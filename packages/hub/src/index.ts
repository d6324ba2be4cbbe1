export type { Session } from "./connection/socket-session.ts";
export type { Draft, Entry, Kept, Log, Replay } from "./delivery/log.ts";
export { type Answer, type Sink, streamHeaders } from "./http/readers.ts";
export { type Admission, Hub, type HubOptions, type RunningServer, type ServerOptions } from "./hub.ts";
export type { Host, Journal, LogRecord, Port } from "./port.ts";
