import { Client, defaultHost } from "@rosetta/client";
import { encode, type Mode, parseServer, paths, type ServerMessage } from "@rosetta/protocol";
import { byteLength } from "../../shared/format.ts";
import { ask, type HttpAnswer, isTemporary } from "../../shared/http.ts";
import { pause, Retry } from "../../shared/retry.ts";
import { type ServerEntry, socketUrl } from "../../shared/servers.ts";
import type { HttpFrame } from "../../wire/record.ts";
import type { WireRecorder } from "../../wire/recorder.ts";
import { frameHeaderBytes } from "./model.ts";

/** A topic of a server, and who is told what comes of it. */
export interface Wish {
  server: ServerEntry;
  topic: string;
  wire: WireRecorder;
  listener: TransportListener;
}

export interface TransportListener {
  state(state: string): void;
  /** Is called when a request is made. */
  requested(): void;
  /** Is called with the number of bytes that came to begin: once, or again after a loss. */
  begun(bytes: number): void;
  /** Is called with the number of bytes that came with events and are no part of them. */
  around(bytes: number): void;
  mode(mode: Mode): void;
  event(event: ServerMessage<"event">, bytes: number): void;
  /** Is called when it is answered: an earlier refusal no longer counts. */
  answered(): void;
  /** Is called when it was refused for now and will ask again by itself. `reason` is what the page can know. */
  putOff(reason: string): void;
  /** Is called when it was refused for good. */
  refused(reason: string): void;
}

/** Follows a topic until the answer is called. */
export type Transport = (wish: Wish) => () => void;

/**
 * Counted for the head of every HTTP response. A page cannot see it; Resource Timing says so many, too, whatever
 * they were (Resource Timing §4.3, `transferSize`).
 */
export const headBytes = 300;

/** The name under which the wire log files the messages of these transports. */
const panel = "rosetta-transports";

/** Follows a topic over one connection, both ways: `hello`, `subscribe`, and from then on only events. */
export const bySocket: Transport = ({ server, topic, wire, listener }) => {
  const client = new Client(socketUrl(server));
  client.on("frame", (frame) => {
    wire.record(server.id, paths.application, frame, panel);
    if (frame.kind === "open") listener.begun(headBytes);
    if (frame.direction === "out" || frame.kind !== "text") return;
    const bytes = byteLength(frame.data);
    const header = frameHeaderBytes(bytes);
    // An event is told below, once it is known to be in its place.
    if (frame.message?.type === "event") listener.around(header);
    else listener.begun(header + bytes);
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

/** A row to record, without its time. */
type NotYet<Frame> = Frame extends unknown ? Omit<Frame, "at"> : never;

/** The part of a `MessageEvent` that is used here. */
interface StreamEvent {
  data: string;
  lastEventId: string;
}

/**
 * Follows a topic by one request whose answer does not end. If the stream breaks off, the browser reconnects by
 * itself and continues where it was. But any answer other than 200 ends the EventSource for good, be it a 404 or a
 * passing 503, and it does not say which (WHATWG HTML §9.2.3, "fail the connection"). So a new EventSource continues
 * from the last id.
 */
export const byStream: Transport = ({ server, topic, wire, listener }) => {
  const retry = new Retry();
  let lastId = "";
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const record = (frame: NotYet<Extract<HttpFrame, { kind: "request" | "sse" }>>): void =>
    wire.record(server.id, paths.events, { at: defaultHost.now(), ...frame }, panel);
  /** Returns the bytes of the data and of the lines around it: the browser has removed these, but their form is known. */
  const received = ({ data, lastEventId }: StreamEvent, name: string): [data: number, around: number] => {
    lastId = lastEventId;
    record({ kind: "sse", direction: "in", event: name === "" ? "event" : "subscribed", data });
    return [byteLength(data), byteLength(`id: ${lastEventId}\n${name}data: \n\n`)];
  };
  const opened = (): void => {
    retry.succeeded();
    listener.answered();
    listener.begun(headBytes);
    listener.state("open");
  };
  const failed = ({ target }: Event): void => {
    if ((target as EventSource).readyState !== EventSource.CLOSED) {
      listener.requested();
      return listener.state("asking again");
    }
    listener.putOff("an error event, without a reason");
    timer = setTimeout(begin, retry.next());
  };
  // #region stream
  function begin(): void {
    const address = `${paths.events}?${queryOf(topic, lastId)}`;
    record({ kind: "request", direction: "out", data: address });
    source = new EventSource(`${server.url}${address}`);
    listener.requested();
    listener.state("connecting");
    source.onopen = opened;
    source.onerror = failed;
    source.addEventListener("subscribed", (each) => {
      const event = each as Event & StreamEvent;
      const [data, around] = received(event, "event: subscribed\n");
      listener.begun(data + around);
      listener.mode((JSON.parse(event.data) as { mode: Mode }).mode);
    });
    source.onmessage = (event: StreamEvent) => {
      const [bytes, around] = received(event, "");
      listener.around(around);
      const { message } = parseServer(event.data);
      if (message?.type === "event") listener.event(message, bytes);
    };
  }
  // #endregion stream

  begin();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
};

/** The body of a poll's answer. */
interface Page {
  mode: Mode;
  epoch: string;
  offset: number;
  events: unknown[];
}

/** Follows a topic by a request for each event, which the server keeps waiting until there is one. */
export const byPoll: Transport = ({ server, topic, wire, listener }) => {
  const end = new AbortController();
  const retry = new Retry();
  let since = "";
  const record = (frame: NotYet<Extract<HttpFrame, { kind: "request" | "response" }>>): void =>
    wire.record(server.id, paths.poll, { at: defaultHost.now(), ...frame }, panel);

  // #region poll
  async function poll(): Promise<HttpAnswer> {
    const address = `${paths.poll}?${queryOf(topic, since)}`;
    listener.requested();
    listener.state("waiting");
    record({ kind: "request", direction: "out", data: address });
    const answer = await ask(`${server.url}${address}`, end.signal);
    const { status, text } = answer;
    record({ kind: "response", direction: "in", status, data: text, says: answerText(answer) });
    return answer;
  }
  // #endregion poll

  // The first answer gives the topic's place, or brings earlier events. Later ones are requested for their events.
  function took({ mode, epoch, offset, events }: Page, bytes: number): void {
    listener.mode(mode);
    let content = 0;
    for (const each of events) {
      const text = JSON.stringify(each);
      const { message } = parseServer(text);
      if (message?.type !== "event") continue;
      content += byteLength(text);
      listener.event(message, byteLength(text));
    }
    const rest = headBytes + bytes - content;
    if (since === "") listener.begun(rest);
    else listener.around(rest);
    since = `${epoch}:${offset}`;
  }

  /** Asks once. Returns how long to wait before the next request (ms), or `undefined` if there is to be none. */
  async function step(): Promise<number | undefined> {
    const { status, text, retryAfterMs } = await poll();
    if (isTemporary(status)) {
      listener.putOff(`${status} ${problemOf(text)}`);
      return retry.next(retryAfterMs);
    }
    if (status !== 200 && status !== 204) {
      listener.refused(`${status} ${problemOf(text)}`);
      return undefined;
    }
    if (status === 200) took(JSON.parse(text) as Page, byteLength(text));
    else listener.around(headBytes);
    retry.succeeded();
    listener.answered();
    return 0;
  }

  async function goOn(): Promise<void> {
    for (;;) {
      const waitMs = await step().catch((error: unknown) => {
        // A proxy or a captive portal can answer in the server's place.
        const reason = error instanceof SyntaxError ? "an answer that is not from the server" : "no answer";
        if (!end.signal.aborted) listener.putOff(reason);
        return retry.next();
      });
      if (waitMs === undefined || end.signal.aborted) return;
      if (waitMs > 0) await pause(waitMs, end.signal);
      if (end.signal.aborted) return;
    }
  }

  void goOn();
  return () => end.abort();
};

// The topic, and the place in its log to continue from.
function queryOf(topic: string, since: string): string {
  return `topic=${encodeURIComponent(topic)}${since && `&since=${since}`}`;
}

function answerText({ status, text }: HttpAnswer): string {
  if (status === 204) return "no news";
  if (status !== 200) return problemOf(text);
  const { events = [], offset } = Object(parse(text)) as Partial<Page>;
  return `${events.length} ${events.length === 1 ? "event" : "events"}, at #${offset}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemOf(body: string): string {
  const { message } = parseServer(body);
  return message?.type === "error" ? `${message.code}: ${message.message}` : body.trim().slice(0, 80);
}
