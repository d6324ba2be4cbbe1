// The protocol as JSON Schema, for those who do not read TypeScript: `pnpm run schema` writes it, `--check` compares.
import { readFileSync, writeFileSync } from "node:fs";
import * as z from "zod/mini";
import { ClientMessage, ServerMessage, subprotocol } from "./messages.ts";

type Union = typeof ClientMessage | typeof ServerMessage;

const clientMessages = {
  hello:
    "Who is there. The first message, within 5 s; further requests may follow at once. Answered by welcome.",
  echo: "Asks for the text back. Answered by echo.",
  publish:
    "Appends a chat text to a room. Answered by ack, when the event is in its place in the room's log.",
  subscribe:
    "Asks for a topic's events: those after `since` if all of them are there, and what comes. Answered by subscribed.",
  unsubscribe:
    "Asks for no more events of a topic. Answered by ack, and no event of the topic comes after it.",
  start: "Starts a job. Answered by ack, whose topic tells of its progress.",
  cancel:
    "Cancels a job that the same client started. Answered by ack; the job's last event tells what came of it.",
  ping: "Asks whether the server is there. `at` is any number, and comes back. Answered by pong.",
  stop: "Asks for the end. Answered by bye, and close 1000.",
  chaos: "Orders a failure, where the server is started with CHAOS=1. Answered by the failure.",
} satisfies Record<ClientMessage["type"], string>;

const serverMessages = {
  welcome: "Answers hello: what the server is, what the client is called, and its limits.",
  echo: "Answers echo.",
  ack: "Answers publish, unsubscribe, start and cancel: it is done, at this place in the topic.",
  subscribed: "Answers subscribe. The replay follows, up to `offset`, then what comes.",
  pong: "Answers ping.",
  event: "Something happened in a topic. Nobody asked for it, so there is no `re`.",
  error: "A request was refused, and had no effect. Without `re` if its id could not be read.",
  bye: "The connection is about to be closed by the server.",
} satisfies Record<ServerMessage["type"], string>;

const hello = ClientMessage._zod.def.options[0]._zod.def.shape;
const publish = ClientMessage._zod.def.options[2]._zod.def.shape;
const subscribe = ClientMessage._zod.def.options[3]._zod.def.shape;
const event = ServerMessage._zod.def.options[5]._zod.def.shape;
const error = ServerMessage._zod.def.options[6]._zod.def.shape;

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

/** The schema, as the file has it. */
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

/** True if the file says what the messages say. */
export function isCurrent(): boolean {
  return readFileSync(address, "utf8") === schemaText();
}

function named(id: string, description: string): { id: string; title: string; description: string } {
  return { id, title: id, description };
}

// Within one file, a definition is known by its key.
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
