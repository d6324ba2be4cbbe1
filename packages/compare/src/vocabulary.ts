import { ClientMessage, ServerMessage, subprotocol } from "@rosetta/protocol";
import type { Literal } from "./syntax.ts";

/**
 * Returns why a literal belongs into the protocol and not into an app, or `undefined` if it does not. The words
 * come from the protocol's own schemas, so a new message is forbidden here from its first day.
 */
export function protocolMeaning(literal: Literal): string | undefined {
  const { value } = literal;
  if (typeof value === "number") {
    return isCloseCode(value) ? `${value} is a close code: use Close of @rosetta/protocol` : undefined;
  }
  if (namesStackEvent(literal)) return undefined;
  if (value === subprotocol) return `"${value}" is the subprotocol: import it from @rosetta/protocol`;
  if (messageTypes.has(value)) return `"${value}" is a message of the protocol: it belongs in a package`;
  if (eventKinds.has(value)) return `"${value}" is a kind of event: it belongs in a package`;
  if (isTopic(value)) return `"${value}" is a topic: it belongs in a package`;
  if (isFrame(value)) return "a frame of the protocol written by hand: use encode of @rosetta/protocol";
  return undefined;
}

type Union = typeof ClientMessage._zod.def.options | typeof ServerMessage._zod.def.options;

const messageTypes = new Set([
  ...typesOf(ClientMessage._zod.def.options),
  ...typesOf(ServerMessage._zod.def.options),
]);
const eventKinds = kindsOf();
const topic = topicOf();

function typesOf(options: Union): string[] {
  return options.map((option) => wordOf(option.shape.type));
}

function kindsOf(): Set<string> {
  const event = ServerMessage._zod.def.options.find((option) => "data" in option.shape);
  if (!event || !("data" in event.shape)) throw new Error("the protocol has no message with data");
  return new Set(event.shape.data._zod.def.options.map((option) => wordOf(option.shape.kind)));
}

function topicOf() {
  const subscribe = ClientMessage._zod.def.options.find((option) => "since" in option.shape);
  if (!subscribe || !("since" in subscribe.shape)) throw new Error("the protocol has no subscription");
  return subscribe.shape.topic;
}

function wordOf(schema: { _zod: { values: Set<unknown> } }): string {
  return String([...schema._zod.values][0]);
}

// RFC 6455 §7.4: 1000–1015 are the standard's, 4000–4999 the application's. Other numbers of that size (a timeout
// of 1000 ms) are decisions as well and have a name in a package.
function isCloseCode(value: number): boolean {
  return (value >= 1000 && value <= 1015) || (value >= 4000 && value <= 4999);
}

// Three words are both a message type and an event that ws, node:net and node:http emit themselves. They belong to
// the stack where they name the event of an emitter, `ws.on("ping", …)`, and to the protocol anywhere else.
const stackEvents = new Set<string | number>(["error", "ping", "pong"]);
const emitterMethods = new Set([
  "on",
  "once",
  "off",
  "removeAllListeners",
  "addEventListener",
  "removeEventListener",
]);

function namesStackEvent({ value, argumentOf }: Literal): boolean {
  return stackEvents.has(value) && argumentOf !== undefined && emitterMethods.has(argumentOf);
}

// `text/html` looks like a topic. These are all top-level media types (RFC 6838 §4.2, RFC 2077, RFC 8081).
const mediaType = /^(application|audio|example|font|image|message|model|multipart|text|video)\//;

// Without its slash a topic is a word like any other. With an empty name it is the head of `room/${name}`.
function isTopic(value: string): boolean {
  if (!value.includes("/") || mediaType.test(value)) return false;
  return topic.safeParse(value.endsWith("/") ? `${value}x` : value).success;
}

function isFrame(value: string): boolean {
  return /"(type|kind)"\s*:/.test(value);
}
