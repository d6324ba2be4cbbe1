export type { HubOptions } from "./assembly.ts";
export type { Answer } from "./http/answers.ts";
export type { Admission } from "./http/door.ts";
export type { EventStream, Sink } from "./http/readers.ts";
export { Hub, type NewSocket, type RunningServer, type ServerOptions } from "./hub.ts";
export type { Supervision } from "./operation/supervision.ts";
export type { Journal, LogRecord, Platform, Port } from "./port.ts";
export type { CreateExtras } from "./services.ts";
export type { Session } from "./session.ts";
