import type { FrameEvent } from "@rosetta/client";
import { bounds, type ClientMessage, defaultLimits, encode, type endpoints } from "@rosetta/protocol";
import { stopText } from "../../shared/echo-book.ts";
import { formatDuration } from "../../shared/format.ts";
import type { Probe } from "../../wire/probe.ts";

/** The means that a way to end a connection has at hand, once it is open. */
export interface Scene {
  probe: Pick<Probe, "send" | "close">;
  /** Names this client to the server. */
  secret: string;
  /** Bytes of the largest message that the server takes. */
  messageBytes: number;
  /** Of the fields, where the way has some. */
  code: number;
  reason: string;
  /** Opens a second connection, which says hello as this one did. */
  twin(): void;
}

/** A way to end a connection in earnest, from a page. */
export interface Way {
  id: string;
  label: string;
  /** The action, in a sentence or two. */
  does: string;
  endpoint: keyof typeof endpoints;
  /** Which fields it has: a code and a reason of the page's own, or a code that the server is told to send. */
  fields?: "own" | "order";
  /** Offers no subprotocol, though one is needed. */
  bare?: true;
  /** The end is asked for: whatever code it has, it is no surprise. */
  agreed?: true;
  act?(scene: Scene): void;
}

/** The limits of a server unless it was told otherwise. */
const { badMessages, burst, helloMs } = defaultLimits;
/** Enough to go over the burst, and over what is refused after it before the connection is closed. */
const floodMessages = 2 * burst;

/** All ways, by who ends the connection. */
export const ways: { by: string; ways: Way[] }[] = [
  {
    by: "By the server, because it was asked",
    ways: [
      {
        id: "echo-stop",
        label: "stop at /echo (1000)",
        does: "Sends the text stop. The server answers with a close frame.",
        endpoint: "echo",
        agreed: true,
        act: ({ probe }) => probe.send(stopText),
      },
      {
        id: "stop",
        label: "stop at /ws (1000)",
        does: "Sends hello, then stop. The server sends bye and closes.",
        endpoint: "application",
        agreed: true,
        act: ({ probe, secret }) => say(probe, hello(secret), { type: "stop", id: "2" }),
      },
    ],
  },
  {
    by: "By this page",
    ways: [
      {
        id: "normal",
        label: "close(1000)",
        does: "This page closes. 1000 is the only code below 3000 that a page may send.",
        endpoint: "echo",
        agreed: true,
        act: ({ probe }) => probe.close(1000),
      },
      {
        id: "own",
        label: "close(code, reason)",
        does: `This page closes with a code from 3000 to 4999, and a reason of at most ${bounds.closeReasonBytes} bytes.`,
        endpoint: "echo",
        agreed: true,
        fields: "own",
        act: ({ probe, code, reason }) => probe.close(code, reason),
      },
      {
        id: "none",
        label: "close() without a code (1005)",
        does: "This page closes without a code, so the close frame is empty.",
        endpoint: "echo",
        agreed: true,
        act: ({ probe }) => probe.close(),
      },
    ],
  },
  {
    by: "By the server, because this page broke a rule",
    ways: [
      {
        id: "binary",
        label: "binary data where only text is allowed (1003)",
        does: "Sends one binary message to /ws, which accepts only text.",
        endpoint: "application",
        act: ({ probe }) => probe.send(Uint8Array.of(1)),
      },
      {
        id: "big",
        label: "a message too big (1009)",
        does: "Sends one byte more than the server accepts.",
        endpoint: "echo",
        act: ({ probe, messageBytes }) => probe.send("a".repeat(messageBytes + 1)),
      },
      {
        id: "bad",
        label: "five unreadable messages (4500)",
        does: "Sends five messages in a row that are not JSON. The server replies to each with an error.",
        endpoint: "application",
        act: ({ probe }) => times(badMessages, () => probe.send("{")),
      },
      {
        id: "silent",
        label: "no hello (4004)",
        does: `Connects to /ws and sends nothing, until the server has waited long enough: usually ${formatDuration(helloMs)}.`,
        endpoint: "application",
      },
      {
        id: "flood",
        label: "too many messages (4003)",
        does: `Sends hello and ${floodMessages} messages at once. The server accepts ${burst}, then replies with errors, then closes.`,
        endpoint: "application",
        act({ probe, secret }) {
          say(probe, hello(secret));
          times(floodMessages, (id) => say(probe, { type: "echo", id: `flood-${id}`, text: "" }));
        },
      },
      {
        id: "twice",
        label: "the same client on a second connection (4509)",
        does: "Sends the same hello on two connections, as a client does whose loss the server has not noticed.",
        endpoint: "application",
        act({ probe, secret, twin }) {
          say(probe, hello(secret));
          twin();
        },
      },
      {
        id: "refused",
        label: "a refused handshake (1006)",
        does: "Asks for /ws without the subprotocol. The server answers 400, so the connection never opens.",
        endpoint: "application",
        bare: true,
      },
    ],
  },
  {
    by: "By the server, because it was told to fail (CHAOS=1)",
    ways: [
      {
        id: "order",
        label: "a code of your choice",
        does: "Tells the server to close with this code, so that you see codes that a page cannot cause.",
        endpoint: "application",
        fields: "order",
        act: ({ probe, secret, code }) => order(probe, secret, { do: "close", code }),
      },
      {
        id: "throw",
        label: "an error in a handler (1011)",
        does: "Tells the server to throw an error in a handler.",
        endpoint: "application",
        act: ({ probe, secret }) => order(probe, secret, { do: "throw" }),
      },
      {
        id: "terminate",
        label: "dropped without a close frame (1006)",
        does: "Tells the server to drop the connection without a close frame.",
        endpoint: "application",
        act: ({ probe, secret }) => order(probe, secret, { do: "terminate" }),
      },
    ],
  },
];

/** Returns a way by its id, or the first if there is no such way. */
export function wayOf(id: string): Way {
  const all = ways.flatMap((group) => group.ways);
  return all.find((way) => way.id === id) ?? (all[0] as Way);
}

/** Returns the first message of a conversation. */
export function hello(secret: string): ClientMessage {
  return { type: "hello", id: "1", client: secret };
}

/** Returns the text with asterisks for the secret: whoever knows it can take its owner's place. */
export function masked(text: string, secret: string): string {
  return text.replaceAll(secret, "*".repeat(secret.length));
}

/** Returns the frame as the wire log shows it. A server may echo the secret, in a message or in the reason of a close. */
export function maskedFrame(frame: FrameEvent, secret: string): FrameEvent {
  if (frame.kind === "text") return { ...frame, data: masked(frame.data, secret) };
  if (frame.kind === "close" && frame.reason) return { ...frame, reason: masked(frame.reason, secret) };
  return frame;
}

type Order = Omit<Extract<ClientMessage, { type: "chaos" }>, "type" | "id">;

function order(probe: Scene["probe"], secret: string, what: Order): void {
  say(probe, hello(secret), { type: "chaos", id: "2", ...what });
}

function say(probe: Scene["probe"], ...messages: ClientMessage[]): void {
  for (const message of messages) probe.send(encode(message));
}

function times(count: number, run: (index: number) => void): void {
  for (let index = 0; index < count; index++) run(index);
}
