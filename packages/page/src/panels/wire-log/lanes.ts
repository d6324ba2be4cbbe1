import { isStack, type ServerEntry, scriptIn } from "../../shared/servers.ts";
import type { WireRecord } from "../../wire/record.ts";

/** One end of connections: the page, another client in it, or a server. */
export interface WireLane {
  key: string;
  title: string;
  /** The accent of a server; undefined for a client and for the one address of all servers. */
  script: number | undefined;
}

/** The most other clients with a lane each; if there are more, they share one. */
const mostClients = 3;

/** The page's own lane. */
const page: WireLane = { key: "page", title: "This page", script: undefined };

/**
 * Returns the lanes for these messages, in their order: this page, the servers, the page's other clients. `servers` are
 * all of this run; only those that occur have a lane.
 */
export function lanesOf(records: readonly WireRecord[], servers: readonly ServerEntry[]): WireLane[] {
  const ids = new Set(records.map(({ server }) => server));
  const used = servers.filter(({ id }) => ids.has(id));
  const ends = used.map((server): WireLane => {
    const { id, title } = server;
    // Where several share the width, the title of a stack would be too long.
    const name = used.length > 1 && isStack(server) ? id : title;
    return { key: `server ${id}`, title: name, script: scriptIn(servers, server) || undefined };
  });
  const connections = new Set(records.map(({ connection }) => connection));
  const names = [...new Set([...connections].map(clientOf))];
  const clients = clientsOf(names.filter(Boolean));
  // Where only other clients of the page speak, its own lane would stay empty.
  if (names.includes("") || clients.length === 0) return [page, ...ends, ...clients];
  return [...clients.slice(0, 1), ...ends, ...clients.slice(1)];
}

/** Returns the places of the lanes that a record goes between, from the sender to the receiver. */
export function wayOf(entry: WireRecord, lanes: readonly WireLane[]): { from: number; to: number } {
  const server = lanes.findIndex(({ key }) => key === `server ${entry.server}`);
  const client = clientPlace(clientOf(entry.connection), lanes);
  return entry.direction === "out" ? { from: client, to: server } : { from: server, to: client };
}

/** Returns the name of the client that a connection belongs to; nothing for the page's own, as most are. */
export function clientOf(connection: string): string {
  // A panel's name, and behind it that of one of its clients.
  return connection.split(" ")[1] ?? "";
}

function clientPlace(name: string, lanes: readonly WireLane[]): number {
  if (name === "") return lanes.indexOf(page);
  return lanes.findIndex(({ key }) => key === `client ${name}` || key === "crowd");
}

function clientsOf(names: string[]): WireLane[] {
  if (names.length > mostClients)
    return [{ key: "crowd", title: `${names.length} clients`, script: undefined }];
  return names.map((name) => ({ key: `client ${name}`, title: capital(name), script: undefined }));
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
