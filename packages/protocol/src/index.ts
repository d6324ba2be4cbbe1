export { clientAddress, isLoopback } from "./address.ts";
export * from "./admission.ts";
export * from "./close.ts";
export * from "./codec.ts";
export * from "./environment.ts";
export * from "./limits.ts";
export * from "./messages.ts";
export { parseOrigin, urlOf } from "./origin.ts";
export * from "./request.ts";
