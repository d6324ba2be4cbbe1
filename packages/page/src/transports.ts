import { Client, defaultHost } from "@rosetta/client";
import { encode, type Mode, parseServer, type Server } from "@rosetta/protocol";
import { byteLength } from "./format.ts";
import { type ServerEntry, socketUrl } from "./servers.ts";
import { frameHeaderBytes } from "./tally.ts";
import type { WireRecorder } from "./wire.ts";

/** A topic of a server, and who is told what comes of it. */
export interface Wish {
  server: ServerEntry;
  topic: string;
  wire: WireRecorder;
  listener: TransportListener;
}

export interface TransportListener {
  state(state: string): void;
  /** A request was made. */
  requested(): void;
  /** Bytes came that are no event. */
  around(bytes: number): void;
  mode(mode: Mode): void;
  event(event: Server<"event">, bytes: number): void;
  /** It was refused, for good; what the page can know of the reason. */
  refused(reason: string): void;
}

/** Follows a topic until the answer is called. */
export type Transport = (wish: Wish) => () => void;

/**
 * Counted for the head of every HTTP response. A page cannot see it; Resource Timing says so many, too, whatever
 * they were (Resource Timing §4.3, `transferSize`).
 */
export const headBytes = 300;

/** Milliseconds before a poll that found nobody asks again. */
const retryMs = 2_000;

/** One connection, both ways: `hello`, `subscribe`, and from then on only events. */
export const bySocket: Transport = ({ server, topic, wire, listener }) => {
  const client = new Client(socketUrl(server));
  client.on("frame", (frame) => {
    wire.record(server.id, "/ws", frame, "alternatives");
    if (frame.kind === "open") listener.around(headBytes);
    if (frame.direction === "out" || typeof frame.data !== "string") return;
    const bytes = byteLength(frame.data);
    // An event is told below, once it is known to be in its place.
    listener.around(
      frame.data.startsWith('{"type":"event"') ? frameHeaderBytes(bytes) : bytes + frameHeaderBytes(bytes),
    );
  });
  // A refusal is shown in the panel; without a listener the client would tell the console.
  client.on("problem", () => {});
  client.on("state", ({ name }) => {
    if (name === "connecting") listener.requested();
    listener.state(name);
  });
  client.subscribe(
    topic,
    (event) => listener.event(event, byteLength(encode(event))),
    ({ mode, error }) => {
      if (mode) listener.mode(mode);
      if (error) listener.refused(`${"code" in error ? error.code : "error"}: ${error.message}`);
    },
  );
  client.open();
  return () => client.close();
};

/** One request whose answer does not end. The browser asks again by itself, from where it was. */
export const byStream: Transport = ({ server, topic, wire, listener }) => {
  const source = new EventSource(`${server.url}/events?topic=${encodeURIComponent(topic)}`);
  const received = (event: MessageEvent<string>, name: string): number => {
    wire.record(server.id, "/events", {
      direction: "in",
      at: defaultHost.now(),
      kind: "text",
      data: event.data,
    });
    // The lines around the data: the browser has read and removed them, but their form is known.
    const bytes = byteLength(event.data);
    listener.around(byteLength(`id: ${event.lastEventId}\n${name}data: \n\n`));
    return bytes;
  };
  listener.requested();
  listener.state("connecting");
  source.onopen = () => {
    listener.around(headBytes);
    listener.state("open");
  };
  source.addEventListener("subscribed", (event) => {
    listener.around(received(event, "event: subscribed\n"));
    listener.mode((JSON.parse(event.data) as { mode: Mode }).mode);
  });
  source.onmessage = (event: MessageEvent<string>) => {
    const bytes = received(event, "");
    const { message } = parseServer(event.data);
    if (message?.type === "event") listener.event(message, bytes);
  };
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) return listener.refused("an error event, without a reason");
    listener.requested();
    listener.state("asking again");
  };
  return () => source.close();
};

/** What a poll is answered with. */
interface Page {
  mode: Mode;
  epoch: string;
  offset: number;
  events: unknown[];
}

/** A request for each event: the server keeps it waiting until there is one. */
export const byPoll: Transport = ({ server, topic, wire, listener }) => {
  const end = new AbortController();
  const record = (direction: "in" | "out", data: string): void =>
    wire.record(server.id, "/poll", { direction, at: defaultHost.now(), kind: "text", data });

  /** Asks once. Answers the cursor to go on from, or nothing if there is no going on. */
  async function ask(since: string | undefined): Promise<string | undefined> {
    const query = `topic=${encodeURIComponent(topic)}${since ? `&since=${since}` : ""}`;
    listener.requested();
    listener.state("waiting");
    record("out", `GET /poll?${query}`);
    const response = await fetch(`${server.url}/poll?${query}`, { signal: end.signal, cache: "no-store" });
    const body = await response.text();
    record("in", `${response.status} ${body}`);
    listener.around(headBytes);
    if (response.status === 204) return since;
    if (!response.ok) {
      listener.refused(`${response.status} ${problemOf(body)}`);
      return undefined;
    }
    return took(JSON.parse(body) as Page, byteLength(body));
  }

  function took({ mode, epoch, offset, events }: Page, bytes: number): string {
    listener.mode(mode);
    let content = 0;
    for (const each of events) {
      const text = JSON.stringify(each);
      const { message } = parseServer(text);
      if (message?.type !== "event") continue;
      content += byteLength(text);
      listener.event(message, byteLength(text));
    }
    listener.around(bytes - content);
    return `${epoch}:${offset}`;
  }

  async function goOn(): Promise<void> {
    let since: string | undefined;
    while (!end.signal.aborted) {
      try {
        since = await ask(since);
        if (since === undefined) return;
      } catch {
        if (end.signal.aborted) return;
        listener.state("not answered");
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  void goOn();
  return () => end.abort();
};

function problemOf(body: string): string {
  const { message } = parseServer(body);
  return message?.type === "error" ? `${message.code}: ${message.message}` : body.trim().slice(0, 80);
}
