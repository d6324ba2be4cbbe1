// Gives tests and tools of other packages a Redis of their own.
export { type Certificate, makeCertificate } from "./certificate.ts";
export { freePorts } from "./free-ports.ts";
export { findRedis, type RunningRedis, redisRemedy, startRedis } from "./start-redis.ts";
