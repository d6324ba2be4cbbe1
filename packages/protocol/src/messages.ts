import * as z from "zod/mini";
import { bounds } from "./limits.ts";

/** The WebSocket subprotocol. Its name contains the version. */
export const subprotocol = "rosetta.v1.json";

// A lone surrogate has no UTF-8 form: one peer would see U+FFFD where the other sent something else.
const wellFormed = z.refine<string>((text) => text.isWellFormed(), "is not well-formed Unicode");
// Every bound counts UTF-16 code units. zod and JSON Schema count code points and would let twice as many emoji in.
const atMost = (units: number) =>
  [z.maxLength(units), z.refine<string>((text) => text.length <= units, `at most ${units}`)] as const;
const id = z.string().check(z.minLength(1), ...atMost(bounds.id), wellFormed);
const text = z.string().check(...atMost(bounds.text), wellFormed);
const topic = z.string().check(z.regex(/^[a-z]{1,16}(\/[a-z0-9-]{1,32})?$/));
const client = z.string().check(z.regex(/^[0-9a-f]{32}$/));
const epoch = z.string().check(z.minLength(1), ...atMost(32));
const count = z.int().check(z.minimum(0));
const milliseconds = z.number();
const code = z.int().check(z.minimum(1000), z.maximum(4999));
const audience = z.enum(["all", "others"]);

const cursor = z.object({ epoch, offset: count });
/** A place in a topic's log: after the event `offset` of the life `epoch`. */
export type Cursor = z.infer<typeof cursor>;

/** The receivers of a publication: all subscribers, or all but its author. */
export type Audience = z.infer<typeof audience>;

const member = z.string().check(...atMost(32));
const eventData = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("chat"), text }),
  z.object({ kind: z.literal("presence"), count, members: z.array(member).check(z.maxLength(100)) }),
  z.object({ kind: z.literal("weather"), station: z.string(), celsius: z.number(), windKmh: z.number() }),
  z.object({
    kind: z.literal("score"),
    minute: count,
    home: count,
    away: count,
    what: z.string(),
  }),
  z.object({
    kind: z.literal("progress"),
    state: z.enum(["running", "done", "cancelled", "failed"]),
    done: count,
    total: count,
    result: z.optional(z.string()),
  }),
  z.object({
    kind: z.literal("log"),
    name: z.enum(["opened", "refused", "closed", "slow", "job"]),
    details: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
]);
/** The content of an event. Its topic determines `kind`. */
export type EventData = z.infer<typeof eventData>;

/** The jobs a server does: `hash` runs SHA-256 over `mebibytes` MiB. */
const mebibytes = z.int().check(z.minimum(1), z.maximum(256));

/** Every message of a client. Each is a request, and exactly one reply carries its `id` as `re`. */
export const ClientMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("hello"), id, client, connection: z.optional(count) }),
  z.object({ type: z.literal("echo"), id, text }),
  z.object({ type: z.literal("publish"), id, topic, to: audience, text }),
  z.object({ type: z.literal("subscribe"), id, topic, since: z.optional(cursor) }),
  z.object({ type: z.literal("unsubscribe"), id, topic }),
  z.object({ type: z.literal("start"), id, job: z.literal("hash"), mebibytes }),
  z.object({ type: z.literal("cancel"), id, topic }),
  z.object({ type: z.literal("ping"), id, at: milliseconds }),
  z.object({ type: z.literal("stop"), id }),
  z.object({
    type: z.literal("chaos"),
    id,
    do: z.enum(["close", "terminate", "flood", "throw"]),
    code: z.optional(code),
    mebibytes: z.optional(mebibytes),
  }),
]);
type AnyClientMessage = z.infer<typeof ClientMessage>;
/** A client's message of one type, as in `ClientMessage<"publish">`. Default: of any type. */
export type ClientMessage<T extends AnyClientMessage["type"] = AnyClientMessage["type"]> = Extract<
  AnyClientMessage,
  { type: T }
>;

const errorCode = z.enum([
  "invalid",
  "unknown_type",
  "hello_required",
  "forbidden",
  "not_found",
  "conflict",
  "limit",
  "rate_limited",
  "unavailable",
]);
/** Why a request was refused. */
export type ErrorCode = z.infer<typeof errorCode>;

const mode = z.enum(["stream", "latest"]);
/** The mode of a topic: `stream` delivers every event, `latest` only the newest. */
export type Mode = z.infer<typeof mode>;

const welcomeLimits = z.object({
  messageBytes: count,
  queueBytes: count,
  topics: count,
  messagesPerSecond: count,
  burst: count,
  heartbeatMs: count,
});

/** Every message of a server. Only `event` and `bye` come without a request. */
export const ServerMessage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("welcome"),
    re: id,
    server: z.string(),
    runtime: z.string(),
    session: z.string(),
    member,
    /** True if the client was remembered, and with it the answers to its requests. */
    known: z.boolean(),
    limits: welcomeLimits,
  }),
  z.object({ type: z.literal("echo"), re: id, text }),
  z.object({ type: z.literal("ack"), re: id, topic, epoch, offset: count }),
  z.object({
    type: z.literal("subscribed"),
    re: id,
    topic,
    mode,
    epoch,
    offset: count,
    recovered: z.boolean(),
  }),
  z.object({ type: z.literal("pong"), re: id, at: milliseconds, serverAt: milliseconds }),
  z.object({
    type: z.literal("event"),
    topic,
    epoch,
    offset: count,
    at: milliseconds,
    from: z.optional(member),
    to: z.optional(audience),
    data: eventData,
  }),
  z.object({
    type: z.literal("error"),
    re: z.optional(id),
    code: errorCode,
    message: z.string(),
    /** Milliseconds to wait before the same request may work. */
    retryAfterMs: z.optional(count),
  }),
  z.object({
    type: z.literal("bye"),
    re: z.optional(id),
    code,
    /** Milliseconds of the window in which clients reconnect, so that not all come at once. It opens after 1 s. */
    retryAfterMs: z.optional(count),
    final: z.optional(z.boolean()),
  }),
]);
type AnyServerMessage = z.infer<typeof ServerMessage>;
/** A server's message of one type, as in `ServerMessage<"event">`. Default: of any type. */
export type ServerMessage<T extends AnyServerMessage["type"] = AnyServerMessage["type"]> = Extract<
  AnyServerMessage,
  { type: T }
>;

/** The type of the one reply that each request gets, unless it is refused with `error`. */
export const replyTypes = {
  hello: "welcome",
  echo: "echo",
  publish: "ack",
  subscribe: "subscribed",
  unsubscribe: "ack",
  start: "ack",
  cancel: "ack",
  ping: "pong",
  stop: "bye",
  // Only `flood` gets a reply. Any other failure is its own reply.
  chaos: "ack",
} as const satisfies Record<ClientMessage["type"], ServerMessage["type"]>;
