// What apps on Node need besides the hub. Bun has the same modules, and uses the platform and the lines.

export { FrameWriter } from "./frame-writer.ts";
export { Incoming } from "./incoming.ts";
export { Lines } from "./lines.ts";
export { atMost, platform, resolveHost } from "./platform.ts";
export { factsOf, remoteOf } from "./request-facts.ts";
export { inTurn, queuedIn, whenOver } from "./responses.ts";
export { pongFrame, ServerFrame, textFrame } from "./server-frame.ts";
export { cutOff, Sockets } from "./sockets.ts";
