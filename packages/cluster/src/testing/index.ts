// What tests of other packages need: a Redis of their own, and an engine that fails as a seed says.
export { FakeEngine, FakeLink, type Remains } from "./fake-engine.ts";
export { FakeStore } from "./fake-store.ts";
export { findRedis, type RunningRedis, redisRemedy, startRedis, startSentinel } from "./start-redis.ts";
