import type { Server } from "../server.ts";
import { TcpConnection } from "../tcp-connection.ts";
import { type Came, type Sent, weigh } from "./oracle.ts";
import { type Script, type ScriptContext, segmentsOf } from "./script.ts";

/** How long to wait for anything that a server owes, in milliseconds. No request takes a hundredth of it. */
export const owedMs = 3_000;

/** The outcome of a conversation. */
export interface Played {
  fault: string | undefined;
  came: Buffer;
}

/** Plays a script to a server and checks what comes back. */
export async function play(
  script: Script,
  server: Pick<Server, "port">,
  place: ScriptContext,
): Promise<Played> {
  const player = new Player(await TcpConnection.open(server.port, { halfOpen: true }), script, place);
  try {
    return { fault: await player.play(), came: player.came };
  } finally {
    player.leave();
  }
}

class Player {
  readonly #connection: TcpConnection;
  readonly #script: Script;
  readonly #place: ScriptContext;
  #sent: Sent;
  #chunks: Buffer[] = [];
  #isOver = false;
  #changed: () => void = () => undefined;

  constructor(connection: TcpConnection, script: Script, place: ScriptContext) {
    this.#connection = connection;
    this.#script = script;
    this.#place = place;
    this.#sent = { bytes: Buffer.alloc(0), fin: false, port: place.port };
    connection.listen((bytes) => {
      this.#chunks.push(bytes);
      this.#changed();
    });
    connection.onEnd(() => {
      this.#isOver = true;
      this.#changed();
    });
  }

  get came(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  async play(): Promise<string | undefined> {
    const { ending } = this.#script;
    if (ending.how === "unread") this.#connection.pause();
    await this.#send();
    // FIN comes with the last segment, before the server can have answered it.
    if (ending.how !== "fin") await this.#read();
    if (ending.how === "close") this.#connection.close();
    if (ending.how === "fin") this.#fin();
    if (ending.how === "reset" || ending.how === "close" || ending.how === "unread")
      return this.#weigh().fault;
    const fault = await this.#settled();
    if (fault !== undefined || ending.how === "fin") return fault;
    this.#fin();
    return this.#settled();
  }

  leave(): void {
    if (this.#script.ending.how !== "close") this.#connection.reset();
  }

  // Each write is one segment, provided that the server reads before the next write.
  async #send(): Promise<void> {
    for (const [index, segment] of segmentsOf(this.#script, this.#place).entries()) {
      if (index > 0) await this.#read();
      this.#connection.write(segment);
      this.#sent = { ...this.#sent, bytes: Buffer.concat([this.#sent.bytes, segment]) };
    }
  }

  // Gives the server time to read what was sent.
  async #read(): Promise<void> {
    await this.#connection.flushed({ deadline: owedMs }).catch(() => undefined);
    await new Promise(setImmediate);
  }

  #fin(): void {
    this.#connection.end();
    this.#sent = { ...this.#sent, fin: true };
  }

  #weigh() {
    const came: Came = { bytes: this.came, isOver: this.#isOver };
    return weigh(this.#sent, came);
  }

  // Waits until the server owes nothing.
  async #settled(): Promise<string | undefined> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, owedMs);
    let isLate = false;
    late.then(() => {
      isLate = true;
      this.#changed();
    });
    try {
      for (;;) {
        const changed = new Promise<void>((done) => {
          this.#changed = done;
        });
        const { fault, owed } = this.#weigh();
        if (fault !== undefined || owed === undefined) return fault;
        if (isLate) return `waited ${owedMs} ms for ${owed}`;
        await changed;
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
