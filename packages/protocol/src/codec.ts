import * as z from "zod/mini";
import { bounds } from "./limits.ts";
import { ClientMessage, type ErrorCode, ServerMessage } from "./messages.ts";

/** What came out of a text: a message, or why there is none. `id` names the request where it could be read. */
export type Parsed<Message> =
  | { message: Message; problem?: undefined }
  | { message?: undefined; problem: Problem };

export interface Problem {
  code: Extract<ErrorCode, "invalid" | "unknown_type">;
  /** In plain words, naming the field. Never quotes the text itself. */
  reason: string;
  id?: string;
}

/**
 * Reads what a client sent. Never throws, whatever the text.
 * The first call compiles the schema, but for a policy without `eval`: there, `z.config({ jitless: true })` comes
 * before this package is imported.
 */
export function parseClient(text: string): Parsed<ClientMessage> {
  return read(clientParser(), text, clientTypes);
}

/** Reads what a server sent. Never throws, whatever the text. */
export function parseServer(text: string): Parsed<ServerMessage> {
  return read(serverParser(), text, serverTypes);
}

/** The frame of a message: one text, one line, one JSON object. */
export function encode(message: ClientMessage | ServerMessage): string {
  return JSON.stringify(message);
}

const clientTypes = typesOf(ClientMessage);
const serverTypes = typesOf(ServerMessage);
const clientParser = once(() => compiled(ClientMessage));
const serverParser = once(() => compiled(ServerMessage));

// Compiling tries `new Function`. Where a policy forbids that, the attempt alone is reported.
function compiled<Message>(schema: z.ZodMiniType<Message>): z.ZodMiniType<Message> {
  return z.config().jitless ? schema : z.compile(schema);
}

function read<Message>(schema: z.ZodMiniType<Message>, text: string, types: Set<string>): Parsed<Message> {
  const value = parseJson(text);
  if (value === undefined) return { problem: { code: "invalid", reason: "not JSON" } };
  if (!isRecord(value)) return { problem: { code: "invalid", reason: "not a JSON object" } };
  if (hasPrototypeKey(value)) return { problem: { code: "invalid", reason: "a key that no message has" } };
  const outcome = schema.safeParse(value);
  if (outcome.success) return { message: outcome.data };
  const id = readableId(value);
  if (typeof value.type === "string" && !types.has(value.type)) {
    return { problem: { code: "unknown_type", reason: "unknown type", ...id } };
  }
  return { problem: { code: "invalid", reason: describe(outcome.error), ...id } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // SyntaxError, or RangeError for 100,000 opening brackets.
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Harmless here, where every object is built anew. But nobody who sends such a key means a message by it.
function hasPrototypeKey(value: Record<string, unknown>): boolean {
  return ["__proto__", "constructor", "prototype"].some((key) => Object.hasOwn(value, key));
}

// The id goes back to the sender, so it must itself be one that the protocol allows.
function readableId(value: Record<string, unknown>): { id?: string } {
  const id = Object.hasOwn(value, "id") ? value.id : undefined;
  if (typeof id !== "string" || id.length === 0 || id.length > bounds.id || !id.isWellFormed()) return {};
  return { id };
}

// zod/mini says "Invalid input" to everything: its texts would cost the page more than the parser does.
function describe(error: z.core.$ZodError): string {
  const [issue] = error.issues;
  if (!issue) return "invalid";
  // Two steps reach every field that the protocol names; a third could be a key of the sender's own.
  return `${issue.path.slice(0, 2).join(".") || "message"}: ${expectationOf(issue)}`;
}

function expectationOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") return `expected ${issue.expected}`;
  if (issue.code === "invalid_value") return `expected one of ${issue.values.map(String).join(", ")}`;
  if (issue.code === "too_big") return `at most ${issue.maximum}`;
  if (issue.code === "too_small") return `at least ${issue.minimum}`;
  if (issue.code === "invalid_union") return "none of the known ones";
  if (issue.code === "invalid_format") return "not in the form the protocol asks for";
  return issue.message;
}

function typesOf(union: typeof ClientMessage | typeof ServerMessage): Set<string> {
  return new Set(
    union._zod.def.options.map((option) => [...option._zod.def.shape.type._zod.values][0] as string),
  );
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
