export { allCases, type Case, type Group, groupOf, groups } from "./cases/index.ts";
export { ClientGone, type ClientOptions, runClient } from "./client.ts";
export { type DriveOptions, drive } from "./drivers/drive.ts";
export * from "./frames.ts";
export { HandshakeError } from "./http1.ts";
export * from "./messages.ts";
export { type Result, type RunOptions, runConformance, ServerGone } from "./run.ts";
export { type ServeOptions, type Serving, serveConformance } from "./serve.ts";
export { ConnectError } from "./tcp.ts";
