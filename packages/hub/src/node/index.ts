// What apps on Node need besides the hub. Bun has the same modules, and uses the host and the lines.
export { atMost, host } from "./host.ts";
export { Lines } from "./lines.ts";
export { inTurn, queuedIn, whenOver } from "./responses.ts";
export { cutOff, Sockets } from "./sockets.ts";
export { Traffic } from "./traffic.ts";
