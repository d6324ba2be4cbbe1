import * as z from "zod/mini";
import { bounds } from "./limits.ts";
import { ClientMessage, type ErrorCode, ServerMessage } from "./messages.ts";

/** The result of parsing a text: a message, or a problem. `id` is the request's id, if that could be read. */
export type Parsed<Message> =
  | { message: Message; problem?: undefined }
  | { message?: undefined; problem: Problem };

/** Why a text is not a message. */
export interface Problem {
  /** The code of the `error` that answers it. */
  code: Extract<ErrorCode, "invalid" | "unknown_type">;
  /** For people. Names the field, and never quotes the text itself. */
  reason: string;
  /** The `id` of the request, if that could be read. */
  id?: string;
}

/**
 * Parses a client's message. Never throws, whatever the text. The first call compiles the schema with `eval`. If your
 * Content-Security-Policy forbids that, call `z.config({ jitless: true })` before you import this package.
 */
export function parseClient(text: string): Parsed<ClientMessage> {
  return read(clientParser(), text, clientTypes);
}

/**
 * Returns the id of a request without looking at the rest, or `undefined` if there is none to read: for a message that
 * is refused unseen, so that the reply can still name it. Never throws, whatever the text.
 */
export function requestId(text: string): string | undefined {
  const value = parseJson(text);
  return isRecord(value) && !hasPrototypeKey(value) ? readableId(value).id : undefined;
}

/** Parses a server's message. Never throws, whatever the text. */
export function parseServer(text: string): Parsed<ServerMessage> {
  return read(serverParser(), text, serverTypes);
}

/** Returns a message as the text of a frame: one JSON object on one line. */
export function encode(message: ClientMessage | ServerMessage): string {
  return JSON.stringify(message);
}

const clientTypes = typesOf(ClientMessage);
const serverTypes = typesOf(ServerMessage);
const clientParser = once(() => compiled(ClientMessage));
const serverParser = once(() => compiled(ServerMessage));

// Compiling tries `new Function`. Where a policy forbids that, even the attempt is reported.
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

// Such a key does no harm here, where every object is built anew. But no honest client sends one.
function hasPrototypeKey(value: Record<string, unknown>): boolean {
  return (
    Object.hasOwn(value, "__proto__") ||
    Object.hasOwn(value, "constructor") ||
    Object.hasOwn(value, "prototype")
  );
}

// The id goes back to the sender, so it must itself be one that the protocol allows.
function readableId(value: Record<string, unknown>): { id?: string } {
  const id = Object.hasOwn(value, "id") ? value.id : undefined;
  if (typeof id !== "string" || id.length === 0 || id.length > bounds.id || !id.isWellFormed()) return {};
  return { id };
}

// zod/mini says "Invalid input" about everything. Its real messages would add more to the page than the parser.
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
