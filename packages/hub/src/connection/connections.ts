import { Close, type Endpoint, endpoints, type Load } from "@rosetta/protocol";
import { type Queue, QueueBudget } from "../operation/budget.ts";
import { LinkedSet } from "../operation/linked-set.ts";
import { codeLabel } from "../operation/metrics.ts";
import type { Services } from "../services.ts";
import type { Session } from "../session.ts";
import { SocketSession } from "./socket-session.ts";

/** Milliseconds of the window in which clients come back after a restart: per client, and at least. */
const restartMs = { each: 2, least: 1_000 } as const;
const goingDown = "the server restarts";

/** Labels of the metric `connections`, which every socket changes twice. */
const endpointLabel: Record<Endpoint, string> = { "/echo": 'endpoint="/echo"', "/ws": 'endpoint="/ws"' };

/** The most sockets in one turn: few enough to take less than a millisecond. */
export const mostAtOnce = 500;
/** Milliseconds between two such turns of one round. */
const pauseMs = 1;

/** Everything that is open: sockets with their sessions, and what is held open over HTTP. */
export class Connections<Ws> {
  /** True from the first moment of a shutdown. */
  isDraining = false;

  readonly #services: Services<Ws>;
  readonly #sessions = new LinkedSet<SocketSession<Ws>>();
  /** Queues other than sessions: event streams, answers over HTTP. */
  readonly #queues = new Set<Queue>();
  readonly #budget: QueueBudget;
  readonly #addresses = new Map<string, number>();
  #held = 0;
  #isBeating = false;
  /** The session to which the round of the heartbeat comes next. */
  #next: SocketSession<Ws> | undefined;
  /** Bytes that waited for the readers of all sockets in the last round of the heartbeat. */
  #waiting = 0;

  constructor(services: Services<Ws>) {
    this.#services = services;
    const { queueBytesTotal } = services.settings.limits;
    this.#budget = new QueueBudget(queueBytesTotal, () => [...this.#sessions, ...this.#queues]);
  }

  /** Returns how full the server is for a request from this address. */
  load(address: string): Load {
    return {
      draining: this.isDraining,
      cutOff: !this.#services.cluster.isServing,
      connections: this.#sessions.size + this.#held,
      fromAddress: this.#addresses.get(address) ?? 0,
    };
  }

  /** Opens a session for a socket that was accepted at `endpoint`. `equip` returns the socket with its session on it. */
  open(endpoint: Endpoint, address: string, equip: (session: Session) => Ws): SocketSession<Ws> {
    const { platform, metrics, record } = this.#services;
    const session = new SocketSession(this.#services, { endpoint, address, equip, gone: this.#gone });
    this.#sessions.add(session);
    this.#count(address, 1);
    metrics.add("connections", 1, endpointLabel[endpoint]);
    record("opened", () => ({ session: session.id, endpoint }));
    // Not at once, because Bun would then report the end of a socket whose session the app does not have yet.
    if (this.isDraining) platform.after(0, () => session.close(Close.Restart, goingDown));
    return session;
  }

  /** Returns the session of a socket, if it has one. */
  sessionOf(ws: unknown): SocketSession<Ws> | undefined {
    return [...this.#sessions].find((session) => session.ws === ws);
  }

  /**
   * Counts something other than a socket that is held open for an address. Returns the function that ends it, to be
   * called once.
   */
  hold(address: string, endpoint: string): () => void {
    const { metrics } = this.#services;
    const label = `endpoint="${endpoint}"`;
    this.#held += 1;
    this.#count(address, 1);
    metrics.add("connections", 1, label);
    return () => {
      this.#held -= 1;
      this.#count(address, -1);
      metrics.add("connections", -1, label);
    };
  }

  /** Adds a queue to the shared budget. Returns the function that removes it. */
  share(queue: Queue): () => void {
    this.#queues.add(queue);
    return () => void this.#queues.delete(queue);
  }

  /** Notes that `messages` messages of `bytes` each were added to queues. */
  wrote(bytes: number, messages: number): void {
    this.#budget.wrote(bytes, messages);
  }

  /** Returns the bytes of memory that wait for readers. */
  queued(): number {
    // Asking every socket of a full server would take too long, so the last round's sum counts, at most a second old.
    const waiting = this.#sessions.size > mostAtOnce ? this.#waiting : sumOf(this.#sessions, waitingIn);
    return waiting + sumOf(this.#queues, (queue) => queue.queued());
  }

  /** Runs one round of the heartbeat for every session, some in each turn. Does nothing while the last round still runs. */
  beat(): void {
    if (this.#isBeating) return;
    this.#isBeating = true;
    this.#budget.beginRound();
    this.#next = this.#sessions.first;
    this.#beatSome(0, 0);
  }

  #beatSome(queued: number, waiting: number): void {
    const { platform, guard } = this.#services;
    const now = platform.now();
    for (let count = 0; count < mostAtOnce; count++) {
      const session = this.#next;
      if (!session) return this.#endRound(queued, waiting);
      this.#next = session.after;
      guard(() => {
        session.beat(now);
        queued += session.queued();
        waiting += waitingIn(session);
      });
    }
    platform.after(pauseMs, () => this.#beatSome(queued, waiting));
  }

  #endRound(queued: number, waiting: number): void {
    this.#isBeating = false;
    this.#waiting = waiting;
    this.#budget.endRound(queued + sumOf(this.#queues, (queue) => queue.queued()));
  }

  // #region shutdown
  /**
   * Ends every session: sends `bye`, lets queues empty, starts the closing handshakes, cuts off peers that do not
   * answer. Resolves when no socket is left. `until` waits for a condition, for at most so many milliseconds.
   */
  async end(until: (deadlineMs: number, isTrue: () => boolean) => Promise<void>): Promise<void> {
    const { settings, guard } = this.#services;
    const { drainMs, lingerMs } = settings.limits;
    this.#sayBye(Close.Restart);
    await until(drainMs, () => [...this.#sessions].every((session) => session.waiting() === 0));
    for (const session of [...this.#sessions]) guard(() => session.close(Close.Restart, goingDown));
    await until(lingerMs, () => this.#sessions.size === 0);
    for (const session of [...this.#sessions]) guard(() => session.terminate());
  }
  // #endregion shutdown

  /**
   * Sends all clients to other servers, because this one knows nothing of the others any more. They are let in again
   * when it does.
   */
  part(): void {
    const { guard } = this.#services;
    for (const session of this.#sayBye(Close.TryAgainLater)) {
      guard(() => session.close(Close.TryAgainLater, "the other servers cannot be reached"));
    }
  }

  // Tells every client that its connection will end, and in which window to come back. Returns the clients' sessions.
  #sayBye(code: number): SocketSession<Ws>[] {
    const told = [...this.#sessions].filter(({ endpoint }) => endpoint === endpoints.application);
    const retryAfterMs = windowOf(told.length);
    for (const session of told) this.#services.guard(() => session.send({ type: "bye", code, retryAfterMs }));
    return told;
  }

  readonly #gone = (session: SocketSession<Ws>, code: number): void => {
    const { metrics, record } = this.#services;
    const { endpoint, address } = session;
    if (session === this.#next) this.#next = session.after;
    this.#sessions.delete(session);
    this.#count(address, -1);
    metrics.add("connections", -1, endpointLabel[endpoint]);
    metrics.add("closed_total", 1, codeLabel(code));
    record("closed", () => ({ session: session.id, endpoint, code }));
  };

  #count(address: string, change: number): void {
    const count = (this.#addresses.get(address) ?? 0) + change;
    if (count > 0) this.#addresses.set(address, count);
    else this.#addresses.delete(address);
  }
}

// Only a socket with waiting bytes counts. The others are just sending the bytes that they hold.
function waitingIn<Ws>(session: SocketSession<Ws>): number {
  return session.waiting() > 0 ? session.queued() : 0;
}

function sumOf<T>(all: Iterable<T>, bytesOf: (one: T) => number): number {
  let sum = 0;
  for (const one of all) sum += bytesOf(one);
  return sum;
}

function windowOf(clients: number): number {
  return Math.max(restartMs.least, restartMs.each * clients);
}
