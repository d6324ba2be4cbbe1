import type { ClientMessage, EventData, ServerMessage } from "@rosetta/protocol";

/** Characters shown of a text that people wrote. */
const shownText = 120;

type Sentences<Message extends { type: string }> = {
  [Type in Message["type"]]: (message: Extract<Message, { type: Type }>) => string;
};

// Words for each type of message. A message of another type or form is shown as it is.
const sent: Sentences<ClientMessage> = {
  hello: ({ connection = 1 }) => `connection ${connection} of this client`,
  echo: ({ text }) => quoted(text),
  publish: ({ topic, to, text }) => `${place(topic)}, to ${to}: ${quoted(text)}`,
  subscribe: ({ topic, since }) => `${place(topic)}${since ? `, what came after #${since.offset}` : ""}`,
  unsubscribe: ({ topic }) => place(topic),
  start: ({ job, mebibytes }) => `${job} ${mebibytes} MiB`,
  cancel: ({ topic }) => place(topic),
  ping: () => "",
  stop: () => "",
  chaos: (message) => message.do,
};

const received: Sentences<ServerMessage> = {
  // The pings themselves are frames that the browser answers without telling the page.
  welcome: ({ member, limits }) =>
    `you are ${member}; the server pings every ${limits.heartbeatMs / 1000} s, unseen by pages`,
  echo: ({ text }) => quoted(text),
  ack: ({ topic, offset }) => `${place(topic)}${offset > 0 ? ` #${offset}` : ""}`,
  subscribed: ({ topic, offset, recovered }) =>
    `${place(topic)}, at #${offset}${recovered ? ", nothing was missed" : ""}`,
  pong: () => "",
  event: ({ topic, from, data }) => `${place(topic)} · ${from ? `${from}: ` : ""}${happening(data)}`,
  error: ({ code, message }) => `${code}: ${message}`,
  bye: ({ code, final, retryAfterMs }) =>
    final
      ? `${code}, for good`
      : `${code}${retryAfterMs ? `, come back within ${retryAfterMs / 1000} s` : ""}`,
};

/**
 * Returns the content of a message of the protocol in words, such as `lobby · guest-3f2a: "hi all"`. Returns
 * `undefined` for a message that is not in the protocol or not of its form.
 */
export function sentenceOf(message: { type: string }, direction: "in" | "out"): string | undefined {
  const sentences: Record<string, (message: never) => string> = direction === "out" ? sent : received;
  const words = Object.hasOwn(sentences, message.type) ? sentences[message.type] : undefined;
  try {
    return words?.(message as never);
  } catch {
    // A field is missing: an outgoing message can be anything that a person typed.
    return undefined;
  }
}

function happening(data: EventData): string {
  switch (data.kind) {
    case "chat":
      return quoted(data.text);
    case "presence":
      return `${data.count} here: ${data.members.join(", ")}`;
    case "weather":
      return `${data.celsius} °C, wind ${data.windKmh} km/h`;
    case "score":
      return `${data.minute}′ ${data.home}:${data.away} ${data.what}`;
    case "progress":
      return `${data.state}, ${data.done} of ${data.total}`;
    case "log":
      return [data.name, ...Object.entries(data.details).map(([name, value]) => `${name}=${value}`)].join(
        " ",
      );
  }
}

/** Returns a topic as people call it: a room by its name alone. */
function place(topic: string): string {
  return topic.startsWith("room/") ? topic.slice("room/".length) : topic;
}

function quoted(text: string): string {
  const line = text.slice(0, shownText).replaceAll(/\s+/g, " ");
  return `"${line}${text.length > shownText ? "…" : ""}"`;
}
