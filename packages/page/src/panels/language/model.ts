import type { ServerMessage } from "@rosetta/protocol";

/** A message as somebody wrote it, and what came in reply; or a message of the server that answers none. */
export interface Phrase {
  number: number;
  /** The text as it was sent, or nothing where the server spoke by itself. */
  sent: string | undefined;
  /** The number of the request, if it could be read. */
  id: string | undefined;
  sentAt: number;
  reply: Reply | undefined;
  /** The connection ended first: its close code. */
  lostBy: number | undefined;
}

export interface Reply {
  text: string;
  type: ServerMessage["type"];
  /** Of an `error`. */
  error: { code: string; message: string } | undefined;
  /** Counts the messages of the server on this connection. */
  place: number;
  roundTripMs: number;
}

/** Phrases shown; older ones are forgotten. */
const kept = 20;

/** Which reply belongs to which request: the one whose `re` is the request's `id`, whatever comes in between. */
export class Phrasebook {
  /** Newest first. */
  phrases: Phrase[] = [];
  #count = 0;
  #place = 0;

  sent(text: string, now: number): void {
    this.#add({ sent: text, id: idOf(text), sentAt: now });
  }

  received(text: string, message: ServerMessage, now: number): void {
    this.#place += 1;
    const re = "re" in message ? message.re : undefined;
    const asked = re === undefined ? undefined : this.phrases.findLast((phrase) => isAsking(phrase, re));
    const reply: Reply = {
      text,
      type: message.type,
      error: message.type === "error" ? { code: message.code, message: message.message } : undefined,
      place: this.#place,
      roundTripMs: now - (asked?.sentAt ?? now),
    };
    if (asked) this.#change(asked.number, { reply });
    else this.#add({ sentAt: now, reply });
  }

  /** Notes that the connection ended: requests without a reply will not get one. */
  ended(code: number): void {
    this.#place = 0;
    for (const { number, sent, reply } of this.phrases) {
      if (sent !== undefined && !reply) this.#change(number, { lostBy: code });
    }
  }

  #add(phrase: Pick<Phrase, "sentAt"> & Partial<Phrase>): void {
    this.#count += 1;
    const whole = {
      number: this.#count,
      sent: undefined,
      id: undefined,
      reply: undefined,
      lostBy: undefined,
    };
    this.phrases = [{ ...whole, ...phrase }, ...this.phrases].slice(0, kept);
  }

  #change(number: number, change: Partial<Phrase>): void {
    this.phrases = this.phrases.map((phrase) =>
      phrase.number === number ? { ...phrase, ...change } : phrase,
    );
  }
}

/** Returns the messages of an editor, one for each line. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Something to send, with what it is called. */
export interface Example {
  label: string;
  text: string;
}

/** Returns what there is to try, in the order of the lesson. */
export function examplesFor(secret: string): Example[] {
  const example = (label: string, ...messages: object[]): Example => ({
    label,
    text: messages.map((message) => JSON.stringify(message)).join("\n"),
  });
  return [
    example("hello", { type: "hello", id: "1", client: secret }),
    example("echo", { type: "echo", id: "2", text: "hello" }),
    example("ping", { type: "ping", id: "3", at: 0 }),
    example(
      "two at once",
      { type: "publish", id: "4", topic: "room/language", to: "others", text: "slow" },
      { type: "echo", id: "5", text: "fast" },
    ),
    example("a field nobody knows", { type: "echo", id: "6", text: "hello", colour: "red" }),
    example("an unknown type", { type: "sing", id: "7" }),
    example("a wrong field", { type: "echo", id: "8", text: 5 }),
    example("no id", { type: "echo", text: "hello" }),
    { label: "malformed JSON", text: '{"type":"echo","id":"9"' },
    example("stop", { type: "stop", id: "10" }),
  ];
}

function isAsking({ id, sent, reply }: Phrase, re: string): boolean {
  return sent !== undefined && id === re && !reply;
}

function idOf(text: string): string | undefined {
  try {
    const { id } = JSON.parse(text) as { id?: unknown };
    return typeof id === "string" ? id : undefined;
  } catch {
    // Not JSON, or null.
    return undefined;
  }
}
