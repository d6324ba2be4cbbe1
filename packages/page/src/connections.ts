import { Client } from "@rosetta/client";
import { EchoSocket } from "./echo-socket.ts";
import { type ServerEntry, socketUrl } from "./servers.ts";
import { WireRecorder } from "./wire.ts";

/** The two connections to one server. */
export interface Pair {
  server: ServerEntry;
  /** `/ws`, which speaks the protocol. */
  client: Client;
  /** `/echo`, which sends back what it gets. */
  echo: EchoSocket;
}

/**
 * The connections of the page, one pair at a time, and the record of everything that went over them.
 * Knows nothing of what is shown; the panels are handed what is in here.
 */
export class Connections {
  readonly wire = new WireRecorder();
  #pair: Pair | undefined;

  /** Leaves the server of before, if any, and connects to another one. */
  choose(server: ServerEntry): Pair {
    this.close();
    const client = new Client(socketUrl(server, "application"));
    const echo = new EchoSocket(socketUrl(server, "echo"));
    client.on("frame", (frame) => this.wire.record("/ws", frame));
    echo.on("frame", (frame) => this.wire.record("/echo", frame));
    this.#pair = { server, client, echo };
    client.open();
    echo.open();
    return this.#pair;
  }

  /** Closes both connections for good. */
  close(): void {
    this.#pair?.client.close();
    this.#pair?.echo.close();
    this.#pair = undefined;
  }
}
