import { Client, ReconnectingSocket } from "@rosetta/client";
import { endpoints } from "@rosetta/protocol";
import { type ServerEntry, socketUrl } from "../shared/servers.ts";
import { WireRecorder } from "./recorder.ts";

/** The two connections to one server. */
export interface ConnectionPair {
  server: ServerEntry;
  /** `/ws`, which speaks the protocol. */
  client: Client;
  /** `/echo`, which sends back what it gets. */
  echo: ReconnectingSocket;
}

/**
 * The connections of the page, a pair for each server in use, and the record of everything that went over them.
 * Knows nothing of what is shown; the panels are handed what is in here.
 */
export class PageConnections {
  readonly wire = new WireRecorder();
  #pairs: ConnectionPair[] = [];

  /** Leaves the servers of before that are not among these, and connects to those that are new. */
  choose(servers: ServerEntry[]): ConnectionPair[] {
    for (const pair of this.#pairs)
      if (!servers.some((server) => isSame(server, pair.server))) closePair(pair);
    this.#pairs = servers.map(
      (server) => this.#pairs.find((pair) => isSame(server, pair.server)) ?? this.#connect(server),
    );
    return this.#pairs;
  }

  /** Opens again what was closed for good: whoever goes on to another lesson finds it as it is described there. */
  reopen(): void {
    for (const { client, echo } of this.#pairs) {
      for (const each of [client, echo]) if (each.state.name === "stopped") each.open();
    }
  }

  /** Closes all connections for good. */
  close(): void {
    this.choose([]);
  }

  #connect(server: ServerEntry): ConnectionPair {
    const client = new Client(socketUrl(server));
    const echo = new ReconnectingSocket(socketUrl(server, endpoints.echo));
    client.on("frame", (frame) => this.wire.record(server.id, endpoints.application, frame));
    echo.on("frame", (frame) => this.wire.record(server.id, endpoints.echo, frame));
    client.open();
    echo.open();
    return { server, client, echo };
  }
}

function closePair({ client, echo }: ConnectionPair): void {
  client.close();
  echo.close();
}

// The id counts too: everything recorded about a server is filed under it.
function isSame(one: ServerEntry, other: ServerEntry): boolean {
  return one.id === other.id && one.url === other.url;
}
