import { type ClientMessage, encode, parseServer, type ServerMessage } from "@rosetta/protocol";
import type { SocketSession } from "../connection/socket-session.ts";
import type { Hub } from "../hub.ts";
import type { Port } from "../port.ts";
import { settled } from "./world.ts";

/** A stack's socket. Notes what the hub did with it, and how much waits. */
export class Socket {
  frames: string[] = [];
  waiting = 0;
  queued = 0;
  unfinished = 0;
  /** Beyond what is unfinished of a message. */
  held = 0;
  pings = 0;
  closing: { code: number; reason: string } | undefined;
  isPaused = false;
  isTerminated = false;
  session: SocketSession<Socket> | undefined;
  /** If set, every send throws this, like a bug in the stack. */
  isBroken = false;

  close(code: number, reason: string): void {
    this.closing ??= { code, reason };
  }

  terminate(): void {
    this.isTerminated = true;
  }
}

/** A stack for tests. It keeps the order of the hub's calls, as a socket would. */
export class TestPort implements Port<Socket> {
  readonly topics = new Map<string, Set<Socket>>();
  /** If true, the end of a socket is reported before close() and terminate() return, as Bun does. */
  reportsAtOnce = false;
  /** If true, every peer answers every ping. */
  answersPings = true;

  send(ws: Socket, frame: string): boolean {
    if (ws.isBroken) throw new Error("a broken stack");
    if (ws.closing || ws.isTerminated) return false;
    if (ws.session && !ws.session.hasRoom()) return false;
    return ws.frames.push(frame) > 0;
  }

  waiting(ws: Socket): number {
    return ws.waiting;
  }

  queued(ws: Socket): number {
    return ws.queued;
  }

  unfinished(ws: Socket): number {
    return ws.unfinished;
  }

  held(ws: Socket): number {
    return ws.unfinished + ws.held;
  }

  ping(ws: Socket): void {
    if (ws.isBroken) throw new Error("a broken stack");
    ws.pings += 1;
    if (this.answersPings) ws.session?.heard();
  }

  close(ws: Socket, code: number, reason: string): void {
    ws.close(code, reason);
    if (this.reportsAtOnce) this.#report(ws, code);
  }

  pause(ws: Socket): void {
    ws.isPaused = true;
  }

  terminate(ws: Socket): void {
    ws.terminate();
    if (this.reportsAtOnce) this.#report(ws, 1006);
  }

  join(ws: Socket, topic: string): void {
    this.topics.set(topic, (this.topics.get(topic) ?? new Set()).add(ws));
  }

  leave(ws: Socket, topic: string): void {
    this.topics.get(topic)?.delete(ws);
  }

  publish(topic: string, frame: string, except?: Socket): number {
    const members = [...(this.topics.get(topic) ?? [])].filter((ws) => ws !== except);
    return members.filter((ws) => this.send(ws, frame)).length;
  }

  #report(ws: Socket, code: number): void {
    if (!ws.session) throw new Error("the app does not have this socket's session yet");
    ws.session.closed(code);
  }
}

/** Opens a session for a socket. Returns it with what only the hub's other parts may see. */
export function openSession(
  hub: Hub<Socket>,
  socket: Socket,
  path = "/ws",
  address = "127.0.0.1",
): SocketSession<Socket> {
  let opened: SocketSession<Socket> | undefined;
  hub.open(path, address, (session) => {
    opened = session as SocketSession<Socket>;
    return Object.assign(socket, { session });
  });
  if (!opened) throw new Error("the hub has not asked for the socket");
  return opened;
}

/** The other end of a socket. */
export class Peer {
  readonly socket: Socket;
  readonly session: SocketSession<Socket>;
  #heard = 0;

  constructor(hub: Hub<Socket>, path = "/ws", address = "127.0.0.1") {
    this.socket = new Socket();
    this.session = openSession(hub, this.socket, path, address);
  }

  /** Sends a message, and waits until everything that it causes at once has happened. */
  async say(message: ClientMessage | string): Promise<void> {
    this.session.text(typeof message === "string" ? message : encode(message));
    await settled();
  }

  /** Returns the messages since the last call, at most `count`. Throws if the protocol does not allow one of them. */
  heard(count = Number.POSITIVE_INFINITY): ServerMessage[] {
    const frames = this.socket.frames.slice(this.#heard, this.#heard + count);
    this.#heard += frames.length;
    return frames.map(read);
  }

  /** Returns the messages of one type since the last call of `heard` or `heardOf`. */
  heardOf<T extends ServerMessage["type"]>(type: T): Extract<ServerMessage, { type: T }>[] {
    return this.heard().filter((message) => message.type === type) as Extract<ServerMessage, { type: T }>[];
  }

  /** Ends the connection with `code`. By default, it is lost. */
  async gone(code = 1006): Promise<void> {
    this.session.closed(code);
    await settled();
  }
}

function read(frame: string): ServerMessage {
  const { message, problem } = parseServer(frame);
  if (!message) throw new Error(`the hub sent what the protocol does not allow: ${problem.reason}: ${frame}`);
  return message;
}
