import type { Mode, ServerMessage } from "@rosetta/protocol";

/** An event as it arrived by one way. */
export interface TimedEvent {
  event: ServerMessage<"event">;
  /** Milliseconds since the server's `at`; nothing for one that was older than the request for it. */
  delayMs: number | undefined;
}

/** Events kept of each way, to be compared. */
export const keptArrivals = 32;

/** Counts what came by one way since it was started. */
export class WayTally {
  state = "stopped";
  mode: Mode | undefined;
  /** HTTP requests, the handshake of a WebSocket among them. */
  requests = 0;
  events = 0;
  /** Bytes of the events themselves. */
  content = 0;
  /** Bytes that came once, to begin: the answer to the handshake or the request, and the topic's place. */
  begin = 0;
  /** Bytes that came with the events, and are no part of them. */
  around = 0;
  /** Why it was refused, as far as the page knows. Empty once it is answered again. */
  refusal = "";
  /** It was refused for good, and does not ask again. */
  isOver = false;
  /** Newest first. */
  arrivals: TimedEvent[] = [];

  get newest(): TimedEvent | undefined {
    return this.arrivals[0];
  }

  /** Bytes that each event costs besides itself, on average. Nothing as long as none came. */
  get aroundEach(): number | undefined {
    return this.events === 0 ? undefined : this.around / this.events;
  }

  get isRunning(): boolean {
    return this.state !== "stopped" && !this.isOver;
  }

  add(arrival: TimedEvent, bytes: number): void {
    this.events += 1;
    this.content += bytes;
    const { epoch } = arrival.event;
    // In a new epoch the offsets start again at 1, so older arrivals cannot be compared with new ones.
    const before = this.arrivals.filter(({ event }) => event.epoch === epoch);
    this.arrivals = [arrival, ...before].slice(0, keptArrivals);
  }

  /** Returns how the event with this offset arrived. */
  at(offset: number): TimedEvent | undefined {
    return this.arrivals.find(({ event }) => event.offset === offset);
  }
}

/** The events that several ways have brought from the same places in the log. */
export interface Overlap {
  /** The places that all of them have passed. */
  from: number;
  to: number;
  /** Whether every event that came by several ways is the same in all. */
  same: boolean;
  /** Places that at least one way left out. */
  missing: number;
}

/**
 * Compares the transports that brought events of the newest epoch. Returns `undefined` with fewer than two of them, or
 * before they have an offset in common.
 */
export function agreementOf(tallies: WayTally[]): Overlap | undefined {
  const told = ofNewestEpoch(tallies);
  if (told.length < 2) return undefined;
  const from = Math.max(...told.map(({ arrivals }) => arrivals.at(-1)?.event.offset ?? 0));
  const to = Math.min(...told.map(({ newest }) => newest?.event.offset ?? 0));
  if (to < from) return undefined;
  const places = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const came = places.map((place) => told.map((tally) => tally.at(place)?.event));
  return {
    from,
    to,
    same: came.every(
      (events) => new Set(events.filter(Boolean).map((event) => JSON.stringify(event))).size < 2,
    ),
    missing: came.filter((events) => events.includes(undefined)).length,
  };
}

// After a restart of the server one transport can be back before the others.
function ofNewestEpoch(tallies: WayTally[]): WayTally[] {
  const told = tallies.filter(({ newest }) => newest);
  const [latest] = told.toSorted((a, b) => (b.newest?.event.at ?? 0) - (a.newest?.event.at ?? 0));
  return told.filter(({ newest }) => newest?.event.epoch === latest?.newest?.event.epoch);
}

/** Returns the newest places that any of the ways has brought, newest first. */
export function newestPlaces(tallies: WayTally[], most: number): number[] {
  const offsets = ofNewestEpoch(tallies).flatMap(({ arrivals }) => arrivals.map(({ event }) => event.offset));
  return [...new Set(offsets)].sort((a, b) => b - a).slice(0, most);
}

/** Returns the bytes of a frame's header from a server, which masks nothing (RFC 6455 §5.2). */
export function frameHeaderBytes(payload: number): number {
  if (payload < 126) return 2;
  return payload < 65_536 ? 4 : 10;
}
