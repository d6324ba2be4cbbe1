// The protocol as JSON Schema, for people and tools without TypeScript. `pnpm run schema` writes the file, and with
// `--check` compares it.
import { readFileSync, writeFileSync } from "node:fs";
import * as z from "zod/mini";
import { ClientMessage, ServerMessage, subprotocol } from "./messages.ts";

type Union = typeof ClientMessage | typeof ServerMessage;
type Option<U extends Union> = U["_zod"]["def"]["options"][number];
type Fields<U extends Union, T> = Extract<Option<U>, z.core.$ZodType<{ type: T }>>["_zod"]["def"]["shape"];

const clientMessages = {
  hello:
    "Introduces the client. Due first, within 5 s; further requests may follow at once. The reply is welcome.",
  echo: "Asks for the text back. The reply is echo.",
  publish: "Appends a chat text to a room. The reply is ack, once the event has its place in the room's log.",
  subscribe:
    "Asks for a topic's events: those after `since`, then new ones as they happen. The reply is subscribed.",
  unsubscribe: "Ends a subscription. The reply is ack, and no event of the topic comes after it.",
  start: "Starts a job. The reply is ack; its topic carries the job's progress.",
  cancel:
    "Cancels a job that the same client started. The reply is ack; the job's last event says what became of it.",
  ping: "Asks whether the server is still there. `at` is any number, and comes back. The reply is pong.",
  stop: "Asks the server to end the connection. The reply is bye, then close 1000.",
  chaos: "Makes a server that was started with CHAOS=1 fail. The failure is the reply; to flood, it is ack.",
} satisfies Record<ClientMessage["type"], string>;

const serverMessages = {
  welcome: "The reply to hello: what the server is, the client's name, and the limits.",
  echo: "The reply to echo.",
  ack: "The reply to publish, unsubscribe, start and cancel: it is done, at this place in the topic.",
  subscribed: "The reply to subscribe. Next come the replay, up to `offset`, and then new events.",
  pong: "The reply to ping.",
  event: "Something happened in a topic. It replies to no request, so there is no `re`.",
  error: "A request was refused and had no effect. `re` is left out if its id could not be read.",
  bye: "The server is about to close the connection.",
} satisfies Record<ServerMessage["type"], string>;

const hello = fieldsOf(ClientMessage, "hello");
const publish = fieldsOf(ClientMessage, "publish");
const subscribe = fieldsOf(ClientMessage, "subscribe");
const event = fieldsOf(ServerMessage, "event");
const error = fieldsOf(ServerMessage, "error");

const parts: [z.core.$ZodType, string, string][] = [
  [
    hello.id,
    "Id",
    "Names a request: well-formed Unicode, chosen by the client. The reply carries it as `re`.",
  ],
  [hello.client, "Client", "128 random bits in hex, new for each client object, never shown to anybody."],
  [publish.topic, "Topic", "The name of a topic."],
  [publish.text, "Text", "Well-formed Unicode. The length counts UTF-16 code units."],
  [publish.to, "Audience", "To all subscribers, or to all but the author."],
  [
    subscribe.since._zod.def.innerType,
    "Cursor",
    "A place in a topic's log: after the event `offset` of the life `epoch`.",
  ],
  [event.epoch, "Epoch", "One life of a topic's log. An offset of another epoch means nothing."],
  [event.data, "EventData", "What an event is about."],
  [error.code, "ErrorCode", "Why a request was refused."],
];

const address = new URL("../protocol.schema.json", import.meta.url);

/** Returns the text of `protocol.schema.json`. */
export function schemaText(): string {
  const registry = z.registry<{ id: string; title: string; description: string }>();
  for (const [part, name, description] of parts) registry.add(part, { id: name, title: name, description });
  addMessages(ClientMessage, "Client", clientMessages);
  addMessages(ServerMessage, "Server", serverMessages);
  registry.add(ClientMessage, named("ClientMessage", "What a client may say. Unknown fields are ignored."));
  registry.add(ServerMessage, named("ServerMessage", "What a server may say. Unknown fields are ignored."));

  function addMessages(union: Union, side: string, descriptions: Record<string, string>): void {
    for (const option of union._zod.def.options) {
      const [type] = option._zod.def.shape.type._zod.values;
      registry.add(option, named(`${side}.${type}`, descriptions[String(type)] ?? ""));
    }
  }
  const { schemas } = z.toJSONSchema(registry, {
    metadata: registry,
    io: "input",
    uri: (id) => `#/$defs/${id}`,
  });
  const root = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: subprotocol,
    description:
      "One text frame of the WebSocket subprotocol. Generated from src/messages.ts; see PROTOCOL.md.",
    anyOf: [{ $ref: "#/$defs/ClientMessage" }, { $ref: "#/$defs/ServerMessage" }],
    $defs: Object.fromEntries(
      Object.entries(schemas).map(([name, schema]) => [name, withoutAddress(schema)]),
    ),
  };
  return `${JSON.stringify(root, undefined, 2)}\n`;
}

// Returns the schema of each field of a message.
function fieldsOf<U extends Union, T extends z.output<U>["type"]>(union: U, type: T): Fields<U, T> {
  const options: readonly Option<Union>[] = union._zod.def.options;
  const option = options.find((each) => each.shape.type.def.values.some((value) => value === type));
  if (!option) throw new Error(`no message is called ${type}`);
  return option.shape as Fields<U, T>;
}

/** Returns true if the file matches the messages. */
export function isCurrent(): boolean {
  return readFileSync(address, "utf8") === schemaText();
}

function named(id: string, description: string): { id: string; title: string; description: string } {
  return { id, title: id, description };
}

// A definition needs no id of its own: within one file, its key identifies it.
function withoutAddress({ $schema, $id, ...schema }: z.core.JSONSchema.BaseSchema): object {
  return schema;
}

if (import.meta.main) {
  if (!process.argv.includes("--check")) writeFileSync(address, schemaText());
  else if (!isCurrent()) {
    console.error(
      "protocol.schema.json is not what src/messages.ts says: pnpm -C packages/protocol run schema",
    );
    process.exit(1);
  }
}
