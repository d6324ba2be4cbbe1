// What apps on Node need besides the hub. Bun has the same modules, and uses the platform and the lines.
export { Lines } from "./lines.ts";
export { addressOf, atMost, platform } from "./platform.ts";
export { inTurn, queuedIn, whenOver } from "./responses.ts";
export { cutOff, Sockets } from "./sockets.ts";
export { type TextFrame, textFrame } from "./text-frame.ts";
export { mostPongs, Traffic } from "./traffic.ts";
