import {
  admit,
  defaultLimits,
  endpoints,
  parseRequest,
  type Refusal,
  type RequestFacts,
  subprotocol,
  usualOrigins,
} from "@rosetta/protocol";
import type { ServerEntry } from "../../shared/servers.ts";

/** A request that stands at the door of a server, as far as the door looks at it. An empty text is a missing header. */
export interface Knock {
  /** The page that asks. Only browsers say it, and no page can change it. */
  origin: string;
  /** `Sec-Fetch-Site`, which browsers send beside the origin, but never with a WebSocket. */
  site: string;
  host: string;
  path: string;
  /** Whether it asks to become a WebSocket. */
  webSocket: boolean;
  /** The subprotocols that are offered. */
  protocol: string;
}

/** A request to begin with, and who makes it. */
export interface DoorCase {
  name: string;
  knock: Knock;
}

/** The sample key of RFC 6455 §1.3: the door asks for 16 bytes, not for which. */
const key = "dGhlIHNhbXBsZSBub25jZQ==";

/** Returns the requests to try at a door, good and bad. */
export function doorCases({ url }: Pick<ServerEntry, "url">): DoorCase[] {
  const { host, origin } = new URL(url);
  const page: Knock = {
    origin,
    site: "",
    host,
    path: endpoints.application,
    webSocket: true,
    protocol: subprotocol,
  };
  return [
    { name: "This page, by WebSocket", knock: page },
    { name: "A stranger’s page, by WebSocket", knock: { ...page, origin: "https://stranger.example" } },
    { name: "A page in a sandboxed frame", knock: { ...page, origin: "null" } },
    { name: "A program that sends no Origin", knock: { ...page, origin: "" } },
    {
      name: "A name that was pointed at this machine",
      knock: { ...page, origin: "http://rebound.example", host: "rebound.example" },
    },
    { name: "No subprotocol offered", knock: { ...page, protocol: "" } },
    {
      name: "Plain HTTP to a WebSocket endpoint",
      knock: { ...page, origin: "", webSocket: false, protocol: "" },
    },
    {
      name: "An image in a stranger’s page",
      knock: {
        ...page,
        origin: "",
        site: "cross-site",
        path: "/events?topic=scores",
        webSocket: false,
        protocol: "",
      },
    },
    {
      name: "A link to the page from anywhere",
      knock: { ...page, origin: "", site: "cross-site", path: "/", webSocket: false, protocol: "" },
    },
  ];
}

/**
 * Returns how the server would refuse a request, if it would. It calls the function that the server itself runs, with
 * the server's usual origins, the origin of this page, and no limit reached.
 */
export function askDoor(knock: Knock, server: ServerEntry, siblings: ServerEntry[]): Refusal | undefined {
  const { origin, port, protocol } = new URL(server.url);
  const usual = usualOrigins(Number(port || (protocol === "https:" ? 443 : 80)), siblings);
  const policy = { origins: usual.add(origin), exposed: new Set<never>(), limits: defaultLimits };
  return admit(requestOf(knock), policy, { draining: false, connections: 0, fromAddress: 0 });
}

/** Returns the headers of the request, by lower-case name. */
export function headersOf({ origin, site, host, webSocket, protocol }: Knock): Map<string, string> {
  const headers = new Map([
    ["host", host],
    ["origin", origin],
    ["sec-fetch-site", site],
  ]);
  if (webSocket) {
    headers.set("connection", "Upgrade").set("upgrade", "websocket");
    headers.set("sec-websocket-version", "13").set("sec-websocket-key", key);
    headers.set("sec-websocket-protocol", protocol);
  }
  return new Map([...headers].filter(([, value]) => value !== ""));
}

/** Returns the command that asks the real server the same. */
export function curlOf(knock: Knock, { url }: Pick<ServerEntry, "url">): string {
  const headers = [...headersOf(knock)].map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  return ["curl -i --max-time 1", ...headers, quoted(url + knock.path)].join(" \\\n  ");
}

function requestOf(knock: Knock): RequestFacts {
  const headers = headersOf(knock);
  return parseRequest({ method: "GET", url: knock.path, header: (name) => headers.get(name) });
}

// For a shell: what stands between single quotes is taken as it is, but for a single quote.
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
